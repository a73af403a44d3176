package miner

import (
	"context"
	"fmt"
	"math/bits"
	"slices"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/stratumclient"
)

// verifier re-hashes what the workers found with code of its own and sends
// what holds. It has a goroutine to itself, so that a slow check or a slow
// connection holds up neither the workers nor the client's events.
type verifier struct {
	engine *Engine
	hasher hash.Hasher // for the algorithm last seen; nil before
	blob   []byte
	in     []hash.Input
	out    []hash.Digest
}

func newVerifier(e *Engine) *verifier {
	return &verifier{engine: e, in: make([]hash.Input, 1), out: make([]hash.Digest, 1)}
}

// run checks candidates until ctx ends. An error means that nothing can be
// checked.
func (v *verifier) run(ctx context.Context) error {
	defer v.close()
	for {
		select {
		case <-ctx.Done():
			return nil
		case c := <-v.engine.found:
			if err := v.check(ctx, c); err != nil {
				return err
			}
		}
	}
}

func (v *verifier) close() {
	if v.hasher != nil {
		v.hasher.Close() // frees memory; there is nothing to lose
		v.hasher = nil
	}
}

// check sends a candidate that is worth it.
func (v *verifier) check(ctx context.Context, c candidate) error {
	e := v.engine
	if e.outdated(c.unit) {
		e.countOne(c.worker, func(s *Shares) *uint64 { return &s.Late })
		return nil
	}
	if err := v.prepare(c.unit.job.Algorithm); err != nil {
		return err
	}
	digest, nonce, err := v.hash(c)
	if err != nil {
		e.note(EventWarning, "%s: cannot re-check a hit: %v", e.workers[c.worker].name(), err)
		return nil
	}
	if digest != c.hit.Digest || !c.unit.job.Algorithm.Meets(&digest, &c.unit.job.Target) {
		e.invalid(c)
		return nil
	}
	if !c.unit.space.markSent(c.hit.Nonce) {
		e.countOne(c.worker, func(s *Shares) *uint64 { return &s.Duplicate })
		return nil
	}
	if e.awaitTurn(ctx) {
		e.send(c.worker, c.unit, stratumclient.Share{Job: c.unit.job, Nonce: nonce, Digest: digest})
	}
	return nil
}

// prepare sees to it that the hasher is one for an algorithm.
func (v *verifier) prepare(a *hash.Algorithm) error {
	if v.hasher != nil && v.hasher.Algorithm() == a {
		return nil
	}
	v.close()
	h, err := v.engine.deps.NewHasher(a)
	if err != nil {
		return fmt.Errorf("preparing to re-check %s hits: %w", a.Name, err)
	}
	v.hasher = h
	return nil
}

// hash computes a candidate's digest and returns its nonce field.
func (v *verifier) hash(c candidate) (digest hash.Digest, nonce []byte, err error) {
	v.blob, nonce = c.unit.space.put(v.blob[:0], c.hit.Nonce)
	v.in[0] = hash.Input{Blob: v.blob, Height: c.unit.job.Height}
	if err := v.hasher.Hash(v.out, v.in); err != nil {
		return digest, nil, err
	}
	return v.out[0], slices.Clone(nonce), nil
}

// outdated reports whether a unit's shares are not worth sending any more.
func (e *Engine) outdated(u *unit) bool { return u.serial < e.validFrom.Load() }

func (e *Engine) countOne(worker int, field func(*Shares) *uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tally.count(worker, field)
}

// invalid books a hit that failed its re-check. A broken device makes many:
// the log has the 1st, 2nd, 4th, 8th ... of each worker.
func (e *Engine) invalid(c candidate) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tally.count(c.worker, func(s *Shares) *uint64 { return &s.Invalid })
	n := e.tally.workers[c.worker].Invalid
	if bits.OnesCount64(n) == 1 {
		e.noteLocked(EventInvalid, "%s: hit %#x failed its re-check and was not sent (%d so far)",
			e.workers[c.worker].name(), c.hit.Nonce, n)
	}
}
