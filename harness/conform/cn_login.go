package conform

import (
	"fmt"
	"math/big"
	"strings"
)

// cnLogin01: a complete login.
func cnLogin01(e *Env) error {
	c, err := e.Dial()
	if err != nil {
		return err
	}
	a := c.Call("login", e.loginParams())
	if a.Message == nil {
		return failed(a.String(), "a reply to the login")
	}
	result := object(a.Message.Fields["result"])
	job := newCNJob(result["job"])
	const accepted = `result with status "OK", an id, and a job with job_id, blob and target`
	switch {
	case a.Outcome != Accepted, text(result["status"]) != "OK", text(result["id"]) == "", job == nil:
		return failed(a.String(), accepted)
	case job.id == "" || job.blob == "" || text(job.fields["target"]) == "":
		return failed("the job "+clip(string(result["job"])), accepted)
	}
	return nil
}

// cnLogin02: ids come back as they were.
func cnLogin02(e *Env) error {
	for _, id := range []string{"1", "7", `"abc"`, "2147483648"} {
		c, err := e.Dial()
		if err != nil {
			return err
		}
		c.Send(requestLine(id, "login", e.loginParams()))
		if err := sameID(c, id, true); err != nil {
			return err
		}
		c.Send(requestLine(id, "harness-no-such-method", params{}))
		c.replies = map[string][]Answer{}
		if err := sameID(c, id, false); err != nil {
			return err
		}
	}
	return nil
}

// sameID expects a reply under an id with either a result or an error.
func sameID(c *Conn, id string, good bool) error {
	a := c.AwaitError()
	if a.Message == nil || !sameJSON(a.Message.Fields["id"], []byte(id)) {
		return failed(a.String()+" to a request with the id "+id, "a reply with the id "+id)
	}
	switch {
	case good && a.Outcome == Accepted && a.Message.Null("error"), !good && !a.Message.Null("error") && a.Message.Null("result"):
		return nil
	case good:
		return failed(a.String(), "a result, and an error that is null or absent")
	}
	return failed(a.String(), "an error, and a result that is null or absent")
}

// cnLogin03: text that is no address.
func cnLogin03(e *Env) error {
	return e.cnBadAddress("harness-not-an-address")
}

// cnLogin04: an address of another network.
func cnLogin04(e *Env) error {
	if e.cfg.ForeignLogin == "" {
		return skipf("needs an address of another network: give --foreign-user")
	}
	return e.cnBadAddress(e.cfg.ForeignLogin)
}

// cnBadAddress expects a login to be refused with code and text.
func (e *Env) cnBadAddress(address string) error {
	c, err := e.Dial()
	if err != nil {
		return err
	}
	a := c.Call("login", e.loginParams().with("login", address))
	const accepted = "error {code: integer, message: text} and no job"
	if a.Outcome != Refused {
		return failed(a.String(), accepted)
	}
	o := object(a.Message.Fields["error"])
	if _, ok := new(big.Int).SetString(string(o["code"]), 10); !ok || text(o["message"]) == "" {
		return failed(a.String(), accepted)
	}
	e.drain(c)
	for _, m := range c.pushes {
		if m.Method() == "job" {
			return failed("the message "+clip(m.Raw)+" after the refusal", accepted)
		}
	}
	return nil
}

// cnLogin05: broken logins.
func cnLogin05(e *Env) error {
	good := e.loginParams()
	table := []struct {
		what string
		p    any
	}{
		{"params null", nil}, {"params as a list", []any{e.cfg.Login}}, {"params as text", "x"}, {"empty params", params{}},
		{"no login", good.with("login", nil)}, {"an empty login", good.with("login", "")},
		{"login as a number", good.with("login", 5)}, {"login as an object", good.with("login", params{})},
		{"no pass", good.with("pass", nil)}, {"pass as a number", good.with("pass", 5)},
		{"no agent", good.with("agent", nil)}, {"agent as a list", good.with("agent", []any{})},
	}
	for _, row := range table {
		c, err := e.Dial()
		if err != nil {
			return failed(err.Error(), "the pool goes on serving")
		}
		a := c.Call("login", row.p)
		named := strings.Contains(row.what, "pass") || strings.Contains(row.what, "agent")
		if a.Outcome == Refused || a.Outcome == Ended || named && a.Outcome == Accepted {
			continue
		}
		return failed(a.String()+" to a login with "+row.what, "an error", "a closed connection")
	}
	return e.healthy("broken logins")
}

