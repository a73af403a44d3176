package miner

import (
	"context"
	"math/bits"

	"github.com/aditmine/adit/stratumclient"
)

// verifier decides which of the workers' hits are sent: those of trusted
// workers at once, others when code of its own comes to the same digest. It
// has a goroutine to itself, so that a slow check or a slow connection holds
// up neither the workers nor the client's events.
type verifier struct {
	engine  *Engine
	checker *checker
	auditor *auditor
}

func newVerifier(e *Engine, a *auditor) *verifier {
	return &verifier{engine: e, checker: newChecker(e.deps.NewHasher), auditor: a}
}

// run checks candidates until ctx ends. An error means that nothing can be
// checked.
func (v *verifier) run(ctx context.Context) error {
	defer v.checker.close()
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

// check sends a candidate that is worth it.
func (v *verifier) check(ctx context.Context, c candidate) error {
	e := v.engine
	if e.outdated(c.unit) {
		e.countOne(c.worker, func(s *Shares) *uint64 { return &s.Late })
		return nil
	}
	trusted := e.workers[c.worker].trusted()
	nonce, ok, err := v.judge(c, trusted)
	if err != nil || !ok {
		return err
	}
	e.workers[c.worker].judged(true)
	if !c.unit.space.markSent(c.hit.Nonce) {
		e.countOne(c.worker, func(s *Shares) *uint64 { return &s.Duplicate })
		return nil
	}
	if !e.awaitTurn(ctx) {
		return nil
	}
	e.send(c.worker, c.unit, stratumclient.Share{Job: c.unit.job, Nonce: nonce, Digest: c.hit.Digest})
	if trusted {
		v.auditor.note(c)
	}
	return nil
}

// judge reports whether a candidate is a share, and returns its nonce field.
func (v *verifier) judge(c candidate, trusted bool) (nonce []byte, ok bool, err error) {
	e, a := v.engine, c.unit.job.Algorithm
	digest := c.hit.Digest
	if trusted {
		nonce = v.checker.nonce(c)
	} else {
		if err := v.checker.prepare(a); err != nil {
			return nil, false, err
		}
		if digest, nonce, err = v.checker.hash(c); err != nil {
			e.note(EventWarning, "%s: cannot re-check a hit: %v", e.workers[c.worker].name(), err)
			return nil, false, nil
		}
	}
	if digest != c.hit.Digest || !a.Meets(&digest, &c.unit.job.Target) {
		e.workers[c.worker].judged(false)
		e.invalid(c)
		return nil, false, nil
	}
	return nonce, true, nil
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
