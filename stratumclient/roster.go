package stratumclient

import (
	"errors"
	"sync"
	"time"
)

// roster is the list of pools in order of preference, and when each may be
// tried.
type roster struct {
	clock Clock
	rand  func() float64
	retry Retry

	mu    sync.Mutex
	pools []rosterEntry
}

type rosterEntry struct {
	endpoint Endpoint
	// address is where to connect, when the pool redirected; else empty.
	address   string
	failures  int // in a row
	notBefore time.Time
}

func newRoster(cfg *Config) *roster {
	r := &roster{clock: cfg.Clock, rand: cfg.Rand, retry: cfg.Retry}
	for _, e := range cfg.Endpoints {
		r.pools = append(r.pools, rosterEntry{endpoint: e})
	}
	return r
}

// next picks the first of the first n pools that may be tried now. Otherwise
// wait is the time until one of them may. A pool that has attempts left is
// waited for: those behind it are not looked at.
func (r *roster) next(n int) (index int, wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.Now()
	for i := range n {
		d := r.pools[i].notBefore.Sub(now)
		if d <= 0 {
			return i, 0
		}
		if wait == 0 || d < wait {
			wait = d
		}
		if r.pools[i].failures < r.retry.Attempts {
			break
		}
	}
	return -1, wait
}

// target is the endpoint and the address to connect to.
func (r *roster) target(i int) (Endpoint, string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &r.pools[i]
	if p.address != "" {
		return p.endpoint, p.address
	}
	return p.endpoint, p.endpoint.Host
}

// failed books the end of a connection, or of the attempt to make one, that
// lasted for so long, and returns the time until the pool may be tried again.
func (r *roster) failed(i int, lasted time.Duration, err error) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &r.pools[i]
	if lasted >= r.retry.Stable {
		p.failures = 0
	}
	p.failures++
	p.address = ""
	var to *ReconnectError
	if errors.As(err, &to) {
		p.address = to.Host
	}
	wait := r.retry.wait(p.failures, r.rand())
	p.notBefore = r.clock.Now().Add(wait)
	return wait
}
