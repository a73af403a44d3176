package conform

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// opened is a connection that is logged in, in the run's dialect.
func (e *Env) opened() (*Conn, error) {
	c, err := e.Dial()
	if err != nil {
		return nil, err
	}
	if a := openSession(e, c); a.Outcome != Accepted {
		return nil, fmt.Errorf("the login that this check begins with failed: %s", a)
	}
	return c, nil
}

// answers reports whether a session still answers, be it with an error.
func (e *Env) answers(c *Conn) bool { return c.Await(e.ask(c)).Message != nil }

// ask sends a request that every pool answers.
func (e *Env) ask(c *Conn) string {
	if e.cfg.Profile == CKB {
		return c.Request("mining.authorize", []any{e.cfg.Login, e.cfg.Pass})
	}
	return c.Request("keepalived", params{})
}

// beside sends bytes on a connection of their own, expects an error or the
// end there, and nothing amiss on a session beside it.
func (e *Env) beside(rows map[string][]byte, order []string) error {
	healthy, err := e.opened()
	if err != nil {
		return err
	}
	for _, what := range order {
		c, err := e.Dial()
		if err != nil {
			return failed(err.Error()+" after hostile lines", "the pool goes on serving")
		}
		c.Write(append(rows[what], '\n'))
		a := c.AwaitError()
		if a.Outcome != Refused && a.Outcome != Ended {
			return failed(a.String()+" to "+what, "an error", "a closed connection")
		}
		c.Close()
		if !e.answers(healthy) {
			return failed("another session got no answer after "+what, "other sessions go on")
		}
	}
	return e.healthy("hostile lines")
}

// robJSON01: what is no JSON.
func robJSON01(e *Env) error {
	return e.beside(map[string][]byte{
		"text": []byte("hello"), "a cut object": []byte(`{"id":1,"method":`), "bare brackets": []byte("}{"),
		"trailing text": []byte(`{"id":1,"method":"login","params":{}} x`), "control bytes": {'{', 0, 1, 2, '}'},
	}, []string{"text", "a cut object", "bare brackets", "trailing text", "control bytes"})
}

// robJSON02: what is no UTF-8.
func robJSON02(e *Env) error {
	healthy, err := e.opened()
	if err != nil {
		return err
	}
	c, err := e.Dial()
	if err != nil {
		return err
	}
	c.Write([]byte("{\"id\":\"\xff\xfe\",\"method\":\"\xc3\x28\",\"params\":[\"\xed\xa0\x80\"]}\n"))
	if a := c.AwaitError(); a.Message != nil && !utf8.ValidString(a.Message.Raw) {
		return failed("bytes that are no UTF-8 came back", "an error in valid UTF-8", "a closed connection")
	}
	for _, line := range c.foreign {
		if !utf8.ValidString(line) {
			return failed("bytes that are no UTF-8 came back", "an error in valid UTF-8", "a closed connection")
		}
	}
	if !e.answers(healthy) {
		return failed("another session got no answer", "other sessions go on")
	}
	return e.healthy("invalid UTF-8")
}

