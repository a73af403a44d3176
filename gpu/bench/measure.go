package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"time"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu/tune"
)

// Defaults of Options.
const (
	DefaultWindows = 9  // the interval then leaves out one at either end
	DefaultHits    = 64 // enough to notice when two thirds are lost
)

// Options say how to measure. Algorithm and Duration are needed.
type Options struct {
	Algorithm *hash.Algorithm
	// Duration is that of all windows together. Finding the pace beforehand
	// takes a quarter of it more; hashing the hits again comes after it.
	Duration time.Duration
	// Windows is how many rates are taken (0: DefaultWindows). A Search that
	// has begun is finished, so that slow searchers take longer.
	Windows int
	// Hits is about how many hits to find and hash again (0: DefaultHits).
	Hits int
	// Blob is what is hashed; nil stands for a blob of zeros. Algorithms have
	// no weak messages: it only lets runs differ.
	Blob []byte
	// Power reads what the device draws, in watts; nil where nothing does.
	Power func() (watts float64, ok bool)
	// Pin, when it is not nil, ties the thread of a worker to a processor. A
	// worker that cannot be tied is measured as it is.
	Pin func(worker int) error
}

// Result is a measurement.
type Result struct {
	Rate    Rate
	Windows []float64 // hashes per second of all workers together
	Hashes  uint64    // in the windows
	Seconds float64   // of the slowest worker's windows together
	Hits    Hits
	// Watts is the mean of what Power read, nil without.
	Watts *float64
}

// HashesPerJoule is nil without a power reading.
func (r *Result) HashesPerJoule() *float64 {
	if r.Watts == nil || *r.Watts <= 0 {
		return nil
	}
	return new(r.Rate.Median / *r.Watts)
}

// Measure times searchers that work at the same time, each on nonces of its
// own. They are the caller's, who may use them before and closes them. When
// ctx ends, what has been measured until then is the result.
func Measure(ctx context.Context, searchers []hash.Searcher, o Options) (Result, error) {
	o, err := o.withDefaults(len(searchers))
	if err != nil {
		return Result{}, err
	}
	r := newRun(searchers, o)
	if err := r.warmUp(ctx); err != nil {
		return Result{}, err
	}
	power := startPower(o.Power)
	err = r.inParallel(func(w *worker) error { return w.windows(ctx, o.Windows, o.Duration/time.Duration(o.Windows)) })
	watts := power.stop()
	if err != nil {
		return Result{}, err
	}
	result := r.sum()
	result.Watts = watts
	result.Hits, err = r.check()
	return result, err
}

func (o Options) withDefaults(searchers int) (Options, error) {
	switch {
	case o.Algorithm == nil:
		return o, errors.New("measuring: no algorithm given")
	case o.Duration <= 0:
		return o, errors.New("measuring: no time given")
	case searchers == 0:
		return o, errors.New("measuring: nothing to measure")
	}
	if o.Windows <= 0 {
		o.Windows = DefaultWindows
	}
	if o.Hits <= 0 {
		o.Hits = DefaultHits
	}
	return o, nil
}

// run is one measurement.
type run struct {
	o       Options
	work    *hash.Work
	bits    int // zero bits that hits begin with: the difficulty is 2^bits
	workers []*worker
}

// worker is one searcher and what it has done.
type worker struct {
	index       int
	searcher    hash.Searcher
	pin         func(int) error
	next, last  uint64 // nonces: the one to go on from, the greatest
	hits        []hash.Hit
	surplus     int // hits beyond those that are kept
	hashes      []uint64
	times       []time.Duration // of the windows
	warm        uint64          // hashes while warming up
	warmSeconds float64
}

// keep is how many hits a worker keeps; only a broken device finds more.
const keep = 1 << 14

func newRun(searchers []hash.Searcher, o Options) *run {
	r := &run{o: o, work: tune.Work(o.Algorithm)}
	if o.Blob != nil {
		r.work.Blob = append([]byte(nil), o.Blob...)
	}
	last := uint64(math.MaxUint64) >> (64 - 8*r.work.NonceSize)
	for i, s := range searchers {
		r.workers = append(r.workers, &worker{
			index: i, searcher: s, pin: o.Pin, last: last, next: last / uint64(len(searchers)) * uint64(i),
		})
	}
	return r
}

