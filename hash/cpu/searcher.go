package cpu

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/aditmine/adit/hash"
)

// searchTime is how long one Search goes on: short enough for a new job to
// start at once, long enough for the overhead to vanish.
const searchTime = 2 * time.Millisecond

// SearcherOptions say what a Searcher is made of. The zero value is thread 0
// with the fastest implementation and the real clock.
type SearcherOptions struct {
	// Index numbers the worker: its device is called "CPU <Index>".
	Index int
	// Pick chooses the implementation for an algorithm; nil stands for Best.
	Pick func(*hash.Algorithm) (Implementation, error)
	// Lanes says how many nonces of an algorithm are tried at once, as
	// Implementation.New takes it: 0 is the implementation's default, as is nil
	// for all.
	Lanes func(*hash.Algorithm) int
	// Now is the clock that ends a Search; nil stands for time.Now.
	Now func() time.Time
}

// searcher is one thread's worth of searching. It holds one set of
// lanes at a time.
type searcher struct {
	options SearcherOptions
	lanes   lanes
	closed  bool
	// nonceSize is that of the current work, 0 while there is none.
	nonceSize int
	// last is the greatest nonce of that size.
	last uint64
}

// NewSearcher returns a Searcher for one CPU thread. Its Info names the
// implementation only once it has work.
func NewSearcher(options SearcherOptions) (hash.Searcher, error) {
	if options.Index < 0 {
		return nil, fmt.Errorf("CPU thread %d: threads count from 0", options.Index)
	}
	if options.Lanes == nil {
		options.Lanes = func(*hash.Algorithm) int { return 0 }
	}
	if options.Pick == nil {
		options.Pick = Best
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return &searcher{options: options}, nil
}

func (s *searcher) Info() hash.SearcherInfo {
	info := hash.SearcherInfo{Backend: Backend, Device: fmt.Sprintf("CPU %d", s.options.Index), Trusted: true}
	if s.lanes != nil {
		info.Impl, info.Lanes = s.lanes.info()
	}
	if reporter, ok := s.lanes.(hash.MemoryReporter); ok {
		info.Memory = reporter.Memory()
	}
	return info
}

// SetWork replaces the work. When it fails, there is none.
func (s *searcher) SetWork(w *hash.Work) error {
	if s.closed {
		return hash.ErrClosed
	}
	s.nonceSize = 0
	if err := checkWork(w); err != nil {
		return err
	}
	if err := s.use(w); err != nil {
		return err
	}
	s.lanes.setWork(w)
	s.nonceSize = w.NonceSize
	s.last = math.MaxUint64 >> (64 - 8*w.NonceSize)
	return nil
}

// checkWork says what is wrong with w, if anything.
func checkWork(w *hash.Work) error {
	if w.Algorithm == nil {
		return errors.New("setting work: it names no algorithm")
	}
	if w.NonceSize < 1 || w.NonceSize > 8 {
		return fmt.Errorf("setting work: nonce of %d bytes, want 1 to 8", w.NonceSize)
	}
	if w.NonceOffset < 0 || w.NonceOffset > len(w.Blob)-w.NonceSize {
		return fmt.Errorf("setting work: nonce at bytes %d to %d of a blob of %d bytes",
			w.NonceOffset, w.NonceOffset+w.NonceSize-1, len(w.Blob))
	}
	in := hash.Input{Blob: w.Blob, Height: w.Height}
	if err := w.Algorithm.CheckInput(&in); err != nil {
		return fmt.Errorf("setting work: %w", err)
	}
	return nil
}

// use makes lanes that suit w the current ones.
func (s *searcher) use(w *hash.Work) error {
	if s.lanes != nil && s.lanes.suits(w) {
		return nil
	}
	if err := s.release(); err != nil {
		return fmt.Errorf("setting work: %w", err)
	}
	impl, err := s.options.Pick(w.Algorithm)
	if err != nil {
		return fmt.Errorf("setting work: %w", err)
	}
	s.lanes, err = newLanes(impl, s.options.Lanes(w.Algorithm), w)
	return err
}

// release closes the current lanes.
func (s *searcher) release() error {
	if s.lanes == nil {
		return nil
	}
	lanes := s.lanes
	s.lanes = nil
	return lanes.close()
}

// Search ends at the last nonce that the work's nonce field holds, after
// count nonces, or after about 2 ms and at least one batch, whichever comes
// first. It is an error to start beyond the last nonce.
func (s *searcher) Search(start, count uint64, hits []hash.Hit) ([]hash.Hit, uint64, error) {
	switch {
	case s.closed:
		return hits, 0, hash.ErrClosed
	case s.nonceSize == 0:
		return hits, 0, errors.New("searching: no work has been set")
	case start > s.last:
		return hits, 0, fmt.Errorf("searching: nonce %#x does not fit in %d bytes", start, s.nonceSize)
	case count > 0 && count-1 > s.last-start:
		count = s.last - start + 1 // 0 means 2^64, but then count fitted
	}
	end := s.options.Now().Add(searchTime)
	done := uint64(0)
	for done < count {
		n := min(s.lanes.batch(), count-done)
		var err error
		if hits, err = s.lanes.try(start+done, n, hits); err != nil {
			return hits, done, fmt.Errorf("searching: %w", err)
		}
		done += n
		if !s.options.Now().Before(end) {
			break
		}
	}
	return hits, done, nil
}

func (s *searcher) Close() error {
	s.closed = true
	return s.release()
}
