package conform

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aditmine/adit/harness/stats"
)

// crowd logs many miners in.
func (e *Env) crowd() ([]*miner, error) {
	var all []*miner
	for range e.cfg.Crowd {
		m, err := e.mine()
		if err != nil {
			return nil, fmt.Errorf("miner %d of %d: %w", len(all)+1, e.cfg.Crowd, err)
		}
		all = append(all, m)
	}
	return all, nil
}

// jobDelays has a crowd of miners wait for a new block, and returns how long
// the work for it took to reach each.
func (e *Env) jobDelays() ([]time.Duration, error) {
	all, err := e.crowd()
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		if err := m.onTip("the login"); err != nil {
			return nil, err
		}
	}
	began := time.Now()
	if err := e.node.Mine(1); err != nil {
		return nil, err
	}
	var delays []time.Duration
	for i, m := range all {
		if err := m.onTip("a new block"); err != nil {
			return nil, fmt.Errorf("session %d of %d: %w", i+1, len(all), err)
		}
		delays = append(delays, m.seen.Sub(began))
	}
	return delays, nil
}

// latJob03: everybody is served.
func latJob03(e *Env) error {
	delays, err := e.jobDelays()
	if err != nil {
		return err
	}
	worst := slices.Max(delays)
	e.note(fmt.Sprintf("%d sessions, the last served after %v", len(delays), worst.Round(time.Microsecond)))
	if limit := 5*time.Second + e.cfg.Slack; worst > limit {
		return failed(fmt.Sprintf("work after %v", worst), "work within 5s for each session")
	}
	return nil
}

// latJob01: how long new work takes. Most of it is the pool's polling of its
// node, so the limit is that of a pool that is notified plus its wait.
func latJob01(e *Env) error {
	delays, err := e.jobDelays()
	if err != nil {
		return err
	}
	slices.Sort(delays)
	e.note(fmt.Sprintf("n=%d: median %v, last %v", len(delays), delays[len(delays)/2].Round(time.Microsecond), delays[len(delays)-1].Round(time.Microsecond)))
	if worst := delays[len(delays)-1]; worst > time.Second+e.cfg.Slack {
		return failed(fmt.Sprintf("the last of %d sessions got work after %v", len(delays), worst), "within a second of the node's new block")
	}
	return nil
}

// latJob02: how far sessions lie apart.
func latJob02(e *Env) error {
	delays, err := e.jobDelays()
	if err != nil {
		return err
	}
	spread := slices.Max(delays) - slices.Min(delays)
	e.note(fmt.Sprintf("n=%d: %v between the first and the last", len(delays), spread.Round(time.Microsecond)))
	if limit := 50*time.Millisecond + time.Duration(e.cfg.Crowd)*50*time.Microsecond + e.cfg.Slack; spread > limit {
		return failed(fmt.Sprintf("%v between the first and the last session", spread), fmt.Sprintf("at most %v", limit))
	}
	return nil
}

// latJob04: whether the order of connecting counts.
func latJob04(e *Env) error {
	delays, err := e.jobDelays()
	if err != nil {
		return err
	}
	order, took := make([]float64, len(delays)), make([]float64, len(delays))
	for i, d := range delays {
		order[i], took[i] = float64(i), float64(d)
	}
	rho, p := stats.Spearman(order, took)
	e.note(fmt.Sprintf("rank correlation of delay with order of connecting: %+.2f (p=%.2g, n=%d)", rho, p, len(delays)))
	return nil
}

// robStorm01: everybody comes back at once.
func robStorm01(e *Env) error {
	all, err := e.crowd()
	if err != nil {
		return err
	}
	var closing sync.WaitGroup
	for _, m := range all {
		closing.Go(m.Close)
	}
	closing.Wait()
	began := time.Now()
	conns := make([]*Conn, 0, len(all))
	for range all {
		c, err := e.Dial()
		if err != nil {
			return failed(fmt.Sprintf("%v, the %d. of %d connections at once", err, len(conns)+1, len(all)), "everybody is served")
		}
		c.Request(e.firstRequest())
		conns = append(conns, c)
	}
	for i, c := range conns {
		if a := c.Await("1"); a.Outcome != Accepted {
			return failed(fmt.Sprintf("%s to login %d of %d", a, i+1, len(conns)), "everybody is served")
		}
	}
	e.note(fmt.Sprintf("%d logins in %v", len(conns), time.Since(began).Round(time.Millisecond)))
	return nil
}