// inParallel calls f for each worker on a thread of its own.
func (r *run) inParallel(f func(*worker) error) error {
	failures := make([]error, len(r.workers))
	var running sync.WaitGroup
	for i, w := range r.workers {
		running.Go(func() {
			if w.pin != nil {
				runtime.LockOSThread() // and never unlock: the thread ends with its pinning
				_ = w.pin(w.index)
			}
			failures[i] = f(w)
		})
	}
	running.Wait()
	return errors.Join(failures...)
}

// warmUp lets the searchers find their pace, and chooses a difficulty by what
// they do then.
func (r *run) warmUp(ctx context.Context) error {
	err := r.inParallel(func(w *worker) error {
		if err := w.searcher.SetWork(r.work); err != nil {
			return err
		}
		if _, err := w.search(1); err != nil { // touches the memory, may compile a program
			return err
		}
		begun := time.Now()
		for w.warm == 0 || time.Since(begun) < r.o.Duration/4 && ctx.Err() == nil {
			done, err := w.search(math.MaxUint64)
			if err != nil {
				return err
			}
			w.warm += done
			w.warmSeconds = time.Since(begun).Seconds()
		}
		return nil
	})
	if err != nil {
		return err
	}
	expected := 0.0
	for _, w := range r.workers {
		expected += float64(w.warm) / max(w.warmSeconds, 1e-9) * r.o.Duration.Seconds()
		w.hits = w.hits[:0]
	}
	r.bits = min(max(0, int(math.Log2(expected/float64(r.o.Hits)))), 60)
	r.work.Target = zeroBits(r.bits)
	return r.inParallel(func(w *worker) error { return w.searcher.SetWork(r.work) })
}

// zeroBits is the greatest target that begins with so many zero bits (up to
// 64): one hash in 2^bits meets it.
func zeroBits(bits int) hash.Target {
	var t hash.Target
	for i := range t {
		t[i] = byte(0xff >> max(0, min(8, bits-8*i)))
	}
	return t
}

// search is one call of the searcher, without what ends a measurement.
func (w *worker) search(count uint64) (done uint64, err error) {
	before := len(w.hits)
	w.hits, done, err = w.searcher.Search(w.next, count, w.hits)
	if err != nil {
		return done, err
	}
	if done == 0 {
		return 0, fmt.Errorf("searching from nonce %#x: nothing was tried", w.next)
	}
	if len(w.hits) > keep {
		w.surplus += len(w.hits) - max(before, keep)
		w.hits = w.hits[:keep]
	}
	w.next = (w.next + done) & w.last
	return done, nil
}

// windows takes so many rates, each over a time or one Search.
func (w *worker) windows(ctx context.Context, count int, length time.Duration) error {
	for range count {
		hashes, begun := uint64(0), time.Now()
		for hashes == 0 || time.Since(begun) < length && ctx.Err() == nil {
			done, err := w.search(math.MaxUint64)
			if err != nil {
				return err
			}
			hashes += done
		}
		w.hashes, w.times = append(w.hashes, hashes), append(w.times, time.Since(begun))
		if ctx.Err() != nil {
			return nil
		}
	}
	return nil
}

// sum adds up the workers' windows. Where ctx ended in the midst of them, some
// may have one more than others.
func (r *run) sum() Result {
	result, whole := Result{}, math.MaxInt
	for _, w := range r.workers {
		seconds := 0.0
		for i := range w.times {
			result.Hashes += w.hashes[i]
			seconds += w.times[i].Seconds()
		}
		result.Seconds = max(result.Seconds, seconds)
		whole = min(whole, len(w.times))
	}
	for i := range whole {
		rate := 0.0
		for _, w := range r.workers {
			rate += float64(w.hashes[i]) / max(w.times[i].Seconds(), 1e-9)
		}
		result.Windows = append(result.Windows, rate)
	}
	result.Rate = NewRate(result.Windows)
	return result
}
