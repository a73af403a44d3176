package conform

import (
	"fmt"
	"time"

	"github.com/aditmine/adit/harness/wire"
)

func (e *Env) tipWait() time.Duration { return e.cfg.TipWait }

// cnCurrent logs in and waits until the session has work on the node's tip.
func (e *Env) cnCurrent() (*cnSession, error) {
	s, err := e.cnLogin()
	if err != nil {
		return nil, err
	}
	want := e.node.Height() + 1
	if s.job.height == 0 {
		return nil, skipf("the pool's jobs do not say their height")
	}
	if s.job.height != want && s.nextJob(e.tipWait(), func(j *cnJob) bool { return j.height == want }) == nil {
		return nil, fmt.Errorf("the pool gives work for height %d while the node's next is %d: is it configured to use the harness's node?", s.job.height, want)
	}
	return s, nil
}

// advance lets the node find blocks and waits for work on the last of them.
func (s *cnSession) advance(blocks int) (*cnJob, error) {
	if err := s.env.node.Mine(blocks); err != nil {
		return nil, err
	}
	return s.follow("a new block")
}

// follow waits for work on the node's tip.
func (s *cnSession) follow(what string) (*cnJob, error) {
	want := s.env.node.Height() + 1
	if j := s.nextJob(s.env.tipWait(), func(j *cnJob) bool { return j.height == want }); j != nil {
		return j, nil
	}
	return nil, failed(fmt.Sprintf("no job of height %d within %v of %s", want, s.env.tipWait(), what), "a job on the new tip")
}

// cnJob02: job ids.
func cnJob02(e *Env) error {
	s, err := e.cnCurrent()
	if err != nil {
		return err
	}
	seen := map[string]string{}
	for range 3 {
		if s.job.id == "" {
			return failed("job_id "+clip(string(s.job.fields["job_id"])), "a text that is not empty")
		}
		if blob, taken := seen[s.job.id]; taken && blob != s.job.blob {
			return failed("the job id "+clip(s.job.id)+" twice", "a job id of its own for each job")
		}
		seen[s.job.id] = s.job.blob
		if _, err := s.advance(1); err != nil {
			return err
		}
	}
	return nil
}

// cnJob09: new blocks reach every session.
func cnJob09(e *Env) error {
	var sessions []*cnSession
	for range 5 {
		s, err := e.cnCurrent()
		if err != nil {
			return err
		}
		sessions = append(sessions, s)
	}
	before := sessions[0].job.blob[14:78]
	if _, err := sessions[0].advance(1); err != nil {
		return err
	}
	for _, s := range sessions {
		if s.job.height != e.node.Height()+1 {
			if _, err := s.follow("a new block"); err != nil {
				return err
			}
		}
		if len(s.job.blob) >= 78 && s.job.blob[14:78] == before {
			return failed("a job with the previous block's parent", "a job on the new tip")
		}
	}
	return nil
}

// cnJob12: the shape of a push.
func cnJob12(e *Env) error {
	s, err := e.cnCurrent()
	if err != nil {
		return err
	}
	if _, err := s.advance(1); err != nil {
		return err
	}
	m := s.pushes[s.pushed-1]
	if !m.Null("id") {
		return failed("the message "+clip(m.Raw), `method "job" and no id`)
	}
	return nil
}

// cnSub05: a false solution of a block.
func cnSub05(e *Env) error {
	s, err := e.cnCurrent()
	if err != nil {
		return err
	}
	p, err := s.valid(s.job)
	if err != nil {
		return err
	}
	taken, refusedBefore := e.node.Handed()
	zeros := "0000000000000000000000000000000000000000000000000000000000000000"
	if err := refused("a result of zeros", s.submit(p.with("result", zeros))); err != nil {
		return err
	}
	e.pause(e.quiet())
	if t, r := e.node.Handed(); t != taken || r != refusedBefore {
		return failed("the pool handed the node a block", "nothing reaches the node")
	}
	return nil
}

// cnSub16: shares for the block before.
func cnSub16(e *Env) error {
	s, err := e.cnCurrent()
	if err != nil {
		return err
	}
	p, err := s.valid(s.job)
	if err != nil {
		return err
	}
	if _, err := s.advance(1); err != nil {
		return err
	}
	return e.late(s.submit(p), "a share for the block before", true)
}

// cnSub17: shares for older blocks.
func cnSub17(e *Env) error {
	s, err := e.cnCurrent()
	if err != nil {
		return err
	}
	p, err := s.valid(s.job)
	if err != nil {
		return err
	}
	for range 3 {
		if _, err := s.advance(1); err != nil {
			return err
		}
	}
	return e.late(s.submit(p), "a share three blocks old", false)
}

// late judges the answer to a stale share.
func (e *Env) late(a Answer, what string, grace bool) error {
	switch {
	case a.Outcome == Accepted && grace:
		e.note("the pool accepts shares for the block before")
		return nil
	case a.Outcome == Accepted:
		return failed(a.String()+" to "+what, "an error that says stale")
	case a.Outcome != Refused:
		return failed(a.String()+" to "+what, "an error that says stale")
	}
	if r := wire.ClassifyReason(a.Code, a.Text); grace && r != wire.ReasonStale {
		return failed(a.String()+" to "+what, "acceptance", "an error that says stale")
	}
	return nil
}

// cnSub23: a solved block.
func cnSub23(e *Env) error {
	was := e.node.Difficulty()
	s, err := e.cnCurrent()
	if err != nil {
		return err
	}
	w, err := s.work(s.job)
	if err != nil {
		return err
	}
	if err := e.node.SetDifficulty(max(2, w.difficulty)); err != nil {
		return skipf("the node's difficulty cannot be lowered: %v", err)
	}
	defer func() {
		_ = e.node.SetDifficulty(was) // it could a moment ago
		_, _ = s.advance(1)           // no job of the low difficulty is left to others
	}()
	if _, err := s.advance(1); err != nil { // the next template has the new difficulty
		return err
	}
	if w, err = s.work(s.job); err != nil {
		return err
	}
	w.difficulty = max(w.difficulty, e.node.Difficulty())
	w.target = hardest(w.target, w.difficulty)
	found, err := e.valid(w)
	if err != nil {
		return err
	}
	return e.solves(func() Answer { return s.submit(s.params(s.job, w, &found)) })
}

// solves submits a share that solves a block, and waits for the node to get it.
func (e *Env) solves(submit func() Answer) error {
	taken, _ := e.node.Handed()
	e.node.handsIn()
	if a := submit(); a.Outcome != Accepted {
		return failed(a.String()+" to a share that solves a block", "the share is accepted")
	}
	for end := time.Now().Add(e.cfg.Timeout); time.Now().Before(end); e.pause(20 * time.Millisecond) {
		if t, _ := e.node.Handed(); t > taken {
			return nil
		}
	}
	return failed("no block reached the node", "the node gets the block at once")
}
