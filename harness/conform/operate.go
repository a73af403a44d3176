package conform

import (
	"errors"
	"fmt"
)

// assigned is what makes a session's work its own: the blob, or nonce1.
func (e *Env) assigned() (string, error) {
	if e.cfg.Profile == CKB {
		s, a, err := e.ckbSubscribe()
		if err == nil && s.nonce1 == nil {
			err = fmt.Errorf("the subscribe that this check begins with failed: %s", a)
		}
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("nonce1 %x", s.nonce1), nil
	}
	s, err := e.cnLogin()
	if err != nil {
		return "", err
	}
	return "blob " + clip(s.job.blob[min(78, len(s.job.blob)):]), nil
}

// opsRestart03: nonces over a restart.
func opsRestart03(e *Env) error {
	const sessions = 5
	seen := map[string]bool{}
	for range sessions {
		own, err := e.assigned()
		if err != nil {
			return err
		}
		seen[own] = true
	}
	if err := errors.Join(e.cfg.Control.Kill(e.ctx), e.cfg.Control.Start(e.ctx)); err != nil {
		return err
	}
	for range sessions {
		own, err := e.assigned()
		if err != nil {
			return err
		}
		if seen[own] {
			return failed("the "+own+" again after a restart", "work that was not given out before")
		}
	}
	return nil
}

// opsDrain01: what was asked is answered before the end.
func opsDrain01(e *Env) error {
	m, err := e.mine()
	if err != nil {
		return err
	}
	t, err := m.task()
	if err != nil {
		return err
	}
	shares, err := m.stock(t, 20)
	if err != nil {
		return err
	}
	var ids []string
	for i := range shares {
		m.nextID++
		ids = append(ids, itoa(m.nextID))
		m.Write(m.line(ids[i], t, &shares[i]))
	}
	// The first answer shows that the batch has arrived.
	if a := m.Await(ids[0]); a.Message == nil {
		return failed(a.String()+" to the first share", "an answer")
	}
	if err := e.cfg.Control.Stop(e.ctx); err != nil {
		return err
	}
	unanswered := 0
	for _, id := range ids {
		if m.Await(id).Message == nil {
			unanswered++
		}
	}
	if err := e.cfg.Control.Start(e.ctx); err != nil {
		return err
	}
	if unanswered > 0 {
		return failed(fmt.Sprintf("%d of %d shares were not answered", unanswered, len(ids)), "every share sent before the end is answered")
	}
	return nil
}

// cnLogin15: the pool starts while its node is down.
func cnLogin15(e *Env) error {
	if err := e.cfg.Control.Stop(e.ctx); err != nil {
		return err
	}
	e.node.FailNext(1 << 20)
	err := e.withoutNode()
	e.node.Recover()
	if err := errors.Join(e.cfg.Control.Kill(e.ctx), e.cfg.Control.Start(e.ctx)); err != nil {
		return err
	}
	return err
}

// withoutNode logs in to a pool that has no template.
func (e *Env) withoutNode() error {
	if err := e.cfg.Control.Launch(e.ctx); err != nil {
		return err
	}
	e.pause(min(e.cfg.Timeout, e.cfg.TipWait) / 2)
	c, err := e.Dial()
	if err != nil {
		e.note("the pool opens its port only once it has a template")
		return nil
	}
	a := c.Call("login", e.loginParams())
	if a.Outcome != Accepted {
		return nil // an error, a close, or nothing until there is work
	}
	job := newCNJob(object(a.Message.Fields["result"])["job"])
	if job == nil || len(job.blob) < 2*cnMinBlob {
		return failed(a.String(), "an error", "a job later")
	}
	return failed("the job "+clip(job.blob)+" although the node has given no template", "an error", "a job later")
}
