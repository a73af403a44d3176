package watchdog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aditmine/adit/hash"
)

// What a Device's methods return instead of the searcher's own errors.
var (
	// ErrResting: the device is not searching at the moment. Ask again at once:
	// the call itself has waited, for a second at most.
	ErrResting = errors.New("the device is resting")
	// ErrDropped: the device has been given up.
	ErrDropped = errors.New("the device has been dropped")
)

// restStep is how long a call waits at most while the device rests, so that its
// caller can see to other things.
const restStep = time.Second

// Device is a guarded searcher. One goroutine uses it; Status, Info and Judge
// may be called from any.
type Device struct {
	opts     Options
	verdicts verdicts

	// What follows belongs to the goroutine that uses the device.
	host   *host      // nil while the device is not open
	work   *hash.Work // nil before the first
	ready  bool       // the searcher has the work
	pace   pace
	ladder ladder
	rest   time.Time // nothing is tried before
	looked time.Time // when the temperature was read
	// measured is set once there was a reading; unread counts those that failed.
	measured bool
	unread   int
	buffer   []hash.Hit

	mu     sync.Mutex // guards what follows
	status Status
	info   hash.SearcherInfo
}

// New guards a device; it is opened when there is work.
func New(opts Options) *Device {
	opts.Limits = opts.Limits.withDefaults()
	if opts.Unsuited == nil {
		opts.Unsuited = func(error) bool { return false }
	}
	if opts.Report == nil {
		opts.Report = func(Report) {}
	}
	return &Device{
		opts: opts, info: opts.Info, ladder: ladder{limits: opts.Limits},
		status: Status{
			Bus: opts.Bus, Since: time.Now(),
			Troubles: make(map[Trouble]uint64), Actions: make(map[Action]uint64),
		},
	}
}

// Name is the device's name for people.
func (d *Device) Name() string { return d.opts.Name }

// Info describes the searcher.
func (d *Device) Info() hash.SearcherInfo {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.info
}

// Status is the device's record so far.
func (d *Device) Status() Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.status.clone()
}

// Judge tells whether a hit of the device passed its re-check.
func (d *Device) Judge(right bool) { d.verdicts.add(right) }

// SetWork replaces the work; it keeps nothing of w. Besides ErrResting and
// ErrDropped it returns errors of the searcher that Options.Unsuited knows.
func (d *Device) SetWork(ctx context.Context, w *hash.Work) error {
	if d.work == nil || d.work.Algorithm != w.Algorithm {
		d.pace = pace{}
	}
	copied := *w
	copied.Blob = slices.Clone(w.Blob)
	d.work, d.ready = &copied, false
	return d.prepare(ctx)
}

// Search is a searcher's Search, with the errors of SetWork. What was found and
// done counts beside an error, too.
func (d *Device) Search(ctx context.Context, start, count uint64, hits []hash.Hit) ([]hash.Hit, uint64, error) {
	if err := d.prepare(ctx); err != nil {
		return hits, 0, err
	}
	if wrong, of, bad := d.verdicts.tooMany(); bad {
		return hits, 0, d.trouble(Wrong, fmt.Sprintf("%d of the last %d hits failed their re-check", wrong, of))
	}
	var found []hash.Hit
	var done uint64
	buffer := d.buffer[:0]
	d.buffer = nil // a call that hangs keeps it
	began := time.Now()
	err := d.host.do(ctx, d.pace.limit(d.opts.Limits.Hang), func(h *host) (err error) {
		found, done, err = h.searcher.Search(start, count, buffer)
		return err
	})
	if errors.Is(err, errHung) {
		return hits, 0, d.hung(ctx, "searching")
	}
	d.buffer = found
	hits = append(hits, found...)
	switch {
	case err != nil:
		return hits, done, d.trouble(Failed, err.Error())
	case done == 0:
		return hits, 0, d.trouble(Failed, "searching makes no progress")
	case d.pace.add(time.Since(began), done):
		return hits, done, d.trouble(Slow, fmt.Sprintf("%d batches in a row took more than %d times as long as usual", slowLimit, slowFactor))
	}
	d.ladder.worked()
	d.reach(Working)
	return hits, done, nil
}

// prepare sees to it that the searcher is open and has the work.
func (d *Device) prepare(ctx context.Context) error {
	if err := d.waiting(ctx); err != nil || d.ready {
		return err
	}
	if d.host == nil {
		d.reach(Opening)
		d.host = newHost()
	}
	var info hash.SearcherInfo
	err := d.host.do(ctx, OpenFactor*d.opts.Limits.Hang, func(h *host) error {
		if err := h.open(d.opts.Open); err != nil {
			return err
		}
		err := h.searcher.SetWork(d.work)
		info = h.searcher.Info()
		return err
	})
	switch {
	case errors.Is(err, errHung):
		return d.hung(ctx, "preparing")
	case err != nil && d.opts.Unsuited(err):
		return err
	case err != nil:
		return d.trouble(Failed, err.Error())
	}
	d.ready = true
	d.mu.Lock()
	d.info = info
	d.mu.Unlock()
	d.reach(Working)
	return nil
}

// hung leaves a host behind that is in the middle of a call.
func (d *Device) hung(ctx context.Context, doing string) error {
	d.host.abandon()
	d.host, d.ready = nil, false
	if ctx.Err() != nil {
		return ErrResting // the end: there is nothing to mend any more
	}
	return d.trouble(Hung, doing+": "+errHung.Error())
}

// waiting waits a moment if the device must rest, and then returns ErrResting.
func (d *Device) waiting(ctx context.Context) error {
	now := time.Now()
	switch {
	case d.Status().State == Dropped:
		return ErrDropped
	case now.Before(d.rest):
		pauseFor(ctx, min(restStep, d.rest.Sub(now)))
		return ErrResting
	case d.tooHot(now):
		pauseFor(ctx, restStep)
		return ErrResting
	}
	return nil
}

func pauseFor(ctx context.Context, t time.Duration) {
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// reach books a new state.
func (d *Device) reach(s State) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.status.State != s {
		d.status.State, d.status.Since = s, time.Now()
	}
}

// shut closes the searcher, or leaves it behind.
func (d *Device) shut() error {
	if d.host == nil {
		return nil
	}
	h := d.host
	d.host, d.ready = nil, false
	return h.close()
}

// Close ends all use of the device. An error says that it would not close.
func (d *Device) Close() error {
	if err := d.shut(); err != nil {
		return fmt.Errorf("closing %s: %w", d.opts.Name, err)
	}
	return nil
}

// oneLine joins the lines of a driver's message.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
