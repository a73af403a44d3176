// Package check finds out whether a searcher, such as a card, does an
// algorithm right: known answers, random messages, the counting of many hits,
// several batches, and the ends of the nonce space, all against the processor.
//
// It imports hash, hash/cpu and gpu/bench; cmd uses it.
package check

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/aditmine/adit/gpu/bench"
	"github.com/aditmine/adit/hash"
)

// Options say what to check, and how much of it. Algorithm is needed.
type Options struct {
	Algorithm *hash.Algorithm
	// Rand makes messages and nonces; nil stands for a fixed seed.
	Rand *rand.Rand
	// Many is the number of hits in one call (0: 300). Devices' lists of hits
	// have 255 places.
	Many uint64
	// Sample is how many digests of many are hashed again (0: 32); the others
	// are only counted.
	Sample int
}

// Result is one check's.
type Result struct {
	Name   string
	Hashes int // digests that were compared with the processor's
	Err    error
}

// Checks are the names of the checks, in the order in which Run makes them.
func Checks() []string {
	names := make([]string, len(checks))
	for i, c := range checks {
		names[i] = c.name
	}
	return names
}

// maxBatch bounds the batches that are checked whole. Searchers with greater
// ones are given smaller ones to be checked, by their options.
const maxBatch = 1 << 16

var checks = []struct {
	name string
	run  func(*checker) error
}{
	{"vectors", (*checker).vectors},
	{"random messages", (*checker).random},
	{"many hits", (*checker).manyHits},
	{"several batches", (*checker).batches},
	{"ends of the nonces", (*checker).ends},
}

// Run makes all checks with a searcher, which the caller closes. It goes on
// after a check that fails, unless the searcher itself did. progress is told of
// each (it may be nil). The error is ctx's, when that ended first.
func Run(ctx context.Context, s hash.Searcher, o Options, progress func(Result)) error {
	if o.Rand == nil {
		o.Rand = rand.New(rand.NewPCG(1, 2))
	}
	if o.Many == 0 {
		o.Many = 300
	}
	if o.Sample == 0 {
		o.Sample = 32
	}
	if progress == nil {
		progress = func(Result) {}
	}
	for _, check := range checks {
		c := &checker{Options: o, ctx: ctx, s: s}
		err := check.run(c)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		progress(Result{check.name, c.hashes, err})
		var broken *searchError
		if errors.As(err, &broken) {
			return nil
		}
	}
	return nil
}

// searchError is a searcher that failed, unlike one that answers wrongly.
type searchError struct{ err error }

func (e *searchError) Error() string { return e.err.Error() }
func (e *searchError) Unwrap() error { return e.err }

// checker makes one check.
type checker struct {
	Options
	ctx    context.Context
	s      hash.Searcher
	hashes int
}

// set gives the searcher work.
func (c *checker) set(w *hash.Work) error {
	if err := c.s.SetWork(w); err != nil {
		return &searchError{err}
	}
	return nil
}

// search tries count nonces from start on, or as many as there are.
func (c *checker) search(w *hash.Work, start, count uint64) (hits []hash.Hit, err error) {
	last := uint64(math.MaxUint64) >> (64 - 8*w.NonceSize)
	for count > 0 {
		if err := c.ctx.Err(); err != nil {
			return nil, err
		}
		var done uint64
		hits, done, err = c.s.Search(start, count, hits)
		switch {
		case err != nil:
			return hits, &searchError{err}
		case done == 0 || done > count:
			return hits, fmt.Errorf("of %d nonces from %#x on, %d were tried", count, start, done)
		case done-1 > last-start:
			return hits, fmt.Errorf("from nonce %#x on, %d were tried: that is beyond the last one", start, done)
		case done-1 == last-start:
			return hits, nil
		}
		start, count = start+done, count-done
	}
	return hits, nil
}

// compare hashes hits again, all of them.
func (c *checker) compare(w *hash.Work, hits []hash.Hit) error {
	wrong, err := bench.Wrong(w, hits)
	if err != nil {
		return err
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d digests are wrong", wrong, len(hits))
	}
	c.hashes += len(hits)
	return nil
}

// sample compares some of many hits: the first, the last, and random ones.
func (c *checker) sample(w *hash.Work, hits []hash.Hit) error {
	if len(hits) <= c.Sample {
		return c.compare(w, hits)
	}
	some := []hash.Hit{hits[0], hits[len(hits)-1]}
	for len(some) < c.Sample {
		some = append(some, hits[c.Rand.IntN(len(hits))])
	}
	return c.compare(w, some)
}

// everyNonce reports what is wrong with a list that must have each of count
// nonces from start on once, in order.
func everyNonce(hits []hash.Hit, start, count uint64) error {
	for i, h := range hits {
		if uint64(i) >= count || h.Nonce != start+uint64(i) {
			return fmt.Errorf("hit %d of %d has nonce %#x: a nonce is missing, comes twice, or is not one of them", i, count, h.Nonce)
		}
	}
	if uint64(len(hits)) != count {
		return fmt.Errorf("%d hits were found where each of %d nonces is one", len(hits), count)
	}
	return nil
}
