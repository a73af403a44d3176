package miner

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/miner/watchdog"
)

const (
	// rangeTime is how much work a worker reserves at once.
	rangeTime = 50 * time.Millisecond
	// rangeGrowth bounds how fast a worker's ranges grow.
	rangeGrowth = 8
	// rangeMax bounds a range whatever the speed.
	rangeMax = 1 << 30
)

// worker drives one searcher on a thread of its own.
type worker struct {
	engine *Engine
	index  int
	hashes atomic.Uint64
	info   atomic.Pointer[hash.SearcherInfo]
	// distrusted is set when a hit turned out to be wrong.
	distrusted atomic.Bool
	// device is nil where the searcher is not guarded.
	device *watchdog.Device

	// What follows belongs to the worker's goroutine.
	searcher searching
	unit     *unit
	next     uint64 // the reserved range that is left: left nonces from next on
	left     uint64
	chunk    uint64 // how many to reserve next
	lanes    uint64
	hits     []hash.Hit
}

// candidate is a hit on its way to the verifier.
type candidate struct {
	worker int
	unit   *unit
	hit    hash.Hit
}

// searching is a searcher, guarded or not.
type searching interface {
	Info() hash.SearcherInfo
	SetWork(context.Context, *hash.Work) error
	Search(ctx context.Context, start, count uint64, hits []hash.Hit) ([]hash.Hit, uint64, error)
	Close() error
}

// unguarded is a searcher whose calls return soon.
type unguarded struct{ hash.Searcher }

func (s unguarded) SetWork(_ context.Context, w *hash.Work) error { return s.Searcher.SetWork(w) }

func (s unguarded) Search(_ context.Context, start, count uint64, hits []hash.Hit) ([]hash.Hit, uint64, error) {
	return s.Searcher.Search(start, count, hits)
}

// run searches until the board ends, or the worker's device is dropped.
func (w *worker) run(ctx context.Context) error {
	if err := w.open(); err != nil {
		return fmt.Errorf("starting worker %d: %w", w.index, err)
	}
	w.chunk = 1
	w.introduce()

	var done *posting
	for p := w.engine.board.next(ctx, done); p != nil; p = w.engine.board.next(ctx, done) {
		err := w.mine(ctx, p)
		if errors.Is(err, watchdog.ErrDropped) {
			return w.engine.dropped(ctx, w)
		}
		if err != nil {
			w.reportOnce(p.unit, err)
		}
		done = p
	}
	return w.close()
}

// open makes the searcher, on a thread of its own. A device has its own thread
// elsewhere.
func (w *worker) open() error {
	if w.device != nil {
		w.searcher = w.device
		return nil
	}
	runtime.LockOSThread() // and never unlock: the thread dies with its pinning
	if pin := w.engine.deps.Pin; pin != nil {
		if err := pin(w.index); err != nil {
			w.engine.note(EventWarning, "worker %d is not pinned: %v", w.index, err)
		}
	}
	s, err := w.engine.deps.NewSearcher(w.index)
	w.searcher = unguarded{s}
	return err
}

// close frees the searcher. A device that cannot is no reason for an error.
func (w *worker) close() error {
	err := w.searcher.Close()
	switch {
	case err == nil:
		return nil
	case w.device != nil:
		w.engine.note(EventWarning, "%v", err)
		return nil
	}
	return fmt.Errorf("closing worker %d: %w", w.index, err)
}

// reportOnce logs why a unit cannot be worked on, for the first worker only.
func (w *worker) reportOnce(u *unit, err error) {
	if u.failed.CompareAndSwap(false, true) {
		w.engine.note(EventWarning, "%s cannot work on this job and waits for the next: %v", w.name(), err)
	}
}

func (w *worker) name() string {
	if info := w.info.Load(); info != nil && info.Device != "" {
		return info.Device
	}
	return fmt.Sprintf("worker %d", w.index)
}

// trusted reports whether hits need no re-check before they are sent.
func (w *worker) trusted() bool {
	info := w.info.Load()
	return info != nil && info.Trusted && !w.distrusted.Load()
}

// mine works under one posting until it is replaced, its nonces run out or the
// searcher fails.
func (w *worker) mine(ctx context.Context, p *posting) error {
	for w.engine.board.load() == p && ctx.Err() == nil {
		err := w.adopt(ctx, p.unit)
		if err == nil {
			if w.left == 0 && !w.reserve() {
				return nil
			}
			err = w.search(ctx)
		}
		if err != nil && !errors.Is(err, watchdog.ErrResting) {
			return err
		}
	}
	return nil
}

// adopt switches to a unit. The reserved range stays when only the target
// changed.
func (w *worker) adopt(ctx context.Context, u *unit) error {
	if w.unit == u {
		return nil
	}
	if w.unit != nil && w.unit.space != u.space {
		w.left = 0
	}
	if err := w.searcher.SetWork(ctx, &u.work); err != nil {
		return fmt.Errorf("preparing: %w", err)
	}
	w.unit = u
	w.introduce() // a searcher may choose its code by the work
	w.engine.arrive(w.index, u.work.Algorithm)
	return nil
}

// introduce publishes what the searcher says of itself.
func (w *worker) introduce() {
	info := w.searcher.Info()
	w.lanes = uint64(max(info.Lanes, 1))
	w.info.Store(&info)
}

// reserve draws the next range and reports whether there was one.
func (w *worker) reserve() bool {
	w.next, w.left = w.unit.space.take(w.chunk)
	if w.left > 0 {
		return true
	}
	if w.unit.space.exhausted.CompareAndSwap(false, true) {
		w.engine.note(EventWarning, "all nonces of this job are tried, waiting for the next")
	}
	return false
}

// search makes one call of the searcher and passes on what it found.
func (w *worker) search(ctx context.Context) error {
	began := time.Now()
	hits, done, err := w.searcher.Search(ctx, w.next, w.left, w.hits[:0])
	w.hits = hits
	done = min(done, w.left)
	w.next += done
	w.left -= done
	w.hashes.Add(done)
	w.pace(done, time.Since(began))
	for _, h := range hits {
		select {
		case w.engine.found <- candidate{worker: w.index, unit: w.unit, hit: h}:
		case <-ctx.Done():
			return nil
		}
	}
	if err != nil {
		return fmt.Errorf("searching: %w", err)
	}
	if done == 0 {
		return errors.New("searching: the searcher makes no progress")
	}
	return nil
}

// pace sizes the next range by the speed just seen, in whole batches.
func (w *worker) pace(done uint64, took time.Duration) {
	want := w.chunk * rangeGrowth
	if took > 0 {
		want = min(want, uint64(float64(done)/took.Seconds()*rangeTime.Seconds()))
	}
	want = min(max(want, w.lanes), rangeMax)
	w.chunk = (want + w.lanes - 1) / w.lanes * w.lanes
}
