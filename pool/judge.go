package pool

import (
	"time"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/reward"
	"github.com/aditmine/adit/pool/vardiff"
	"github.com/aditmine/adit/pool/verify"
	"github.com/aditmine/adit/stratum"
)

// submission is a share on its way through the judge.
type submission struct {
	session *session
	id      stratum.ID
	at      time.Time
	miner   ledger.Miner
	vd      *vardiff.Controller // of the login that submitted
	job     job
	nonce   nonce
	size    int          // bytes of nonce that are the miner's
	claimed *hash.Digest // the result the miner claims; nil: the dialect has none
	digest  hash.Digest
	stale   bool // of interest only as a block
	solo    bool // the login asks for SOLO
}

// submit judges a share. The checks that cost nothing are made here, on the
// session's reading goroutine, which waits while too many of its shares are
// unanswered; hashing and bookkeeping happen elsewhere.
func (s *session) submit(sub *submission, find func() (job, Reason)) {
	select {
	case s.slots <- struct{}{}:
	case <-s.pool.hard.Done():
		return
	}
	verdict := sub.check(find)
	if verdict != accepted {
		sub.settle(verdict)
	}
}

// check makes the cheap checks in the judge's order, and passes a share that
// survives them on to be hashed.
func (sub *submission) check(find func() (job, Reason)) Reason {
	var verdict Reason
	if sub.job, verdict = find(); verdict != accepted {
		return verdict
	}
	feed := sub.session.feed
	sub.stale = !feed.fresh(sub.job.round)
	if sub.stale && !sub.maybeBlock() {
		return Stale
	}
	if sub.claimed != nil {
		if target := sub.job.target(); !feed.algorithm.Meets(sub.claimed, &target) {
			return LowDifficulty
		}
	}
	if !sub.job.round.claim(sub.solution()) {
		return Duplicate
	}
	if verdict = sub.enqueue(); verdict != accepted {
		sub.job.round.release(sub.solution())
	}
	return verdict
}

// maybeBlock reports whether a share could solve its block, stale as it is. A
// miner that claims no result has to be believed, which only a cheap hash
// allows.
func (sub *submission) maybeBlock() bool {
	a := sub.session.feed.algorithm
	if sub.claimed == nil {
		return a.Scratchpad == 0
	}
	return a.Meets(sub.claimed, &sub.job.round.Target)
}

func (sub *submission) solution() solution { return solution{sub.job.extra, sub.nonce} }

// enqueue hands the share to the verifier, ahead of others if it may be a
// block.
func (sub *submission) enqueue() Reason {
	in, err := sub.job.input()
	if err != nil {
		sub.session.pool.log.Error("making the input of a share", "session", sub.session.id, "err", err)
		return Overloaded
	}
	copy(in.Blob[in.NonceOffset:][:in.NonceSize], sub.nonce[:])
	request := verify.Request{
		Input: hash.Input{Blob: in.Blob, Height: sub.job.round.Height},
		Owner: sub.session.id,
		Done:  sub.hashed,
	}
	urgent := sub.claimed != nil && sub.maybeBlock()
	if sub.session.feed.verifier.Submit(request, urgent) != nil {
		return Overloaded
	}
	return accepted
}

// hashed goes on with the share once its digest is known; it runs on a hashing
// thread.
func (sub *submission) hashed(d hash.Digest, err error) {
	if err != nil {
		sub.session.pool.log.Error("hashing a share", "session", sub.session.id, "err", err)
		sub.refuse(Overloaded)
		return
	}
	sub.digest = d
	a, target := sub.session.feed.algorithm, sub.job.target()
	switch {
	case sub.claimed != nil && d != *sub.claimed:
		sub.refuse(BadHash)
	case a.Meets(&d, &sub.job.round.Target):
		sub.session.pool.spawn(sub.solved)
	case sub.stale:
		sub.refuse(Stale)
	case !a.Meets(&d, &target):
		sub.refuse(LowDifficulty)
	default:
		sub.record(false)
	}
}

// refuse settles a share that is no solution, and forgets that it was sent.
func (sub *submission) refuse(verdict Reason) {
	sub.job.round.release(sub.solution())
	sub.settle(verdict)
}

// record commits the share; the miner is answered when it is on disk.
func (sub *submission) record(block bool) {
	s := sub.session
	s.pool.committer.Append(sub.share(block), func(err error) {
		if err != nil {
			s.pool.complain("shares cannot be recorded and are refused", err)
			sub.settle(NotRecorded)
			return
		}
		sub.settle(accepted)
	})
}

// share is how the ledger books it.
func (sub *submission) share(block bool) ledger.Share {
	s := sub.session
	return ledger.Share{
		Miner:      sub.miner,
		Session:    s.id,
		Template:   sub.job.round.id,
		Height:     sub.job.round.Height,
		Difficulty: sub.job.difficulty,
		Time:       s.pool.deps.Now(),
		Block:      block,
		Terms:      s.port.terms(sub.solo),
	}
}

// settle answers the share, once, and counts it.
func (sub *submission) settle(verdict Reason) {
	s := sub.session
	s.port.counters.share(verdict, sub.job.difficulty) // first: what a miner was told has been counted
	s.dialect.answer(sub.id, verdict)
	s.judged(sub.miner.Login, verdict)
	if verdict == accepted {
		s.credited(sub)
		s.pool.deps.Observe(&ShareAccepted{Session: s.id, Miner: sub.miner, Difficulty: sub.job.difficulty,
			Solo: s.port.terms(sub.solo).Scheme == reward.SOLO, Latency: time.Since(sub.at)})
	} else {
		s.pool.log.Debug("share refused", "session", s.id, "login", stratum.Printable(sub.miner.Login), "worker", sub.miner.Worker, "reason", verdict)
		s.pool.deps.Observe(&ShareRejected{Session: s.id, Miner: sub.miner, Reason: verdict})
	}
	<-s.slots
}

// credited lets vardiff see the share, and sends a job where it retargets.
func (s *session) credited(sub *submission) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open || s.vd != sub.vd {
		return
	}
	if s.vd.Share(s.pool.deps.Now(), sub.job.difficulty) {
		s.push()
	}
}
