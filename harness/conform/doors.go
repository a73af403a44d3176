package conform

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"
)

// cnConn06: the same over TLS.
func cnConn06(e *Env) error {
	e.target = e.cfg.Declared.TLS
	e.wrap = e.secured
	return cnLogin01(e)
}

// secured puts TLS around a connection.
func (e *Env) secured(nc net.Conn) (net.Conn, error) {
	// Whose certificate it is is not the question here.
	c := tls.Client(nc, &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true})
	if err := c.HandshakeContext(e.ctx); err != nil {
		return nil, failed("the TLS handshake failed: "+clip(err.Error()), "TLS 1.2 or newer")
	}
	e.note(tls.VersionName(c.ConnectionState().Version))
	return c, nil
}

// header opens a connection and begins it with a PROXY header.
func (e *Env) header(h string) (*Conn, error) {
	c, err := e.Dial()
	if err == nil {
		c.Write([]byte(h))
	}
	return c, err
}

// answered opens a session behind a header and reports whether it was let in.
func (e *Env) answered(h string) (Answer, error) {
	c, err := e.header(h)
	if err != nil {
		return Answer{}, err
	}
	return c.Call(e.firstRequest()), nil
}

const goodHeader = "PROXY TCP4 198.51.100.7 127.0.0.1 40000 3333\r\n"

// secPP01: a header on a port for everybody.
func secPP01(e *Env) error {
	a, err := e.answered(goodHeader)
	if err != nil {
		return err
	}
	if a.Outcome == Accepted {
		return failed(a.String()+" to a login behind a PROXY header of a stranger", "an error", "a closed connection")
	}
	return e.healthy("a forged PROXY header")
}

// badHeaders are headers that must not pass.
func badHeaders() map[string]string {
	return map[string]string{
		"no header": "", "the word alone": "PROXY\r\n", "three parts": "PROXY TCP4 198.51.100.7\r\n",
		"ports that are no numbers":     "PROXY TCP4 198.51.100.7 127.0.0.1 x y\r\n",
		"an address that is none":       "PROXY TCP4 300.1.1.1 127.0.0.1 1 2\r\n",
		"a header longer than 107":      "PROXY TCP4 " + strings.Repeat("1", 200) + "\r\n",
		"a cut header of version 2":     "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\x01\x02",
		"a length of version 2 too big": "\r\n\r\n\x00\r\nQUIT\n\x21\x11\xff\xff\x01\x02\x03\x04",
	}
}

// secPP02: a port that requires the header.
func secPP02(e *Env) error {
	e.target = e.cfg.Declared.Proxy
	a, err := e.answered(goodHeader)
	if err != nil {
		return err
	}
	if a.Outcome != Accepted {
		return failed(a.String()+" to a login behind a right header", "the login is accepted")
	}
	for what, h := range badHeaders() {
		a, err := e.answered(h)
		if err != nil {
			return err
		}
		if a.Outcome == Accepted {
			return failed(fmt.Sprintf("%s to a login behind %s", a, what), "a closed connection")
		}
	}
	return nil
}

// secPP04: headers that do no harm.
func secPP04(e *Env) error {
	e.target = e.cfg.Declared.Proxy
	for what, h := range badHeaders() {
		c, err := e.header(h)
		if err != nil {
			return failed(err.Error()+" before "+what, "the pool goes on serving")
		}
		c.Close()
	}
	a, err := e.answered(goodHeader)
	if err != nil || a.Outcome != Accepted {
		return failed(fmt.Sprintf("%s after malformed headers", a), "the pool goes on serving")
	}
	return nil
}

