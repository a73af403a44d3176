package conform

import (
	"errors"
	"fmt"
)

// maxBurst is how many shares are sent in the hope of a retarget.
const maxBurst = 400

// retarget is a session whose difficulty has just risen.
type retarget struct {
	*miner
	before, after *task
	spare         []share // good ones of the job before, not yet sent
}

// raise sends good shares as fast as it finds them until the difficulty rises.
func (e *Env) raise() (*retarget, error) {
	s, err := e.newRaisable()
	if err != nil {
		return nil, err
	}
	r := &retarget{miner: s.miner, before: s.first}
	if r.spare, err = s.stock(s.first, 12); err != nil {
		return nil, err
	}
	if r.after, err = s.rises(); err != nil {
		return nil, err
	}
	if r.after == nil {
		return nil, inconclusivef("the difficulty did not rise from %d, whatever was submitted", s.first.difficulty)
	}
	return r, nil
}

// between returns a spare share that is good enough for the difficulty before
// the retarget and not for that after it.
func (r *retarget) between() (*share, error) {
	for i := range r.spare {
		if s := &r.spare[i]; !s.meets(r.after.work) {
			return s, nil
		}
	}
	return nil, inconclusivef("every share was by chance good enough for the new difficulty too")
}

// vdFlight01: shares in flight at a retarget.
func vdFlight01(e *Env) error {
	r, err := e.raise()
	if err != nil {
		return err
	}
	s, err := r.between()
	if err != nil {
		return err
	}
	if a := r.hand(r.before, s); a.Outcome != Accepted {
		return failed(fmt.Sprintf("%s to a share of the job before, good for its difficulty %d, after a raise to %d", a, r.before.difficulty, r.after.difficulty),
			"the share is accepted")
	}
	return nil
}

// newTarget: the new difficulty holds for the new job.
func newTarget(e *Env) error {
	r, err := e.raise()
	if err != nil {
		return err
	}
	easy, err := e.solve(r.after.work, func(s *share) bool {
		return s.misses(r.after.work) && s.meets(&work{algo: r.after.algo, target: r.before.target})
	})
	if err != nil {
		return err
	}
	if err := refused(fmt.Sprintf("a share for the new job that only meets the difficulty before, %d instead of %d", r.before.difficulty, r.after.difficulty),
		r.hand(r.after, &easy)); err != nil || r.closed {
		return err
	}
	good, err := e.valid(r.after.work)
	if err != nil {
		return err
	}
	if a := r.hand(r.after, &good); a.Outcome != Accepted {
		return failed(a.String()+" to a good share for the new job", "the share is accepted")
	}
	return nil
}

// vdSubsec01: a hundred shares at once.
func vdSubsec01(e *Env) error {
	m, err := e.mine()
	if err != nil {
		return err
	}
	t, err := m.task()
	if err != nil {
		return err
	}
	shares, err := m.stock(t, 100)
	if err != nil {
		return err
	}
	accepted := m.burst(t, shares)
	if m.closed {
		return failed(fmt.Sprintf("the connection closed on %d good shares at once", len(shares)), "answers, and a finite difficulty")
	}
	// Whatever comes of it has to be a job with a target, now and on a new login.
	if _, err := m.next(e.quiet(), func(*task) bool { return false }); err != nil {
		return failed("after the burst "+err.Error(), "a finite difficulty")
	}
	if !e.answers(m.Conn) {
		return failed("no answer after the burst", "the session goes on")
	}
	e.note(fmt.Sprintf("%d good shares at once, %d accepted", len(shares), accepted))
	return e.healthy("a burst of shares")
}

// bounds looks at every difficulty that a session is given across a retarget.
func (e *Env) bounds(look func(*task) error) error {
	r, err := e.raise()
	var failure *Failure
	if err != nil && !errors.As(err, &failure) {
		if m, merr := e.mine(); merr == nil { // a pool that stands still has one difficulty
			if t, terr := m.task(); terr == nil {
				return look(t)
			}
		}
	}
	if err != nil {
		return err
	}
	if err := look(r.before); err != nil {
		return err
	}
	return look(r.after)
}

// vdBound01: within the declared bounds.
func vdBound01(e *Env) error {
	low, high := e.cfg.Declared.MinDifficulty, e.cfg.Declared.MaxDifficulty
	if low == 0 && high == 0 && e.node == nil {
		return skipf("the adapter declares no min_difficulty and max_difficulty")
	}
	return e.bounds(func(t *task) error {
		switch {
		case t.difficulty < low-low/100:
			return failed(fmt.Sprintf("difficulty %d", t.difficulty), fmt.Sprintf("at least %d", low))
		case high > 0 && t.difficulty > high+high/100:
			return failed(fmt.Sprintf("difficulty %d", t.difficulty), fmt.Sprintf("at most %d", high))
		case e.node != nil && t.difficulty > e.node.Difficulty()+e.node.Difficulty()/100+1:
			return failed(fmt.Sprintf("difficulty %d", t.difficulty), fmt.Sprintf("at most the network's %d", e.node.Difficulty()))
		}
		return nil
	})
}

// vdBound02: at least 1, with a target.
func vdBound02(e *Env) error {
	return e.bounds(func(t *task) error {
		if t.difficulty < 1 {
			return failed(fmt.Sprintf("difficulty %d", t.difficulty), "at least 1")
		}
		return nil
	})
}

// vdBound03: a fixed difficulty.
func vdBound03(e *Env) error {
	if e.cfg.Declared.Fixed == "" {
		return skipf("the adapter declares no port of fixed difficulty")
	}
	e.target = e.cfg.Declared.Fixed
	m, err := e.mine()
	if err != nil {
		return err
	}
	t, err := m.task()
	if err != nil {
		return err
	}
	for range 4 {
		shares, err := m.stock(t, 50)
		if err != nil {
			return err
		}
		m.burst(t, shares)
		moved, err := m.next(e.quiet(), func(n *task) bool { return n.difficulty != t.difficulty })
		if err != nil {
			return err
		}
		if moved != nil {
			return failed(fmt.Sprintf("difficulty %d after %d", moved.difficulty, t.difficulty), "the same difficulty for ever")
		}
	}
	return nil
}
