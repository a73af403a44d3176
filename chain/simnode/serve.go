package simnode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// Serve answers HTTP on ln until ctx ends, and then closes ln and every
// connection and waits for the calls in progress; their contexts end with ctx.
// It returns nil when ctx ended it, otherwise why ln broke.
func Serve(ctx context.Context, ln net.Listener, h http.Handler) error {
	// The hook runs with StateNew before Accept is called again and with
	// StateClosed when the connection's goroutine is through.
	var conns sync.WaitGroup
	srv := &http.Server{
		Handler: h,
		ConnState: func(_ net.Conn, s http.ConnState) {
			switch s {
			case http.StateNew:
				conns.Add(1)
			case http.StateClosed, http.StateHijacked:
				conns.Done()
			}
		},
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	var err error
	select {
	case <-ctx.Done():
		srv.Close()
		<-ended
	case err = <-ended:
		srv.Close()
	}
	conns.Wait()
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving on %s: %w", ln.Addr(), err)
	}
	return nil
}
