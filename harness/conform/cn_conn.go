package conform

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// cnConn01: the pool waits for the client.
func cnConn01(e *Env) error {
	c, err := e.Dial()
	if err != nil {
		return err
	}
	switch ev := c.Next(min(2*time.Second, e.cfg.Timeout)).(type) {
	case Line:
		return failed("the pool began with "+clip(string(ev.Raw)), "silence until the client speaks")
	case Closed:
		return failed("the pool closed the connection", "silence until the client speaks")
	}
	// A pool under load may only have been late: the login's reply comes first.
	c.Request("login", e.loginParams())
	if line, ok := c.Next(e.cfg.Timeout).(Line); ok && (line.Message == nil || strings.Trim(line.Message.ID(), `"`) != "1") {
		return failed("the pool began with "+clip(string(line.Raw)), "silence until the client speaks")
	}
	return nil
}

// cnConn02: every line is a JSON object.
func cnConn02(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	s.Call("keepalived", params{"id": s.id})
	s.Call("harness-no-such-method", params{})
	e.drain(s.Conn)
	if len(s.foreign) > 0 {
		return failed("the line "+clip(s.foreign[0]), "nothing but JSON objects, one a line")
	}
	return nil
}

// cnConn03: blanks and CRLF.
func cnConn03(e *Env) error {
	c, err := e.Dial()
	if err != nil {
		return err
	}
	c.Write([]byte("  " + requestLine("1", "login", e.loginParams()) + " \t\r\n"))
	if a := c.Await("1"); a.Outcome != Accepted {
		return failed(a.String(), "the login is accepted")
	}
	return nil
}

// cnConn04: pipelining.
func cnConn04(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	const count = 10
	for i := range count {
		fmt.Fprintln(&lines, requestLine(fmt.Sprint(100+i), "keepalived", params{"id": s.id}))
	}
	s.Write(lines.Bytes())
	for i := range count {
		if a := s.Await(fmt.Sprint(100 + i)); a.Message == nil {
			return failed(fmt.Sprintf("%s to request %d of %d", a, i+1, count), "one answer for each request")
		}
	}
	e.drain(s.Conn)
	for i := range count {
		if n := len(s.replies[fmt.Sprint(100+i)]); n != 1 {
			return failed(fmt.Sprintf("%d answers to request %d", n, i+1), "one answer for each request")
		}
	}
	return nil
}

// cnConn05: requests in pieces.
func cnConn05(e *Env) error {
	c, err := e.Dial()
	if err != nil {
		return err
	}
	for _, b := range []byte(requestLine("1", "login", e.loginParams()) + "\n") {
		c.Write([]byte{b})
	}
	a := c.Await("1")
	if a.Outcome != Accepted {
		return failed(a.String()+" to a login sent byte by byte", "the login is accepted")
	}
	id := text(object(a.Message.Fields["result"])["id"])
	length := len(requestLine("1000", "keepalived", params{"id": id}))
	for at := 1; at < length; at++ {
		name := fmt.Sprint(1000 + at)
		line := requestLine(name, "keepalived", params{"id": id}) + "\n"
		c.Write([]byte(line[:at]))
		e.pause(time.Millisecond) // its own segment
		c.Write([]byte(line[at:]))
		if a := c.Await(name); a.Message == nil {
			return failed(fmt.Sprintf("%s to a request cut after byte %d", a, at), "an answer wherever the request is cut")
		}
	}
	return nil
}

// cnConn07: HTTP.
func cnConn07(e *Env) error {
	c, err := e.Dial()
	if err != nil {
		return err
	}
	c.Write([]byte("GET / HTTP/1.1\r\nHost: pool\r\n\r\n"))
	ev := c.Next(e.cfg.Timeout)
	if err := e.healthy("an HTTP request"); err != nil {
		return err
	}
	if line, ok := ev.(Line); ok && bytes.HasPrefix(line.Raw, []byte("HTTP/")) {
		return nil
	}
	return failed(describe(ev), "an HTTP reply")
}

