package conform

import (
	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/hash"
)

// searcher finds shares with a hasher, for measurements that are told to hash so
// many nonces and no more.
type searcher struct {
	make   func(*hash.Algorithm) (hash.Hasher, error)
	hasher hash.Hasher
	work   hash.Work
	in     []hash.Input
	out    []hash.Digest
}

var _ hash.Searcher = (*searcher)(nil)

// newFinder finds shares on the run's hasher.
func (e *Env) newFinder() *rig.Finder {
	return rig.NewFinder(&searcher{make: e.cfg.NewHasher}, e.cfg.NewHasher)
}

// Info names the searcher.
func (s *searcher) Info() hash.SearcherInfo { return hash.SearcherInfo{Backend: "harness", Lanes: 1} }

// SetWork replaces the work.
func (s *searcher) SetWork(w *hash.Work) error {
	if s.hasher == nil || s.hasher.Algorithm() != w.Algorithm {
		h, err := s.make(w.Algorithm)
		if err != nil {
			return err
		}
		if err := s.Close(); err != nil {
			return err
		}
		s.hasher = h
		s.in, s.out = make([]hash.Input, h.Lanes()), make([]hash.Digest, h.Lanes())
	}
	s.work = *w
	for i := range s.in {
		s.in[i] = hash.Input{Blob: append(s.in[i].Blob[:0], w.Blob...), Height: w.Height}
	}
	return nil
}

// Search tries exactly count nonces.
func (s *searcher) Search(start, count uint64, hits []hash.Hit) ([]hash.Hit, uint64, error) {
	for done := uint64(0); done < count; {
		n := int(min(count-done, uint64(len(s.in))))
		for i := range n {
			s.lay(s.in[i].Blob, start+done+uint64(i))
		}
		if err := s.hasher.Hash(s.out[:n], s.in[:n]); err != nil {
			return hits, done, err
		}
		for i := range n {
			if s.work.Algorithm.Meets(&s.out[i], &s.work.Target) {
				hits = append(hits, hash.Hit{Nonce: start + done + uint64(i), Digest: s.out[i]})
			}
		}
		done += uint64(n)
	}
	return hits, count, nil
}

// lay writes a nonce, little-endian.
func (s *searcher) lay(blob []byte, nonce uint64) {
	for i := range s.work.NonceSize {
		blob[s.work.NonceOffset+i] = byte(nonce >> (8 * i))
	}
}

// Close frees the hasher.
func (s *searcher) Close() error {
	if s.hasher == nil {
		return nil
	}
	h := s.hasher
	s.hasher = nil
	return h.Close()
}