// cnLogin06: a request without id.
func cnLogin06(e *Env) error {
	c, err := e.Dial()
	if err != nil {
		return err
	}
	c.Send(strings.Replace(requestLine("1", "login", e.loginParams()), `"id":1,`, "", 1))
	if a := c.AwaitError(); a.Outcome == Silent || a.Outcome == Accepted && a.Message.Null("result") {
		return failed(a.String(), "a reply", "a closed connection")
	}
	return nil
}

// cnLogin07: two logins on one connection.
func cnLogin07(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	old := *s
	a := s.Call("login", e.loginParams())
	if a.Outcome == Refused || a.Outcome == Ended {
		return nil
	}
	if a.Outcome != Accepted {
		return failed(a.String()+" to a second login", "a refusal", "a new session")
	}
	result := object(a.Message.Fields["result"])
	if text(result["id"]) == old.id {
		e.note("the second login keeps the session id")
		return nil
	}
	stolen, err := old.valid(old.job)
	if err != nil {
		return err
	}
	return refused("a share under the session id before", s.submit(stolen))
}

// cnLogin10: long names.
func cnLogin10(e *Env) error {
	for _, key := range []string{"agent", "rigid"} {
		for _, length := range []int{64, 255, 1024} {
			c, err := e.Dial()
			if err != nil {
				return failed(err.Error(), "the pool goes on serving")
			}
			a := c.Call("login", e.loginParams().with(key, strings.Repeat("n", length)))
			if a.Outcome == Silent || a.Outcome == Unclear {
				return failed(fmt.Sprintf("%s to a %s of %d characters", a, key, length), "a login", "an error", "a closed connection")
			}
		}
	}
	return e.healthy("long names")
}

// cnLogin11: session ids.
func cnLogin11(e *Env) error {
	const logins = 40
	var ids []string
	seen := map[string]bool{}
	for range logins {
		s, err := e.cnLogin()
		if err != nil {
			return err
		}
		if seen[s.id] {
			return failed("the session id "+clip(s.id)+" twice", "a session id of its own for each login")
		}
		seen[s.id] = true
		ids = append(ids, s.id)
	}
	if step, ok := progression(ids); ok {
		return failed("session ids that each differ from the last by "+step, "session ids that do not follow from one another")
	}
	e.note(fmt.Sprintf("%d logins looked at", logins))
	return nil
}

// progression reports the difference between numbers that follow one another
// in steps that are all small: a counter, perhaps shared with other clients.
func progression(ids []string) (string, bool) {
	small := big.NewInt(1 << 16)
	var last *big.Int
	for _, id := range ids {
		n, ok := new(big.Int).SetString(id, 16)
		if !ok {
			return "", false
		}
		if last != nil && new(big.Int).Abs(new(big.Int).Sub(n, last)).Cmp(small) > 0 {
			return "", false
		}
		last = n
	}
	return "less than 65536", true
}

// cnLogin12: no common algorithm.
func cnLogin12(e *Env) error {
	c, err := e.Dial()
	if err != nil {
		return err
	}
	return rejected(`a login whose only algorithm is "rx/none"`, c.Call("login", e.loginParams().with("algo", []string{"rx/none"})))
}

// cnLogin13: jobs name their algorithm.
func cnLogin13(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	name := text(s.job.fields["algo"])
	if e.cfg.Algorithm != nil {
		if name == "" {
			return failed("a job without algo", "a job with algo")
		}
		return nil
	}
	if name == "" {
		return skipf("needs the pool's algorithm: give --algo")
	}
	if s, err = e.cnLoginWith(e.loginParams().with("algo", []string{name})); err != nil {
		return err
	}
	if text(s.job.fields["algo"]) == "" {
		return failed("a job without algo", "a job with algo")
	}
	return nil
}

// cnLogin14: a rig id.
func cnLogin14(e *Env) error {
	c, err := e.Dial()
	if err != nil {
		return err
	}
	if a := c.Call("login", e.loginParams().with("rigid", "rig-7")); a.Outcome != Accepted {
		return failed(a.String(), "the login is accepted")
	}
	return nil
}
