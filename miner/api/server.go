package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/aditmine/adit/gpu/telemetry"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/miner"
)

// Engine is what is shown and controlled. *miner.Engine is one.
type Engine interface {
	Snapshot() miner.Snapshot
	Pause()
	Resume()
}

// Config is what an API needs. Engine is required.
type Config struct {
	Engine Engine
	// ID is 16 hex digits that tell this miner from others; WorkerID is its
	// name for people.
	ID, WorkerID string
	// Version and Agent are the program's, such as "0.1.0" and "adit/0.1.0".
	Version, Agent string
	// CPU is the processor's name, Threads how many it runs at once.
	CPU     string
	Threads int
	// Algorithms are all that can be mined.
	Algorithms []*hash.Algorithm
	// Token, when set, must be sent by every client as "Authorization: Bearer
	// TOKEN".
	Token string
	// Control allows to pause, to resume, to stop, and to see the settings. It
	// takes a Token: any web page can make a browser on this machine send
	// requests.
	Control bool
	// Settings are shown by /2/config to those who may; nil is an empty object.
	Settings any
	// Stop ends the miner; nil leaves that command out.
	Stop func()
	// Telemetry is what the cards' sensors tell; nil is none.
	Telemetry func() telemetry.Snapshot
	// System reads the machine's figures; nil leaves them zero.
	System func() System
}

// Limits of the HTTP server: its clients are dashboards.
const (
	headerTimeout = 5 * time.Second
	ioTimeout     = 15 * time.Second
	// lastAnswers is what requests under way have when the server ends.
	lastAnswers = time.Second
	maxHeader   = 16 << 10
	maxBody     = 16 << 10
)

// ErrControlNeedsToken refuses control without a token.
var ErrControlNeedsToken = errors.New("the HTTP API may control the miner only with an access token: " +
	"any web page could send it requests through a browser")

// NewHandler checks the configuration and returns the API.
func NewHandler(cfg Config) (http.Handler, error) {
	switch {
	case cfg.Engine == nil:
		return nil, errors.New("HTTP API: an engine is required")
	case cfg.Control && cfg.Token == "":
		return nil, ErrControlNeedsToken
	}
	metrics, err := metricsHandler(cfg.Engine, cfg.Telemetry)
	if err != nil {
		return nil, fmt.Errorf("HTTP API: %w", err)
	}
	h := &handler{cfg: cfg}
	mux := http.NewServeMux()
	for path, serve := range map[string]func() any{
		"/2/summary":  func() any { return h.summary(2) },
		"/1/summary":  func() any { return h.summary(1) },
		"/api.json":   func() any { return h.summary(1) },
		"/2/backends": h.backends,
		"/1/backends": h.backends,
	} {
		mux.HandleFunc(path, h.read(serve))
	}
	mux.HandleFunc("/1/config", h.settings)
	mux.HandleFunc("/2/config", h.settings)
	mux.HandleFunc("/json_rpc", h.rpc)
	mux.Handle("/metrics", metrics)
	return h.guard(mux), nil
}

// Serve answers on a listener until ctx ends, which is no error; requests under
// way then have a second left. It closes the listener.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: ioTimeout, WriteTimeout: ioTimeout,
		IdleTimeout: time.Minute, MaxHeaderBytes: maxHeader}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		// The request that stops the miner wants its answer too.
		last, done := context.WithTimeout(context.WithoutCancel(ctx), lastAnswers)
		defer done()
		if srv.Shutdown(last) != nil {
			_ = srv.Close()
		}
	})
	err := srv.Serve(l)
	if !stop() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("HTTP API: %w", err)
}
