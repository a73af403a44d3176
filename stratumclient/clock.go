package stratumclient

import (
	"context"
	"time"
)

// Clock is where a client gets its time from.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f in its own goroutine once d has passed, unless stop is
	// called before; stop reports whether it was.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now returns the present time.
func (SystemClock) Now() time.Time { return time.Now() }

// AfterFunc is time.AfterFunc.
func (SystemClock) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(d, f).Stop
}

// sleep waits until d has passed or ctx ends.
func sleep(ctx context.Context, c Clock, d time.Duration) error {
	passed := make(chan struct{})
	stop := c.AfterFunc(d, func() { close(passed) })
	defer stop()
	select {
	case <-passed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ticker sends on C about every period, dropping ticks nobody takes.
type ticker struct {
	C    chan struct{}
	stop func()
}

func newTicker(c Clock, period time.Duration) *ticker {
	t := &ticker{C: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.stop = func() {
		cancel()
		<-done
	}
	go func() {
		defer close(done)
		for sleep(ctx, c, period) == nil {
			select {
			case t.C <- struct{}{}:
			default:
			}
		}
	}()
	return t
}