// secAuth01: nothing of one miner in the answers to another.
func secAuth01(e *Env) error {
	victim, err := e.mine()
	if err != nil {
		return err
	}
	secrets := map[string]string{"job id": ""}
	if victim.ckb != nil {
		secrets["job id"] = victim.ckb.job.id
	} else {
		secrets["session id"], secrets["job id"] = victim.cn.id, victim.cn.job.id
	}
	m, err := e.mine()
	if err != nil {
		return err
	}
	for _, method := range []string{"submit", "mining.submit", "getjob", "keepalived", "login", "mining.authorize", "stats", "getminers", "harness-no-such-method"} {
		if !m.closed {
			m.Call(method, []any{})
		}
		if !m.closed {
			m.Call(method, params{})
		}
	}
	for _, answers := range m.replies {
		for _, a := range answers {
			for what, secret := range secrets {
				if len(secret) > 3 && strings.Contains(a.Message.Raw, secret) {
					return failed("the "+what+" of another session in "+clip(a.Message.Raw), "nothing of other miners")
				}
			}
		}
	}
	return nil
}

// robJSON04: odd requests are treated alike each time.
func robJSON04(e *Env) error {
	method, p := e.firstRequest()
	ordinary := requestLine("1", method, p)
	for what, line := range map[string]string{
		"a repeated key": strings.Replace(ordinary, `"id":1,`, `"id":1,"id":2,`, 1),
		"null params":    requestLine("1", method, nil),
		"a batch":        "[" + ordinary + "]",
	} {
		var first Outcome
		for try := range 3 {
			c, err := e.Dial()
			if err != nil {
				return failed(err.Error()+" after "+what, "the pool goes on serving")
			}
			c.Send(line)
			outcome := c.AwaitError().Outcome
			if outcome == Silent {
				return failed("no answer in time to "+what, "an answer", "a closed connection")
			}
			if try > 0 && outcome != first {
				return failed(fmt.Sprintf("%s to %s, and %s the next time", first, what, outcome), "the same each time")
			}
			first = outcome
		}
	}
	return e.healthy("odd requests")
}

// ckbTgt02: never harder than the network.
func ckbTgt02(e *Env) error {
	m, err := e.mine()
	if err != nil {
		return err
	}
	was := e.node.Difficulty()
	if e.node.SetDifficulty(2) == nil {
		defer func() {
			_ = e.node.SetDifficulty(was) // it could a moment ago
			_ = e.node.Mine(1)            // no job of the low difficulty is left to others
		}()
		if err := e.node.Mine(1); err != nil {
			return err
		}
		if err := m.onTip("a new block"); err != nil {
			return err
		}
	}
	t, err := m.task()
	if err != nil {
		return err
	}
	if network := e.node.Difficulty(); t.difficulty > network+network/100+1 {
		return failed(fmt.Sprintf("share difficulty %d", t.difficulty), fmt.Sprintf("at most the network's %d", network))
	}
	return nil
}

// ckbTgt04: target and difficulty agree.
func ckbTgt04(e *Env) error {
	s, err := e.ckbLogin()
	if err != nil {
		return err
	}
	w, err := s.work(s.job)
	if err != nil {
		return err
	}
	for _, m := range s.pushes {
		if m.Method() != "mining.set_difficulty" {
			continue
		}
		var d float64
		if p := list(m.Fields["params"]); len(p) > 0 {
			_, _ = fmt.Sscan(string(p[0]), &d) // 0 agrees with nothing
		}
		if own := float64(w.difficulty); d < own*0.99 || d > own*1.01 {
			return failed(fmt.Sprintf("difficulty %g beside a target worth %.0f", d, own), "the same of both, within one percent")
		}
	}
	return nil
}

// ckbShr10: a solved block.
func ckbShr10(e *Env) error {
	s, err := e.ckbCurrent()
	if err != nil {
		return err
	}
	was := e.node.Difficulty()
	w, err := s.work(s.job)
	if err != nil {
		return err
	}
	if err := e.node.SetDifficulty(max(2, w.difficulty)); err != nil {
		return skipf("the node's difficulty cannot be lowered: %v", err)
	}
	defer func() {
		_ = e.node.SetDifficulty(was) // it could a moment ago
		_ = s.advance()               // no job of the low difficulty is left to others
	}()
	if err := s.advance(); err != nil {
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
	return e.solves(func() Answer { return s.submit(s.job, fmt.Sprintf("%x", found.nonce)) })
}
