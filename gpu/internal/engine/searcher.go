package engine

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/eaglesong"
)

// searchTime is about how long one Search goes on.
const searchTime = 100 * time.Millisecond

// searcher is one device. It has one algorithm's batcher at a time.
type searcher struct {
	device  gpu.Device
	options gpu.Options
	rt      Runtime
	batcher batcher // nil before the first work
	ready   bool    // there is work
	last    uint64  // the greatest nonce of the work's field
	closed  bool
}

// batcher searches for one algorithm, in batches.
type batcher interface {
	// suits reports whether it can do w.
	suits(w *hash.Work) bool
	// setWork takes what it needs of w.
	setWork(w *hash.Work) error
	// batch is how many nonces to try at once.
	batch() uint64
	// most is how many nonces from start on one batch may have, at least 1.
	most(start uint64) uint64
	// begin hands a batch to the device without waiting; at most two are under
	// way.
	begin(start, count uint64) error
	// finish waits for the batch that was begun first and appends what it
	// found.
	finish(hits []hash.Hit) ([]hash.Hit, error)
	close()
}

// New searches with an open device, which Close closes. The device is
// described for messages.
func New(rt Runtime, device gpu.Device, options gpu.Options) hash.Searcher {
	return &searcher{device: device, options: options, rt: rt}
}

func (s *searcher) Info() hash.SearcherInfo {
	info := hash.SearcherInfo{Backend: s.device.Backend, Device: s.device.Title(), Impl: s.device.Backend, Lanes: 1,
		Bus: s.device.Bus}
	if s.batcher != nil {
		info.Lanes = int(s.batcher.batch())
	}
	return info
}

// SetWork replaces the work. When it fails, there is none.
func (s *searcher) SetWork(w *hash.Work) error {
	if s.closed {
		return hash.ErrClosed
	}
	s.ready = false
	if err := s.use(w); err != nil {
		return fmt.Errorf("%v: setting work: %w", &s.device, err)
	}
	if err := s.batcher.setWork(w); err != nil {
		return fmt.Errorf("%v: setting work: %w", &s.device, err)
	}
	s.last = math.MaxUint64 >> (64 - 8*w.NonceSize)
	s.ready = true
	return nil
}

// use makes a batcher for the work's algorithm the current one.
func (s *searcher) use(w *hash.Work) error {
	switch {
	case w.Algorithm == nil:
		return errors.New("it names no algorithm")
	case w.NonceSize < 1 || w.NonceSize > 8 || w.NonceOffset < 0 || w.NonceOffset > len(w.Blob)-w.NonceSize:
		return fmt.Errorf("nonce of %d bytes at byte %d of a blob of %d", w.NonceSize, w.NonceOffset, len(w.Blob))
	}
	if err := w.Algorithm.CheckInput(&hash.Input{Blob: w.Blob, Height: w.Height}); err != nil {
		return err
	}
	if s.batcher != nil && s.batcher.suits(w) {
		return nil
	}
	s.release()
	b, err := s.newBatcher(w)
	if err != nil {
		return err
	}
	s.batcher = b
	return nil
}

func (s *searcher) newBatcher(w *hash.Work) (batcher, error) {
	switch {
	case w.Algorithm.Family == hash.CryptoNight:
		return newNight(s.rt, &s.device, &s.options, w.Algorithm)
	case eaglesong.Suits(w):
		return newEagle(s.rt, &s.options, w.Algorithm)
	}
	return nil, fmt.Errorf("%s over %d bytes: %w", w.Algorithm.Name, len(w.Blob), gpu.ErrNoKernel)
}

func (s *searcher) release() {
	if s.batcher != nil {
		s.batcher.close()
		s.batcher = nil
	}
}

// Search keeps two batches under way, until the count, the work's nonces, or
// about 100 ms are used up.
func (s *searcher) Search(start, count uint64, hits []hash.Hit) ([]hash.Hit, uint64, error) {
	switch {
	case s.closed:
		return hits, 0, hash.ErrClosed
	case !s.ready:
		return hits, 0, errors.New("searching: no work has been set")
	case start > s.last:
		return hits, 0, fmt.Errorf("searching: nonce %#x does not fit the work's field", start)
	case count > 0 && count-1 > s.last-start:
		count = s.last - start + 1
	}
	end := time.Now().Add(searchTime)
	begun, done := uint64(0), uint64(0)
	var under []uint64 // the sizes of the batches under way
	for done < count {
		for len(under) < 2 && begun < count && (begun == 0 || time.Now().Before(end)) {
			n := min(s.batcher.batch(), count-begun, s.batcher.most(start+begun))
			if err := s.batcher.begin(start+begun, n); err != nil {
				return s.fail(hits, done, err)
			}
			begun += n
			under = append(under, n)
		}
		if len(under) == 0 {
			break
		}
		var err error
		if hits, err = s.batcher.finish(hits); err != nil {
			return s.fail(hits, done, err)
		}
		done += under[0]
		under = under[1:]
	}
	return hits, done, nil
}

// fail gives up the batcher, whose device may still be busy with a batch.
func (s *searcher) fail(hits []hash.Hit, done uint64, err error) ([]hash.Hit, uint64, error) {
	s.ready = false
	s.release()
	return hits, done, fmt.Errorf("%v: searching: %w", &s.device, err)
}

// Close ends all use of the device.
func (s *searcher) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	s.release()
	if err := s.rt.Close(); err != nil {
		return fmt.Errorf("%v: closing: %w", &s.device, err)
	}
	return nil
}
