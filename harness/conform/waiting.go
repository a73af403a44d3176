package conform

import (
	"fmt"
	"strings"
	"time"
)

// longest is how long a check waits for a declared time to pass.
const longest = 45 * time.Second

// declared returns a declared time that is short enough to be waited for.
func declared(name string, d time.Duration) (time.Duration, error) {
	switch {
	case d == 0:
		return 0, skipf("the adapter declares no %s", name)
	case d > longest:
		return 0, skipf("the declared %s of %v is too long to wait for: test a pool with a shorter one", name, d)
	}
	return d, nil
}

// ends waits for the end of a connection on which nothing is sent.
func (c *Conn) ends(within time.Duration) bool {
	for end := time.Now().Add(within); !c.closed; {
		if _, silent := c.Next(time.Until(end)).(Silence); silent {
			return false
		}
	}
	return true
}

// robSlow01: no login.
func robSlow01(e *Env) error {
	limit, err := declared("login_timeout", e.cfg.Declared.LoginTimeout)
	if err != nil {
		return err
	}
	c, err := e.Dial()
	if err != nil {
		return err
	}
	for end := time.Now().Add(limit + limit/2 + e.cfg.Timeout); time.Now().Before(end) && !c.closed; {
		c.Write([]byte(" ")) // a byte now and then, and never a line
		c.ends(limit / 8)
	}
	if !c.closed {
		return failed(fmt.Sprintf("the connection was open %v after it began", limit+limit/2+e.cfg.Timeout), fmt.Sprintf("it is closed after %v", limit))
	}
	return nil
}

// cnKeep02: the idle timer.
func cnKeep02(e *Env) error {
	idle, err := declared("idle_timeout", e.cfg.Declared.IdleTimeout)
	if err != nil {
		return err
	}
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	for range 2 { // both spans together are longer than the timeout
		if s.ends(idle * 7 / 10) {
			return failed(fmt.Sprintf("the connection closed before %v without a request", idle), "a keepalive restarts the timer")
		}
		if err := s.alive(); err != nil {
			return err
		}
	}
	if !s.ends(idle*2 + e.cfg.Timeout) {
		return failed(fmt.Sprintf("the connection was open after %v of silence", idle*2+e.cfg.Timeout), fmt.Sprintf("it is closed after %v", idle))
	}
	return nil
}

// cnKeep03: a miner that finds nothing.
func cnKeep03(e *Env) error {
	idle, err := declared("idle_timeout", e.cfg.Declared.IdleTimeout)
	if err != nil {
		return err
	}
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	for range 6 {
		if s.ends(idle / 2) {
			return failed("the connection closed", "a miner that keeps alive stays connected")
		}
		if err := s.alive(); err != nil {
			return err
		}
	}
	return nil
}

// robHalf02: a peer that says nothing any more.
func robHalf02(e *Env) error {
	idle, err := declared("idle_timeout", e.cfg.Declared.IdleTimeout)
	if err != nil {
		return err
	}
	c, err := e.opened()
	if err != nil {
		return err
	}
	if !c.ends(idle*2 + e.cfg.Timeout) {
		return failed(fmt.Sprintf("the connection was open after %v of silence", idle*2+e.cfg.Timeout), fmt.Sprintf("it is closed after %v", idle))
	}
	return nil
}

// refreshed waits for other work of the same height.
func (e *Env) refreshed() (m *miner, before, after *task, found share, err error) {
	period, err := declared("refresh", e.cfg.Declared.Refresh)
	if err != nil {
		return nil, nil, nil, share{}, err
	}
	if m, err = e.mine(); err != nil {
		return nil, nil, nil, share{}, err
	}
	if before, err = m.task(); err != nil {
		return nil, nil, nil, share{}, err
	}
	if found, err = e.valid(before.work); err != nil {
		return nil, nil, nil, share{}, err
	}
	if e.node != nil {
		if r, ok := e.node.Node.(Renewer); ok {
			r.Renew()
		}
	}
	after, err = m.next(period*2+e.cfg.Timeout, func(t *task) bool { return t.height == before.height })
	if err == nil && after == nil && m.closed {
		err = inconclusivef("the pool closed the connection before it had other work")
	}
	return m, before, after, found, err
}

// refresh: work of the same height comes within the declared period.
func refresh(e *Env) error {
	_, _, after, _, err := e.refreshed()
	if err == nil && after == nil {
		return failed("no other work of the same height", fmt.Sprintf("new work within %v", e.cfg.Declared.Refresh))
	}
	return err
}

// replaced: a share for a replaced template of the same height.
func replaced(e *Env) error {
	m, before, after, found, err := e.refreshed()
	switch {
	case err != nil:
		return err
	case after == nil:
		return inconclusivef("no other work of the same height came")
	case after.ckb != nil && after.ckb.clean:
		return failed("a clean job of the same parent", "a job that leaves the older one valid")
	}
	if a := m.hand(before, &found); a.Outcome != Accepted {
		return failed(a.String()+" to a share for the template before, of the same height", "the share is accepted")
	}
	return nil
}

// cnJob10: the same work under another id.
func cnJob10(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	seen := map[string]string{s.job.blob + text(s.job.fields["target"]): s.job.id}
	var again string
	s.nextJob(min(10*time.Second, 2*e.cfg.Timeout), func(j *cnJob) bool {
		key := j.blob + text(j.fields["target"])
		if other, known := seen[key]; known && other != j.id {
			again = j.id
		}
		seen[key] = j.id
		return again != ""
	})
	if again != "" {
		return failed("the same blob and target again as "+clip(again), "a new job only for new work")
	}
	return nil
}

// secRecon01: no session is sent elsewhere.
func secRecon01(e *Env) error {
	m, err := e.mine()
	if err != nil {
		return err
	}
	t, err := m.task()
	if err != nil {
		return err
	}
	if s, err := e.valid(t.work); err == nil {
		m.hand(t, &s)
		m.hand(t, &s)
	}
	e.drain(m.Conn)
	for _, push := range m.pushes {
		if strings.Contains(push.Method(), "reconnect") {
			return failed("the message "+clip(push.Raw), "no client.reconnect")
		}
	}
	return nil
}
