package conform

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/aditmine/adit/harness/wire"
)

// sec15: what listens, and what it says.
func sec15(e *Env) error {
	s, err := e.mine()
	if err != nil {
		return err
	}
	listening, err := e.cfg.Operator.Listening(e.ctx)
	if err != nil {
		return undeclared("way to start the pool", err)
	}
	d := &e.cfg.Declared
	open := slices.Concat([]string{e.cfg.Target, d.TLS, d.Proxy, d.Fixed, d.Vardiff}, d.API)
	for _, at := range listening {
		if !slices.ContainsFunc(open, func(known string) bool { return samePort(known, at) }) {
			return failed("something listens at "+at, "nothing but the declared ports: "+strings.Join(given(open), " "))
		}
	}
	if err := e.private(); err != nil {
		return err
	}
	return e.noSecrets(s)
}

// private looks at pages that nobody may read without a secret.
func (e *Env) private() error {
	pages, err := e.cfg.Operator.Private(e.ctx)
	if err := undeclared("private pages", err); err != nil {
		e.note(err.Error())
		return nil
	}
	for page, status := range pages {
		if status >= 200 && status < 300 {
			return failed(fmt.Sprintf("%s answers a stranger with status %d", page, status), "status 401, 403 or 404")
		}
	}
	return nil
}

// noSecrets looks for a session's id, and its password, in what the pool shows.
func (e *Env) noSecrets(s *miner) error {
	shown, err := e.cfg.Operator.Shown(e.ctx)
	if err := undeclared("log or pages", err); err != nil {
		e.note(err.Error())
		return nil
	}
	secrets := map[string]string{"password of a miner": e.cfg.Pass}
	if s.cn != nil {
		secrets["session id of a miner"] = s.cn.id
	}
	for _, page := range shown {
		for what, secret := range secrets {
			if len(secret) > 7 && strings.Contains(page.Text, secret) {
				return failed(fmt.Sprintf("the %s in %s", what, page.Name), "no secrets")
			}
		}
	}
	return nil
}

// samePort reports whether two addresses have the same port: a pool may listen
// at all addresses of a machine.
func samePort(a, b string) bool {
	_, p, err := net.SplitHostPort(a)
	_, q, err2 := net.SplitHostPort(b)
	return err == nil && err2 == nil && p == q
}

// given leaves out what is empty.
func given(words []string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "" })
}

// sec16: settings that switch verification off.
func sec16(e *Env) error {
	if e.cfg.Operator == nil {
		return skipf("the adapter declares no unsafe settings to try")
	}
	taken, tried, err := e.cfg.Operator.StartsWith(e.ctx)
	if err != nil {
		return undeclared("unsafe settings to try", err)
	}
	e.note(fmt.Sprintf("%d unsafe settings tried", tried))
	if len(taken) > 0 {
		return failed("the pool takes "+strings.Join(taken, ", "), "it refuses to start with them on a main network")
	}
	return nil
}

// The names that secInj01 plants, and what of them must not be shown.
const (
	plantedMarkup  = `<script>harness()</script>`
	plantedImage   = `"><img src=x onerror=harness()>`
	plantedSQL     = `h'); DROP TABLE harness;--`
	plantedFormula = `=HARNESS()`
	plantedColor   = "\x1b[31mharness"
	plantedLine    = "harness\nharness-line"
)

// plant logs in and mines under names that are no names. A pool may refuse them.
func (e *Env) plant(name string) error {
	if e.cfg.Profile == CKB {
		s, a, err := e.ckbSubscribe()
		if err != nil || a.Outcome != Accepted {
			return err
		}
		worker := e.cfg.Login + e.cfg.Declared.WorkerSeparator + name
		if s.Call("mining.authorize", []any{worker, name}).Outcome != Accepted || s.nextJob(e.cfg.Timeout, func(*ckbJob) bool { return true }) == nil {
			return nil
		}
		nonce2, err := s.valid()
		if err == nil {
			s.Call("mining.submit", []any{worker, s.job.id, nonce2})
			s.Call("harness-"+name, []any{name})
		}
		return err
	}
	p := e.loginParams().with("login", e.cfg.Login+e.cfg.Declared.WorkerSeparator+name).with("agent", name).with("rigid", name).with("pass", name)
	c, err := e.Dial()
	if err != nil {
		return err
	}
	a := c.Call("login", p)
	s := &cnSession{Conn: c, env: e, login: a}
	if a.Outcome != Accepted {
		return nil
	}
	result := object(resultOf(a))
	if s.id, s.job = text(result["id"]), newCNJob(result["job"]); s.job == nil {
		return nil
	}
	found, err := s.valid(s.job)
	if err == nil {
		s.submit(found)
		s.Call("harness-"+name, params{"name": name})
	}
	return err
}

