package conform

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net"
	"strings"
	"time"
)

const (
	mostBad      = 400 // bad shares that are sent in the hope of a ban
	badAtOnce    = 10
	mostSessions = 100 // logins of one offender
)

// offence is what a client with nothing but bad shares came to.
type offence struct {
	sent   int  // bad shares that were answered
	cut    int  // sessions that the pool ended
	banned bool // no login is taken any more
}

// offend sends bad shares, and logs in again whenever it is cut off, until no
// login is taken or most shares were answered.
func (e *Env) offend(most int) (o offence, err error) {
	for range mostSessions {
		if o.sent > 0 && e.turnedAway() {
			o.banned = true
			return o, nil
		}
		if o.sent >= most {
			return o, nil
		}
		m, err := e.mine()
		if err != nil {
			return o, err
		}
		for !m.closed && o.sent < most {
			answered, err := m.bad(badAtOnce)
			if o.sent += answered; err != nil {
				return o, err
			}
			if answered == 0 {
				break
			}
		}
		if m.closed {
			o.cut++
		}
		m.Close()
	}
	return o, nil
}

// turnedAway reports whether the pool takes no login: an error, or the end.
func (e *Env) turnedAway() bool {
	c, err := e.Dial()
	if err != nil {
		return true
	}
	defer c.Close()
	a := openSession(e, c)
	return a.Outcome == Refused || a.Outcome == Ended
}

// bad submits shares that are wrong in one segment and returns how many were
// answered. It is none of a ban's business when they are accepted.
func (m *miner) bad(count int) (answered int, err error) {
	t, err := m.task()
	if err != nil {
		return 0, err
	}
	lines, err := m.badLines(t, count)
	if err != nil {
		return 0, err
	}
	var ids []string
	var all bytes.Buffer
	for _, line := range lines {
		m.nextID++
		ids = append(ids, itoa(m.nextID))
		all.WriteString(line(ids[len(ids)-1]) + "\n")
	}
	m.Write(all.Bytes())
	for _, id := range ids {
		a := m.Await(id)
		if a.Outcome == Accepted {
			return answered, fmt.Errorf("a bad share that this check sends was accepted")
		}
		if a.Message != nil {
			answered++
		}
	}
	return answered, nil
}

// badLines makes requests, each of a nonce of its own: with a result that is not
// its hash, or too easy where the dialect has no result.
func (m *miner) badLines(t *task, count int) (lines []func(id string) string, err error) {
	submit := func(method string, p any) {
		lines = append(lines, func(id string) string { return requestLine(id, method, p) })
	}
	if m.cn != nil {
		for range count {
			s := share{nonce: make([]byte, t.size)}
			for i := range s.nonce {
				s.nonce[i] = byte(m.env.rng.Uint32())
			}
			submit("submit", m.cn.params(t.cn, t.work, &s).with("result", strings.Repeat("1", 48)+strings.Repeat("0", 16)))
		}
		return lines, nil
	}
	if t.difficulty < 2 {
		return nil, skipf("the pool gives work at difficulty 1, which every hash meets")
	}
	err = m.env.hash(t.work, func(s *share) bool {
		if s.misses(t.work) {
			submit("mining.submit", []any{m.env.cfg.Login, t.ckb.id, hex.EncodeToString(s.nonce)})
		}
		return len(lines) < count
	})
	return lines, err
}

// bannedHere gets the client banned, or ends the check.
func (e *Env) bannedHere() (offence, error) {
	o, err := e.offend(mostBad)
	if err == nil && !o.banned {
		err = inconclusivef("%d bad shares got nobody banned", o.sent)
	}
	return o, err
}

// secBan01: bad shares, and a few of them among good ones.
func secBan01(e *Env) error {
	m, err := e.mine()
	if err != nil {
		return err
	}
	t, err := m.task()
	if err != nil {
		return err
	}
	good, err := m.stock(t, 38)
	if err != nil {
		return err
	}
	half := len(good) / 2
	accepted := 0
	for _, part := range [][]share{good[:half], good[half:]} {
		accepted += m.burst(t, part)
		if _, err := m.bad(1); err != nil {
			return err
		}
	}
	if accepted == 0 {
		return fmt.Errorf("none of the good shares that this check begins with was accepted")
	}
	if m.closed || e.turnedAway() {
		return failed(fmt.Sprintf("a miner with 2 bad shares beside %d good ones is turned away", accepted), "it goes on mining")
	}
	o, err := e.offend(mostBad)
	if err != nil {
		return err
	}
	if o.cut == 0 && !o.banned {
		return failed(fmt.Sprintf("%d bad shares were judged one by one", o.sent), "a ban", "the session ends", "a throttle")
	}
	e.note(fmt.Sprintf("%d bad shares until the end; sessions cut off: %d, banned: %v", o.sent, o.cut, o.banned))
	return nil
}

