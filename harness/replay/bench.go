package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aditmine/adit/harness/wire"
	"github.com/aditmine/adit/hash"
)

// bench is the set of searchers that all players share: as many shares are
// searched for at once as there are threads.
type bench struct {
	cfg  *Config
	free chan hash.Searcher
	all  []hash.Searcher
	// conns numbers the live connections.
	conns atomic.Uint64

	mu      sync.Mutex
	hashers map[*hash.Algorithm]hash.Hasher
}

func newBench(cfg *Config) (*bench, error) {
	b := &bench{cfg: cfg, free: make(chan hash.Searcher, cfg.Threads), hashers: map[*hash.Algorithm]hash.Hasher{}}
	for range cfg.Threads {
		s, err := cfg.Searcher()
		if err != nil {
			b.close()
			return nil, fmt.Errorf("preparing the search for shares: %w", err)
		}
		b.all = append(b.all, s)
		b.free <- s
	}
	return b, nil
}

func (b *bench) close() {
	for _, s := range b.all {
		_ = s.Close()
	}
	for _, h := range b.hashers {
		_ = h.Close()
	}
}

// found is a nonce of a job and its digest.
type found struct {
	job    *wire.Job
	nonce  []byte // as it is submitted
	digest hash.Digest
}

// effort counts what the search for one share has cost.
type effort struct {
	hashes uint64
	until  time.Time
}

// tooFar is the reason of a skipped share.
type tooFar struct{ why string }

func (e *tooFar) Error() string { return e.why }

// counterBytes is how much of a nonce the search varies at most.
const counterBytes = 8

// search looks for a share of a job from a nonce upwards. It returns nil
// without an error when stop says so. next is where to go on.
func (b *bench) search(ctx context.Context, job *wire.Job, next *uint64, spent *effort, stop func() bool) (*found, error) {
	var s hash.Searcher
	select {
	case s = <-b.free:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { b.free <- s }()
	size := min(job.NonceSize, counterBytes)
	if err := s.SetWork(&hash.Work{Algorithm: job.Algo, Blob: job.Input, Height: job.Height,
		NonceOffset: job.NonceOffset, NonceSize: size, Target: job.Target}); err != nil {
		return nil, &tooFar{err.Error()}
	}
	for !stop() {
		if err := b.allowed(ctx, job, spent); err != nil {
			return nil, err
		}
		if size < counterBytes && *next >= 1<<(8*size) {
			return nil, &tooFar{"all nonces of the job were tried"}
		}
		hits, done, err := s.Search(*next, min(b.cfg.MaxHashes-spent.hashes, 1<<(8*min(size, 7))), nil)
		if err != nil {
			return nil, err
		}
		spent.hashes += done
		*next += done
		if len(hits) > 0 {
			*next = hits[0].Nonce + 1
			return hit(job, size, hits[0]), nil
		}
	}
	return nil, nil
}

// allowed checks the bounds on one share's effort.
func (b *bench) allowed(ctx context.Context, job *wire.Job, spent *effort) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case spent.hashes >= b.cfg.MaxHashes:
		return &tooFar{fmt.Sprintf("not found in %d hashes: difficulty %d takes about as many", spent.hashes, job.Difficulty)}
	case time.Now().After(spent.until):
		return &tooFar{fmt.Sprintf("not found in %v (%d hashes): difficulty %d takes about as many",
			b.cfg.ShareTimeout, spent.hashes, job.Difficulty)}
	}
	return nil
}

// hit lays a found counter out as the nonce to submit.
func hit(job *wire.Job, size int, h hash.Hit) *found {
	nonce := bytes.Clone(job.Input[job.NonceOffset : job.NonceOffset+job.NonceSize])
	for i := range size {
		nonce[i] = byte(h.Nonce >> (8 * i))
	}
	return &found{job: job, nonce: append(nonce, job.Fixed...), digest: h.Digest}
}

// errEasy: at difficulty 1 there is no share below the target.
var errEasy = &tooFar{"every hash meets the live target: no low share exists"}

// maxLowTries bounds the search for a digest that misses the target. At
// difficulty 2 half of them do.
const maxLowTries = 64

// low looks for a nonce whose digest misses even the loosest target.
func (b *bench) low(ctx context.Context, job *wire.Job, next *uint64, spent *effort) (*found, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	h, err := b.hasher(job.Algo)
	if err != nil {
		return nil, &tooFar{err.Error()}
	}
	for range maxLowTries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f := hit(job, min(job.NonceSize, counterBytes), hash.Hit{Nonce: *next})
		*next++
		spent.hashes++
		out := []hash.Digest{{}}
		if err := h.Hash(out, []hash.Input{{Blob: job.Message(f.nonce), Height: job.Height}}); err != nil {
			return nil, &tooFar{err.Error()}
		}
		f.digest = out[0]
		if n := job.Algo.Number(&f.digest); bytes.Compare(n[:], job.Loose[:]) > 0 {
			return f, nil
		}
	}
	return nil, errEasy
}

// hasher returns the shared hasher of an algorithm; b.mu is held.
func (b *bench) hasher(a *hash.Algorithm) (hash.Hasher, error) {
	if a == nil {
		return nil, errors.New("the live job's algorithm is not known here")
	}
	if h := b.hashers[a]; h != nil {
		return h, nil
	}
	h, err := b.cfg.Hasher(a)
	if err == nil {
		b.hashers[a] = h
	}
	return h, err
}
