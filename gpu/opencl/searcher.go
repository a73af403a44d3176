//go:build opencl && cgo

package opencl

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/jgillich/go-opencl/cl"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/eaglesong"
)

// searchTime is about how long one Search goes on.
const searchTime = 100 * time.Millisecond

// searcher is one device. It has one engine at a time, for the algorithm of
// its work.
type searcher struct {
	device gpu.Device
	handle *cl.Device
	ctx    *cl.Context
	engine engine // nil before the first work
	ready  bool   // there is work
	last   uint64 // the greatest nonce of the work's field
	closed bool
}

// engine searches for one algorithm.
type engine interface {
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
	lanes() int
	close()
}

// NewSearcher opens the device of a number. An error concerns that device only.
func NewSearcher(index int) (hash.Searcher, error) {
	all, err := handles()
	if err != nil {
		return nil, err
	}
	if index < 0 || index >= len(all) {
		return nil, fmt.Errorf("there is no OpenCL device %d: 'adit devices' lists those there are", index)
	}
	s := &searcher{device: describe(index, all[index]), handle: all[index]}
	if s.ctx, err = cl.CreateContext([]*cl.Device{s.handle}); err != nil {
		return nil, fmt.Errorf("opening %v: %w", &s.device, err)
	}
	return s, nil
}

func (s *searcher) Info() hash.SearcherInfo {
	info := hash.SearcherInfo{Backend: Backend, Device: fmt.Sprintf("OpenCL %d %s", s.device.Index, s.device.Name), Impl: Backend, Lanes: 1,
		Bus: s.device.Bus}
	if s.engine != nil {
		info.Lanes = s.engine.lanes()
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
	if err := s.engine.setWork(w); err != nil {
		return fmt.Errorf("%v: setting work: %w", &s.device, err)
	}
	s.last = math.MaxUint64 >> (64 - 8*w.NonceSize)
	s.ready = true
	return nil
}

// use makes an engine for the work's algorithm the current one.
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
	if s.engine != nil && s.engine.suits(w) {
		return nil
	}
	s.release()
	var err error
	switch {
	case w.Algorithm.Family == hash.CryptoNight:
		s.engine, err = newNight(s.ctx, s.handle, &s.device, w.Algorithm, w.Height)
	case eaglesong.Suits(w):
		s.engine, err = newEaglesong(s.ctx, s.handle, w.Algorithm)
	default:
		return fmt.Errorf("there is no OpenCL kernel for %s over %d bytes", w.Algorithm.Name, len(w.Blob))
	}
	return err
}

func (s *searcher) release() {
	if s.engine != nil {
		s.engine.close()
		s.engine = nil
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
	defer runtime.KeepAlive(s.ctx)
	end := time.Now().Add(searchTime)
	begun, done := uint64(0), uint64(0)
	var under []uint64 // the sizes of the batches under way
	for done < count {
		for len(under) < 2 && begun < count && (begun == 0 || time.Now().Before(end)) {
			n := min(s.engine.batch(), count-begun, s.engine.most(start+begun))
			if err := s.engine.begin(start+begun, n); err != nil {
				return s.fail(hits, done, err)
			}
			begun += n
			under = append(under, n)
		}
		if len(under) == 0 {
			break
		}
		var err error
		if hits, err = s.engine.finish(hits); err != nil {
			return s.fail(hits, done, err)
		}
		done += under[0]
		under = under[1:]
	}
	return hits, done, nil
}

// fail gives up the engine, whose device may still be busy with a batch.
func (s *searcher) fail(hits []hash.Hit, done uint64, err error) ([]hash.Hit, uint64, error) {
	s.ready = false
	s.release()
	return hits, done, fmt.Errorf("%v: searching: %w", &s.device, err)
}

// Close ends all use of the device.
func (s *searcher) Close() error {
	if !s.closed {
		s.closed = true
		s.release()
		s.ctx.Release()
	}
	return nil
}