// secBan03: somebody else at the address of one who is banned.
func secBan03(e *Env) error {
	scope := e.cfg.Declared.BanScope
	switch {
	case scope == "":
		return skipf("the adapter declares no ban_scope")
	case e.cfg.SecondLogin == "":
		return skipf("needs a second address of a miner: leave --user to the harness")
	}
	var neighbour *miner
	other := func(do func() error) error { return e.as(e.cfg.SecondLogin, do) }
	err := other(func() (err error) { neighbour, err = e.mine(); return err })
	if err != nil {
		return err
	}
	if _, err := e.bannedHere(); err != nil {
		return err
	}
	return other(func() error {
		served := e.answers(neighbour.Conn) && !e.turnedAway()
		if want := scope == BanLogin; served != want {
			return failed(fmt.Sprintf("another login at the address is served: %v", served), fmt.Sprintf("as declared: a ban of the %s", scope))
		}
		return nil
	})
}

// secBan04: the end of a ban.
func secBan04(e *Env) error {
	lasts, err := declared("ban_time", e.cfg.Declared.BanTime)
	if err != nil {
		return err
	}
	if _, err := e.bannedHere(); err != nil {
		return err
	}
	e.pause(lasts / 2)
	if !e.turnedAway() {
		return failed(fmt.Sprintf("a login was taken %v after the ban began", lasts/2), fmt.Sprintf("a ban of %v", lasts))
	}
	most := lasts + e.cfg.Timeout
	for end := time.Now().Add(most); time.Now().Before(end) && e.ctx.Err() == nil; e.pause(lasts / 10) {
		if !e.turnedAway() {
			return nil
		}
	}
	return failed(fmt.Sprintf("no login was taken %v after the ban began", lasts/2+most), fmt.Sprintf("a ban of %v", lasts))
}

// secBan05: a session that was open before the ban.
func secBan05(e *Env) error {
	open, err := e.mine()
	if err != nil {
		return err
	}
	t, err := open.task()
	if err != nil {
		return err
	}
	good, err := e.valid(t.work)
	if err != nil {
		return err
	}
	if _, err := e.bannedHere(); err != nil {
		return err
	}
	for end := time.Now().Add(2 * e.cfg.Timeout); time.Now().Before(end); e.pause(e.cfg.Timeout / 10) {
		if a := open.Await(e.ask(open.Conn)); a.Outcome == Ended || a.Outcome == Refused {
			return nil
		}
	}
	if a := open.hand(t, &good); a.Outcome != Ended && a.Outcome != Refused {
		return failed(a.String()+" to a share of a session that was open before the ban", "an error that says why", "a closed connection")
	}
	return nil
}

// secBan06: bad shares in another's name, from elsewhere.
func secBan06(e *Env) error {
	victim, err := e.mine()
	if err != nil {
		return err
	}
	t, err := victim.task()
	if err != nil {
		return err
	}
	good, err := e.valid(t.work)
	if err != nil {
		return err
	}
	before, err := e.read()
	if err != nil {
		return err
	}
	var o offence
	if err := e.elsewhere(func() (err error) { o, err = e.offend(mostBad); return err }); err != nil {
		return err
	}
	after := fmt.Sprintf("after %d bad shares under its address from elsewhere", o.sent)
	if e.turnedAway() {
		return failed("the owner cannot log in "+after, "the owner goes on mining")
	}
	if a := victim.hand(t, &good); a.Outcome != Accepted {
		return failed(a.String()+" to the owner's good share "+after, "the share is accepted")
	}
	return e.credited(before, 1, float64(t.difficulty))
}

// behind makes connections begin with a PROXY header of a client.
func (e *Env) behind(client string) {
	e.wrap = func(nc net.Conn) (net.Conn, error) {
		_, err := fmt.Fprintf(nc, "PROXY TCP4 %s 127.0.0.1 40000 3333\r\n", client)
		return nc, err
	}
}

// secPP03: bans of clients behind a proxy.
func secPP03(e *Env) error {
	e.target = e.cfg.Declared.Proxy
	host := 1 + e.rng.IntN(250)
	bad, good := fmt.Sprintf("198.51.100.%d", host), fmt.Sprintf("203.0.113.%d", host)
	e.behind(bad)
	o, err := e.bannedHere()
	if err != nil {
		return err
	}
	e.behind(good)
	if e.turnedAway() {
		return failed(fmt.Sprintf("the client %s is turned away after %d bad shares of %s behind the same proxy", good, o.sent, bad),
			"bans hold for the client in the header")
	}
	return nil
}