// firstRequest is what a miner begins with.
func (e *Env) firstRequest() (method string, p any) {
	if e.cfg.Profile == CKB {
		return "mining.subscribe", []any{agent, nil}
	}
	return "login", e.loginParams()
}

// secFlood01: a flood of logins beside a miner.
func secFlood01(e *Env) error {
	healthy, err := e.opened()
	if err != nil {
		return err
	}
	for i := range e.cfg.Crowd {
		c, err := e.Dial()
		if err != nil {
			break // it defends itself
		}
		c.Request(e.firstRequest())
		if i%20 != 19 {
			continue
		}
		began := time.Now()
		if !e.answers(healthy) {
			return failed(fmt.Sprintf("another session got no answer after %d logins", i+1), "other sessions go on")
		}
		if took := time.Since(began); took > time.Second+e.cfg.Slack {
			return failed(fmt.Sprintf("another session waited %v after %d logins", took, i+1), "an answer within a second")
		}
	}
	return nil
}

// latSub03: more than the pool can take.
func latSub03(e *Env) error {
	m, err := e.mine()
	if err != nil {
		return err
	}
	t, err := m.task()
	if err != nil {
		return err
	}
	shares, err := m.stock(t, 200)
	if err != nil {
		return err
	}
	m.burst(t, shares) // a refusal or a closed connection is shedding
	began := time.Now()
	if err := e.healthy("a burst of shares"); err != nil {
		return err
	}
	if took := time.Since(began); took > 10*time.Second+e.cfg.Slack {
		return failed(fmt.Sprintf("a login took %v after the load had ended", took), "service as before within 10s")
	}
	return nil
}

// latTCP01: answers that wait for the network stack.
func latTCP01(e *Env) error {
	c, err := e.opened()
	if err != nil {
		return err
	}
	var took []time.Duration
	for range 40 {
		began := time.Now()
		if !e.answers(c) {
			return failed("no answer", "an answer to each request")
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	median := took[len(took)/2]
	e.note(fmt.Sprintf("median of %d answers: %v", len(took), median.Round(time.Microsecond)))
	if median > 35*time.Millisecond+e.cfg.Slack/10 {
		return failed(fmt.Sprintf("answers after %v", median), "answers that do not wait 40 ms for acknowledgements")
	}
	return nil
}

// robSlow02: a client that does not read.
func robSlow02(e *Env) error {
	healthy, err := e.mine()
	if err != nil {
		return err
	}
	deaf, err := e.opened()
	if err != nil {
		return err
	}
	method, p := "keepalived", any(params{})
	if e.cfg.Profile == CKB {
		method, p = "mining.suggest_difficulty", []any{1}
	}
	// Nobody takes the deaf connection's events from here on: when its buffers
	// are full the pool can no longer write to it.
	var chunk, rest []byte
	for range 500 {
		chunk = append(chunk, requestLine("1", method, p)+"\n"...)
	}
	limit := time.Now().Add(e.cfg.patience() / 2)
	for open := true; open; {
		if time.Now().After(limit) || e.ctx.Err() != nil {
			return failed("the client that does not read is still connected", "it is removed")
		}
		if len(rest) == 0 {
			rest = chunk
		}
		rest, open = deaf.offer(rest, 200*time.Millisecond)
		if !e.answers(healthy.Conn) {
			return failed("another session got no answer beside a client that does not read", "the others notice nothing")
		}
	}
	if err := e.node.Mine(1); err != nil {
		return err
	}
	return healthy.onTip("a new block")
}