// describe says what an event was.
func describe(ev Event) string {
	switch ev := ev.(type) {
	case Line:
		return "the line " + clip(string(ev.Raw))
	case Closed:
		return "the connection closed"
	}
	return "nothing in time"
}

// cnMeth01: unknown methods.
func cnMeth01(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	if err := rejected("an unknown method", s.Call("harness-no-such-method", params{})); err != nil {
		return err
	}
	return s.alive()
}

// cnKeep01: keepalive.
func cnKeep01(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	a := s.Call("keepalived", params{"id": s.id})
	if a.Outcome == Accepted && text(object(a.Message.Fields["result"])["status"]) == "KEEPALIVED" {
		return nil
	}
	return failed(a.String(), `result {"status":"KEEPALIVED"}`)
}

// cnJob01: the blob.
func cnJob01(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	const accepted = "a blob of 43 to 408 bytes in hexadecimal digits, whose bytes 39 to 41 are 00"
	blob, err := decodeHex(s.job.blob)
	switch {
	case err != nil:
		return failed(err.Error(), accepted)
	case len(blob) < cnMinBlob || len(blob) > cnMaxBlob:
		return failed(fmt.Sprintf("%d bytes", len(blob)), accepted)
	case blob[39]|blob[40]|blob[41] != 0:
		return failed(fmt.Sprintf("nonce bytes %x", blob[39:43]), accepted)
	}
	return nil
}

// cnJob03: the target.
func cnJob03(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	target := text(s.job.fields["target"])
	b, err := decodeHex(target)
	if err == nil && (len(b) == 4 || len(b) == 8) && slices.Max(b) > 0 {
		return nil
	}
	return failed("target "+clip(string(s.job.fields["target"])), "8 or 16 hexadecimal digits that are not all zero")
}

// cnJob07: what the algorithm needs.
func cnJob07(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	name := text(s.job.fields["algo"])
	if name == "" && e.cfg.Algorithm != nil {
		name = e.cfg.Algorithm.Name
	}
	if name == "" {
		return skipf("the pool's jobs do not name their algorithm: give --algo")
	}
	if strings.HasPrefix(name, "rx/") && len(text(s.job.fields["seed_hash"])) != 64 {
		return failed("seed_hash "+clip(string(s.job.fields["seed_hash"])), "64 hexadecimal digits")
	}
	if name == "cn/r" && s.job.height == 0 {
		return failed("height "+clip(string(s.job.fields["height"])), "the block's height")
	}
	return nil
}

// cnJob08: no two blobs are equal.
func cnJob08(e *Env) error {
	const logins = 40
	seen := map[string]bool{}
	for range logins {
		s, err := e.cnLogin()
		if err != nil {
			return err
		}
		if seen[s.job.blob] {
			return failed("two connections with the blob "+clip(s.job.blob), "another blob for each connection")
		}
		seen[s.job.blob] = true
	}
	e.note(fmt.Sprintf("%d connections looked at", logins))
	return nil
}

// cnJob14: getjob.
func cnJob14(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	var first *cnJob
	for range 20 {
		a := s.Call("getjob", params{"id": s.id})
		if a.Outcome != Accepted {
			return failed(a.String(), "the present job")
		}
		j := newCNJob(a.Message.Fields["result"])
		if j == nil || j.blob == "" {
			return failed(a.String(), "the present job")
		}
		if first == nil {
			first = j
		}
		if len(s.pushes) == 0 && j.blob != first.blob {
			return failed("another blob at each call", "the same blob while nothing has changed")
		}
	}
	return nil
}

func decodeHex(digits string) ([]byte, error) {
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) == 0 {
		return nil, fmt.Errorf("%q is no hexadecimal text", clip(digits))
	}
	return b, nil
}

// sameJSON reports whether two JSON values are written alike.
func sameJSON(a, b json.RawMessage) bool { return bytes.Equal(bytes.TrimSpace(a), bytes.TrimSpace(b)) }
