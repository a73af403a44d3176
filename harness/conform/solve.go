package conform

import (
	"bytes"
	"time"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
)

// work is something to find shares for.
type work struct {
	algo         *hash.Algorithm
	blob         []byte
	height       uint64
	offset, size int // the bytes that are the miner's
	target       hash.Target
	difficulty   uint64
}

// share is a nonce with its true hash.
type share struct {
	nonce  []byte
	digest hash.Digest
}

// meets reports whether the share is good for the work.
func (s *share) meets(w *work) bool { return w.algo.Meets(&s.digest, &w.target) }

// misses reports whether the share is clearly too easy: compact targets round,
// and what lies within the rounding is nobody's fault.
func (s *share) misses(w *work) bool {
	worth := chain.Uint64(chain.ShareDifficulty(w.algo.Number(&s.digest)))
	return float64(worth) < 0.98*float64(w.difficulty)
}

// valid finds a share that meets the work.
func (e *Env) valid(w *work) (share, error) {
	if s := e.banked(w, 1); len(s) == 1 {
		return s[0], nil
	}
	s, err := e.solve(w, func(s *share) bool { return s.meets(w) })
	if err == nil {
		e.cfg.shares.mined.Add(1)
	}
	return s, err
}

// low finds a share that is too easy.
func (e *Env) low(w *work) (share, error) {
	if w.difficulty < 2 {
		return share{}, skipf("the pool gives work at difficulty 1, which every hash meets")
	}
	return e.solve(w, func(s *share) bool { return s.misses(w) })
}

// solve hashes from a random nonce on until a share is wanted.
func (e *Env) solve(w *work, want func(*share) bool) (share, error) {
	var found share
	err := e.hash(w, func(s *share) bool {
		if want(s) {
			found = *s
		}
		return found.nonce == nil
	})
	if err != nil {
		return share{}, err
	}
	if found.nonce == nil {
		return share{}, inconclusivef("no share found within %v at difficulty %d: let the pool start lower", e.cfg.Effort, w.difficulty)
	}
	return found, nil
}

// hash tries nonces until see has enough, or time is up.
func (e *Env) hash(w *work, see func(*share) bool) error {
	if err := e.prepare(w.algo); err != nil {
		return err
	}
	nonce := make([]byte, w.size)
	for i := range nonce {
		nonce[i] = byte(e.rng.Uint32())
	}
	lanes := e.hasher.Lanes()
	in, out := make([]hash.Input, lanes), make([]hash.Digest, lanes)
	for i := range in {
		in[i] = hash.Input{Blob: bytes.Clone(w.blob), Height: w.height}
	}
	for end := time.Now().Add(e.cfg.Effort); time.Now().Before(end); {
		if err := e.ctx.Err(); err != nil {
			return err
		}
		for i := range in {
			increment(nonce)
			copy(in[i].Blob[w.offset:], nonce)
		}
		if err := e.hasher.Hash(out, in); err != nil {
			return err
		}
		for i := range out {
			s := share{nonce: bytes.Clone(in[i].Blob[w.offset:][:w.size]), digest: out[i]}
			if !see(&s) {
				return nil
			}
		}
	}
	return nil
}

// prepare makes a hasher for the algorithm.
func (e *Env) prepare(a *hash.Algorithm) error {
	if e.hasher != nil && e.hasher.Algorithm() == a {
		return nil
	}
	h, err := e.cfg.NewHasher(a)
	if err != nil {
		return err
	}
	if e.hasher != nil {
		_ = e.hasher.Close() // memory only
	}
	e.hasher = h
	return nil
}

func increment(b []byte) {
	for i := range b {
		if b[i]++; b[i] != 0 {
			return
		}
	}
}

// nearest hashes for a while and returns the easiest share that meets the work
// and the hardest that misses it.
func (e *Env) nearest(w *work) (above, below share, err error) {
	if w.difficulty < 2 {
		return share{}, share{}, skipf("the pool gives work at difficulty 1, which every hash meets")
	}
	number := func(s *share) hash.Target { return w.algo.Number(&s.digest) }
	var best, worst hash.Target
	hashes, most := uint64(0), max(64, 8*min(w.difficulty, 1<<20))
	err = e.hash(w, func(s *share) bool {
		n := number(s)
		if s.meets(w) && (above.nonce == nil || bytes.Compare(n[:], best[:]) > 0) {
			above, best = *s, n
		}
		if s.misses(w) && (below.nonce == nil || bytes.Compare(n[:], worst[:]) < 0) {
			below, worst = *s, n
		}
		hashes++
		return hashes < most || above.nonce == nil || below.nonce == nil
	})
	if err == nil && (above.nonce == nil || below.nonce == nil) {
		err = inconclusivef("no shares on either side of difficulty %d within %v", w.difficulty, e.cfg.Effort)
	}
	return above, below, err
}

// hardest is the lower of a target and that of a difficulty.
func hardest(t hash.Target, difficulty uint64) hash.Target {
	if other := chain.TargetFromDifficulty(difficulty); bytes.Compare(other[:], t[:]) < 0 {
		return other
	}
	return t
}

// digest hashes one nonce.
func digest(h hash.Hasher, w *work, nonce []byte) (*share, error) {
	blob := bytes.Clone(w.blob)
	copy(blob[w.offset:], nonce)
	out := make([]hash.Digest, 1)
	err := h.Hash(out, []hash.Input{{Blob: blob, Height: w.height}})
	return &share{nonce: nonce, digest: out[0]}, err
}