// robJSON03: much to parse.
func robJSON03(e *Env) error {
	const n = 100_000
	var keys bytes.Buffer
	for i := range n {
		fmt.Fprintf(&keys, `"k%d":0,`, i)
	}
	return e.beside(map[string][]byte{
		"deep nesting":   []byte(`{"id":1,"method":"login","params":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}"),
		"a long number":  []byte(`{"id":1,"method":"login","params":{"login":` + strings.Repeat("9", n) + "}}"),
		"masses of keys": []byte(`{"id":1,"method":"login","params":{` + keys.String() + `"z":0}}`),
	}, []string{"deep nesting", "a long number", "masses of keys"})
}

// robJSON05: JSON that is no object.
func robJSON05(e *Env) error {
	return e.beside(map[string][]byte{"1": []byte("1"), "[]": []byte("[]"), `"x"`: []byte(`"x"`), "null": []byte("null")},
		[]string{"1", "[]", `"x"`, "null"})
}

// robLine01: a line without end.
func robLine01(e *Env) error {
	c, err := e.Dial()
	if err != nil {
		return err
	}
	chunk := bytes.Repeat([]byte("a"), 64<<10)
	const most = 64 << 20
	sent := 0
	for ; sent < most && !c.closed && e.ctx.Err() == nil; sent += len(chunk) {
		c.Write(chunk)
		if line, ok := c.Next(time.Millisecond).(Line); ok && line.Message != nil {
			break // an error: it has noticed
		}
	}
	if sent >= most {
		return failed(fmt.Sprintf("%d MiB without a line feed were taken", most>>20), "an error", "a closed connection")
	}
	return e.healthy("a line without end")
}

// robLine02: a long legal line.
func robLine02(e *Env) error {
	c, err := e.Dial()
	if err != nil {
		return err
	}
	// Blanks between tokens are legal and mean nothing.
	pad := strings.Repeat(" ", 3700)
	method, p := "login", any(e.loginParams())
	if e.cfg.Profile == CKB {
		method, p = "mining.subscribe", []any{agent}
	}
	c.Send(strings.Replace(requestLine("1", method, p), `"method"`, pad+`"method"`, 1))
	if a := c.Await("1"); a.Outcome != Accepted {
		return failed(a.String()+" to a line of about 4,000 bytes", "the request is served")
	}
	return nil
}

// robLine03: a burst of lines.
func robLine03(e *Env) error {
	c, err := e.opened()
	if err != nil {
		return err
	}
	const count = 1000
	var lines bytes.Buffer
	method, p := "keepalived", any(params{})
	if e.cfg.Profile == CKB {
		method, p = "mining.suggest_difficulty", []any{1}
	}
	for i := range count {
		fmt.Fprintln(&lines, requestLine(fmt.Sprint(10_000+i), method, p))
	}
	c.Write(lines.Bytes())
	for i := range count {
		if a := c.Await(fmt.Sprint(10_000 + i)); a.Message == nil {
			return failed(fmt.Sprintf("%s to request %d of %d", a, i+1, count), "an answer to each")
		}
	}
	return nil
}

// robHalf01: a half-closed connection.
func robHalf01(e *Env) error {
	c, err := e.opened()
	if err != nil {
		return err
	}
	id := e.ask(c)
	half, ok := c.nc.(halfCloser)
	if !ok {
		return skipf("the connection cannot be closed on one side")
	}
	if err := half.CloseWrite(); err != nil {
		return err
	}
	if a := c.Await(id); a.Message == nil {
		return failed(a.String()+" to a request sent before closing the sending side", "its answer, then the end")
	}
	for end := time.Now().Add(e.cfg.Timeout); !c.closed && time.Now().Before(end); {
		c.Next(time.Until(end))
	}
	if !c.closed {
		return failed("the connection stays open", "the answer, then the end")
	}
	return nil
}

// secBan02: one bad share.
func secBan02(e *Env) error {
	if e.cfg.Profile == CKB {
		s, err := e.ckbLogin()
		if err != nil {
			return err
		}
		s.submit(s.job, "zz")
		s.submit(s.job, "zz")
	} else {
		s, err := e.cnLogin()
		if err != nil {
			return err
		}
		p, err := s.accept()
		if err != nil {
			return err
		}
		s.submit(p)
		s.submit(p.with("nonce", "zz"))
	}
	return e.healthy("one malformed and one repeated share")
}

// secAuth02: another session's identity.
func secAuth02(e *Env) error {
	if e.cfg.Profile == CKB {
		return ckbShr06(e)
	}
	return cnSub13(e)
}

// current is a session on the node's tip: it waits for the next one.
type current interface {
	// renewed waits until there is work on the node's tip.
	renewed(what string) error
	answering() bool
}

func (e *Env) current() (current, error) {
	if e.cfg.Profile == CKB {
		return e.ckbCurrent()
	}
	return e.cnCurrent()
}

func (s *cnSession) renewed(what string) error { _, err := s.follow(what); return err }

func (s *cnSession) answering() bool { return s.env.answers(s.Conn) }

// robNode01: the node fails for a while.
func robNode01(e *Env) error {
	s, err := e.current()
	if err != nil {
		return err
	}
	e.node.FailNext(1000)
	defer e.node.Recover()
	e.pause(min(2*time.Second, e.cfg.Timeout))
	if !s.answering() {
		return failed("a session got no answer while the node failed", "sessions go on")
	}
	e.node.Recover()
	if err := e.node.Mine(1); err != nil {
		return err
	}
	return s.renewed("the node's return")
}

// robNode02: a reorganisation.
func robNode02(e *Env) error {
	s, err := e.current()
	if err != nil {
		return err
	}
	if err := e.node.Mine(1); err != nil {
		return err
	}
	if err := s.renewed("a new block"); err != nil {
		return err
	}
	if err := e.node.Reorg(1); err != nil {
		return err
	}
	return s.renewed("a reorganisation")
}
