package bench

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// Hits says what became of the hits that were found while measuring.
type Hits struct {
	// Difficulty is how many hashes find one on average.
	Difficulty uint64 `json:"difficulty"`
	// Expected is how many should have been found.
	Expected float64 `json:"expected"`
	// Verified were right when the processor hashed them again, Wrong were not.
	Verified int `json:"verified"`
	Wrong    int `json:"wrong"`
	// Implausible: there are far more or fewer of them than chance allows. A
	// device that finds fewer loses shares.
	Implausible bool `json:"implausible"`
}

// Err says in a line what is wrong with the hits, nil that nothing is.
func (h *Hits) Err() error {
	switch {
	case h.Wrong > 0:
		return fmt.Errorf("%d of %d hits are wrong: do not mine with this", h.Wrong, h.Wrong+h.Verified)
	case h.Implausible:
		return fmt.Errorf("%d hits where %.0f are to be expected: do not mine with this", h.Verified, h.Expected)
	}
	return nil
}

// check hashes all hits again.
func (r *run) check() (Hits, error) {
	h := Hits{Difficulty: 1 << r.bits}
	found, tried := 0, uint64(0)
	var all []hash.Hit
	for _, w := range r.workers {
		found += len(w.hits) + w.surplus
		all = append(all, w.hits...)
		for _, n := range w.hashes {
			tried += n
		}
	}
	h.Expected = float64(tried) / float64(h.Difficulty)
	h.Implausible = implausible(found, h.Expected)
	if h.Implausible && len(all) > 4*r.o.Hits {
		all = all[:4*r.o.Hits] // enough to tell lost hits from invented ones
	}
	var err error
	h.Wrong, err = Wrong(r.work, all)
	h.Verified = len(all) - h.Wrong
	return h, err
}

// Wrong counts the hits whose digest is not that of their nonce, or does not
// meet the target, by hashing all of them again on all processors.
func Wrong(w *hash.Work, hits []hash.Hit) (int, error) {
	if len(hits) == 0 {
		return 0, nil
	}
	share := (len(hits) + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0)
	parts := slices.Collect(slices.Chunk(hits, share))
	wrong, failures := make([]int, len(parts)), make([]error, len(parts))
	var running sync.WaitGroup
	for i, part := range parts {
		running.Go(func() { wrong[i], failures[i] = wrongOf(w, part) })
	}
	running.Wait()
	total := 0
	for _, n := range wrong {
		total += n
	}
	return total, errors.Join(failures...)
}

func wrongOf(w *hash.Work, hits []hash.Hit) (wrong int, err error) {
	hasher, err := cpu.New(w.Algorithm)
	if err != nil {
		return 0, fmt.Errorf("checking hits: %w", err)
	}
	defer func() { err = errors.Join(err, hasher.Close()) }()
	in, out := make([]hash.Input, len(hits)), make([]hash.Digest, len(hits))
	for i, h := range hits {
		in[i] = hash.Input{Blob: withNonce(w, h.Nonce), Height: w.Height}
	}
	if err := cpu.Hash(hasher, out, in); err != nil {
		return 0, fmt.Errorf("checking hits: %w", err)
	}
	for i, h := range hits {
		if out[i] != h.Digest || !w.Algorithm.Meets(&out[i], &w.Target) {
			wrong++
		}
	}
	return wrong, nil
}

// withNonce is a copy of the work's blob with a nonce in it.
func withNonce(w *hash.Work, nonce uint64) []byte {
	blob := append([]byte(nil), w.Blob...)
	for i := range w.NonceSize {
		blob[w.NonceOffset+i] = byte(nonce >> (8 * i))
	}
	return blob
}
