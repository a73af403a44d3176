package miner

import (
	"context"
	"errors"
	"time"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/stratumclient"
)

// shareKey tells shares in flight apart: job names belong to a connection.
type shareKey struct {
	generation uint64
	job, nonce string
}

// flight is a share that waits for its verdict.
type flight struct{ worker int }

func keyOf(s stratumclient.Share) shareKey {
	return shareKey{s.Job.Generation, s.Job.ID, string(s.Nonce)}
}

// maxInFlight bounds the shares without a verdict. It is below what a client
// takes: a worker that finds them faster waits.
const maxInFlight = 100

// awaitTurn blocks while too many shares are in flight, or enough to reach the
// goal. It returns false when ctx ends first.
func (e *Engine) awaitTurn(ctx context.Context) bool {
	for {
		if e.maySend() {
			return true
		}
		select {
		case <-e.settled:
		case <-ctx.Done():
			return false
		}
	}
}

func (e *Engine) maySend() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	flying := uint64(len(e.pending))
	return flying < maxInFlight && (e.cfg.Goal == 0 || e.tally.total.Accepted+flying < e.cfg.Goal)
}

// send passes a share to the client.
func (e *Engine) send(worker int, u *unit, share stratumclient.Share) {
	key := keyOf(share)
	e.mu.Lock()
	if e.outdated(u) { // it may have waited for its turn
		e.tally.count(worker, func(s *Shares) *uint64 { return &s.Late })
		e.mu.Unlock()
		return
	}
	e.pending[key] = flight{worker: worker}
	e.mu.Unlock()

	// Other errors are told in the ShareResult that follows them.
	if err := e.deps.Client.Submit(share); errors.Is(err, stratumclient.ErrBacklog) {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.pending, key)
		e.tally.count(worker, func(s *Shares) *uint64 { return &s.Late })
		e.noteLocked(EventWarning, "%v", err)
	}
}

// verdict books what became of a share.
func (e *Engine) verdict(r stratumclient.ShareResult) {
	key := keyOf(r.Share)
	f, known := e.pending[key]
	if !known {
		return
	}
	delete(e.pending, key)
	e.poke()
	switch {
	case r.Err != nil:
		e.unanswered(f.worker, r.Err)
	case r.Accepted:
		e.accepted(f.worker, r)
	default:
		e.rejected(f.worker, r)
	}
}

func (e *Engine) accepted(worker int, r stratumclient.ShareResult) {
	job := r.Share.Job
	reached := chain.ShareDifficulty(job.Algorithm.Number(&r.Share.Digest))
	e.tally.answered(r.Latency)
	e.tally.accepted(worker, job.Difficulty, reached, time.Now())
	s := e.tally.total
	e.noteLocked(EventAccepted, "accepted (%d/%d) diff %d (%s)",
		s.Accepted, s.Rejected+s.Stale, job.Difficulty, FormatLatency(r.Latency))
}

func (e *Engine) rejected(worker int, r stratumclient.ShareResult) {
	kind, reason := EventRejected, printable(r.Reason)
	e.tally.answered(r.Latency)
	if e.tally.rejected(worker, reason) {
		kind = EventStale
	}
	s := e.tally.total
	e.noteLocked(kind, "rejected (%d/%d) diff %d %q (%s)",
		s.Accepted, s.Rejected+s.Stale, r.Share.Job.Difficulty, reason, FormatLatency(r.Latency))
}

// unanswered books a share without a verdict: it never left, or nobody knows
// what the pool made of it.
func (e *Engine) unanswered(worker int, err error) {
	if errors.Is(err, stratumclient.ErrNotConnected) {
		e.tally.count(worker, func(s *Shares) *uint64 { return &s.Late })
	} else {
		e.tally.count(worker, func(s *Shares) *uint64 { return &s.Lost })
	}
	e.noteLocked(EventWarning, "share without a verdict: %v", err)
}

// poke wakes the verifier if it waits for a verdict.
func (e *Engine) poke() {
	select {
	case e.settled <- struct{}{}:
	default:
	}
}

func (e *Engine) inFlight() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.pending)
}

// loseInFlight books the shares whose verdict will not come.
func (e *Engine) loseInFlight() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for key, f := range e.pending {
		e.tally.count(f.worker, func(s *Shares) *uint64 { return &s.Lost })
		delete(e.pending, key)
	}
}

func (e *Engine) goalReached() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.cfg.Goal > 0 && e.tally.total.Accepted >= e.cfg.Goal
}