// secInj01: names that mean something elsewhere.
func secInj01(e *Env) error {
	if e.cfg.Declared.WorkerSeparator == "" {
		return skipf("the adapter declares no worker_separator")
	}
	for _, name := range []string{plantedMarkup, plantedImage, plantedSQL, plantedFormula, plantedColor, plantedLine} {
		if err := e.plant(name); err != nil {
			return err
		}
	}
	e.pause(min(2*time.Second, e.cfg.Timeout)) // pages may be kept for a second
	shown, err := e.cfg.Operator.Shown(e.ctx)
	if err != nil {
		return undeclared("log or pages", err)
	}
	for _, page := range shown {
		if what := alive(page); what != "" {
			return failed(fmt.Sprintf("%s in %s", what, page.Name), "planted names are inert wherever they are shown")
		}
	}
	e.note(fmt.Sprintf("looked at the log and %d pages", max(0, len(shown)-1)))
	if e.cfg.Ledger != nil {
		if _, err := e.read(); err != nil {
			return failed("the ledger cannot be read: "+clip(err.Error()), "planted names are inert")
		}
	}
	return e.healthy("logins with planted names")
}

// alive says which planted name could do something in a text.
func alive(s Shown) string {
	switch kind, _, _ := strings.Cut(s.Type, ";"); {
	case kind == "text/html" && (strings.Contains(s.Text, plantedMarkup) || strings.Contains(s.Text, plantedImage[2:])):
		return "markup"
	case kind == "text/csv" && strings.Contains("\n"+strings.ReplaceAll(s.Text, ",", "\n"), "\n"+plantedFormula):
		return "a formula"
	case strings.Contains(s.Text, "\x1b[31mharness"):
		return "a control sequence"
	case strings.Contains(s.Text, "\nharness-line"):
		return "a line break"
	}
	return ""
}

// opsMetric01: counters against the wire.
func opsMetric01(e *Env) error {
	m, err := e.mine()
	if err != nil {
		return err
	}
	t, err := m.task()
	if err != nil {
		return err
	}
	good, err := m.stock(t, 6)
	if err != nil {
		return err
	}
	before, err := e.cfg.Operator.Counters(e.ctx)
	if err != nil {
		return undeclared("metrics", err)
	}
	want := before
	count := func(a Answer) {
		switch {
		case a.Outcome == Accepted:
			want.Accepted++
		case a.Outcome == Refused && wire.ClassifyReason(a.Code, a.Text) == wire.ReasonStale:
			want.Stale++
			fallthrough
		case a.Outcome == Refused:
			want.Rejected++
		}
	}
	for i := range good[1:] {
		count(m.hand(t, &good[i]))
	}
	count(m.hand(t, &good[0]))
	count(m.hand(t, &good[0]))
	if e.node != nil && m.onTip("the login") == nil {
		for range 3 {
			if err := e.node.Mine(1); err != nil {
				return err
			}
			if err := m.onTip("a new block"); err != nil {
				return unmet(err)
			}
		}
		count(m.hand(t, &good[len(good)-1]))
	}
	var got Counters
	for end := time.Now().Add(2 * e.cfg.Timeout); ; e.pause(e.cfg.Timeout / 20) {
		if got, err = e.cfg.Operator.Counters(e.ctx); err != nil {
			return err
		}
		if got.agrees(want) || !time.Now().Before(end) {
			break
		}
	}
	if !got.agrees(want) {
		return failed(fmt.Sprintf("%+v after %+v", got, before), fmt.Sprintf("%+v", want))
	}
	return nil
}

// agrees reports whether counters are those of the wire. Some of the shares that
// are stale may be refused under another name there.
func (c Counters) agrees(wire Counters) bool {
	return c.Accepted == wire.Accepted && c.Rejected == wire.Rejected &&
		c.Stale >= wire.Stale && c.Stale-wire.Stale <= 1
}
