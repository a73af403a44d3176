package miner

import "context"

const (
	// auditFirst is how many shares of each worker are all checked after they
	// were sent, auditEvery how many there are to each later check: hashing
	// again by slow code takes time from the search.
	auditFirst = 4
	auditEvery = 32
	// auditQueue is how many may wait for that; others go unchecked.
	auditQueue = 16
)

// auditor checks, behind the search, what trusted workers found. One wrong hit
// ends the trust in its worker.
type auditor struct {
	engine  *Engine
	checker *checker
	sent    []uint64 // by worker
	queue   chan candidate
}

func newAuditor(e *Engine) *auditor {
	return &auditor{
		engine: e, checker: newChecker(e.deps.NewHasher),
		sent: make([]uint64, e.cfg.Workers), queue: make(chan candidate, auditQueue),
	}
}

// note takes a share that has been sent; it never waits. It is called by the
// verifier's goroutine only.
func (a *auditor) note(c candidate) {
	n := a.sent[c.worker]
	a.sent[c.worker]++
	if n >= auditFirst && n%auditEvery != 0 {
		return
	}
	select {
	case a.queue <- c:
	default:
	}
}

// run checks until ctx ends.
func (a *auditor) run(ctx context.Context) error {
	defer a.checker.close()
	for {
		select {
		case <-ctx.Done():
			return nil
		case c := <-a.queue:
			if err := a.check(c); err != nil {
				return err
			}
		}
	}
}

func (a *auditor) check(c candidate) error {
	if err := a.checker.prepare(c.unit.job.Algorithm); err != nil {
		return err
	}
	e := a.engine
	digest, _, err := a.checker.hash(c)
	switch {
	case err != nil:
		e.note(EventWarning, "%s: cannot re-check a hit: %v", e.workers[c.worker].name(), err)
	case digest != c.hit.Digest:
		e.workers[c.worker].distrusted.Store(true)
		e.note(EventInvalid, "%s: hit %#x was sent, and its re-check gave another digest: from now on its hits are checked first",
			e.workers[c.worker].name(), c.hit.Nonce)
	}
	return nil
}
