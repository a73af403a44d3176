package stratumclient

import "time"

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

// alarm returns a channel that gets one value once d has passed.
func alarm(c Clock, d time.Duration) <-chan struct{} {
	ch := make(chan struct{})
	c.AfterFunc(d, func() { close(ch) })
	return ch
}
