package tune

import (
	"errors"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/hash"
)

// NewSearcher opens a device with the options given, and anew with those that
// choose tells whenever an algorithm brings others: options belong to an
// algorithm. An error concerns that device only.
func NewSearcher(open func(gpu.Options) (hash.Searcher, error), given gpu.Options, choose func(*hash.Algorithm) gpu.Options) (hash.Searcher, error) {
	first, err := open(given)
	if err != nil {
		return nil, err
	}
	return &searcher{open: open, choose: choose, current: first, info: first.Info(), options: given}, nil
}

// searcher passes everything on to the current one.
type searcher struct {
	open    func(gpu.Options) (hash.Searcher, error)
	choose  func(*hash.Algorithm) gpu.Options
	current hash.Searcher     // nil after a failure to open it again
	info    hash.SearcherInfo // of the last one there was
	options gpu.Options
	algo    *hash.Algorithm // what choose was asked for last
	closed  bool
}

func (s *searcher) Info() hash.SearcherInfo {
	if s.current != nil {
		s.info = s.current.Info()
	}
	return s.info
}

func (s *searcher) SetWork(w *hash.Work) error {
	if s.closed {
		return hash.ErrClosed
	}
	if err := s.suit(w.Algorithm); err != nil {
		return err
	}
	return s.current.SetWork(w)
}

// suit opens the device with the options for an algorithm.
func (s *searcher) suit(a *hash.Algorithm) error {
	wanted := s.options
	if a != nil && a != s.algo {
		wanted = s.choose(a)
	}
	if s.current != nil && wanted != s.options {
		err := s.current.Close()
		s.current = nil
		if err != nil {
			return err
		}
	}
	if s.current == nil {
		next, err := s.open(wanted)
		if err != nil {
			return err
		}
		s.current = next
	}
	s.options, s.algo = wanted, a
	return nil
}

func (s *searcher) Search(start, count uint64, hits []hash.Hit) ([]hash.Hit, uint64, error) {
	switch {
	case s.closed:
		return hits, 0, hash.ErrClosed
	case s.current == nil:
		return hits, 0, errors.New("searching: no work has been set")
	}
	return s.current.Search(start, count, hits)
}

func (s *searcher) Close() error {
	s.closed = true
	if s.current == nil {
		return nil
	}
	last := s.current
	s.info, s.current = last.Info(), nil
	return last.Close()
}
