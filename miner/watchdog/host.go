package watchdog

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/aditmine/adit/hash"
)

// errHung says that a call has not returned in time.
var errHung = errors.New("the driver does not answer")

// closeTime is how long a device may take to close, and a search to return at
// the miner's end.
const closeTime = 3 * time.Second

// host is the thread on which one searcher lives. Calls into a driver cannot be
// broken off: a host that hangs is left behind, and tidies up by itself should
// its call ever return. That is the one goroutine of adit that may outlive its
// owner.
type host struct {
	tasks chan func()
	ended chan struct{} // closed once the goroutine is gone

	searcher hash.Searcher // belongs to the goroutine
	closeErr error         // may be read once ended is closed
}

func newHost() *host {
	h := &host{tasks: make(chan func(), 1), ended: make(chan struct{})}
	go h.run()
	return h
}

func (h *host) run() {
	defer close(h.ended)
	runtime.LockOSThread() // drivers tie contexts to threads; it ends with them
	for task := range h.tasks {
		task()
	}
	if h.searcher != nil {
		h.closeErr = h.searcher.Close()
	}
}

// do runs f on the host and waits for it, for as long as limit, and once ctx
// has ended for closeTime at most. After errHung f may still be running: the
// host must be abandoned, and what f writes must not be touched.
func (h *host) do(ctx context.Context, limit time.Duration, f func(*host) error) error {
	result := make(chan error, 1)
	h.tasks <- func() { result <- f(h) } // the host is idle: this does not wait
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-result:
		return err
	case <-timer.C:
		return errHung
	case <-ctx.Done():
	}
	timer.Reset(closeTime)
	select {
	case err := <-result:
		return err
	case <-timer.C:
		return errHung
	}
}

// abandon leaves a host behind that may be in the middle of a call.
func (h *host) abandon() { close(h.tasks) }

// close ends an idle host and waits for that, within closeTime.
func (h *host) close() error {
	close(h.tasks)
	timer := time.NewTimer(closeTime)
	defer timer.Stop()
	select {
	case <-h.ended:
		return h.closeErr
	case <-timer.C:
		return errHung
	}
}

// open makes the searcher unless there is one. It is called on the host.
func (h *host) open(make func() (hash.Searcher, error)) error {
	if h.searcher != nil {
		return nil
	}
	searcher, err := make()
	if err == nil {
		h.searcher = searcher
	}
	return err
}
