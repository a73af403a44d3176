package conform

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/aditmine/adit/harness/wire"
)

// cnSub01: a good share.
func cnSub01(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	p, err := s.valid(s.job)
	if err != nil {
		return err
	}
	id := s.Request("submit", p)
	a := s.Await(id)
	if a.Outcome != Accepted || text(object(a.Message.Fields["result"])["status"]) != "OK" {
		return failed(a.String(), `result {"status":"OK"}`)
	}
	e.drain(s.Conn)
	if n := len(s.replies[id]); n != 1 {
		return failed(fmt.Sprintf("%d answers", n), "one answer")
	}
	return nil
}

// cnSub02: both sides of the target.
func cnSub02(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	w, err := s.work(s.job)
	if err != nil {
		return err
	}
	above, below, err := e.nearest(w)
	if err != nil {
		return err
	}
	if a := s.submit(s.params(s.job, w, &above)); a.Outcome != Accepted {
		return failed(a.String()+" to a share just good enough", "the share is accepted")
	}
	return refused("a share that just misses the target", s.submit(s.params(s.job, w, &below)))
}

// cnSub03: invented results.
func cnSub03(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	return s.invented()
}

// cnSub04: invented results after good shares.
func cnSub04(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	for range 5 {
		if _, err := s.accept(); err != nil {
			return err
		}
	}
	return s.invented()
}

// invented submits good nonces with results that are not theirs.
func (s *cnSession) invented() error {
	p, err := s.valid(s.job)
	if err != nil {
		return err
	}
	digest := p["result"].(string)
	for _, result := range []string{flip(digest, 0), strings.Repeat("0", 62) + "00", strings.Repeat("1", 48) + strings.Repeat("0", 16)} {
		if err := refused("a good nonce with the wrong result "+result, s.submit(p.with("result", result))); err != nil {
			return err
		}
		if s.closed {
			return nil
		}
	}
	return nil
}

// cnSub06: the same share twice.
func cnSub06(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	p, err := s.accept()
	if err != nil {
		return err
	}
	return refused("the same share again", s.submit(p))
}

// cnSub07: the same share in other digits.
func cnSub07(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	p, err := s.accept()
	if err != nil {
		return err
	}
	for _, keys := range [][]string{{"nonce"}, {"result"}, {"nonce", "result"}} {
		other, changed := upper(p, keys...)
		if !changed {
			continue // no letters in it
		}
		if err := refused("the same share with "+strings.Join(keys, " and ")+" in upper case", s.submit(other)); err != nil {
			return err
		}
	}
	return nil
}

// cnSub08: the same share, written badly.
func cnSub08(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	p, err := s.accept()
	if err != nil {
		return err
	}
	nonce := p["nonce"].(string)
	for _, n := range []string{" " + nonce, nonce + " ", "0x" + nonce, "00" + nonce, nonce + "00", nonce[:7], nonce + "0", nonce + "zz"} {
		if s.closed {
			return nil
		}
		if err := refused(fmt.Sprintf("an accepted share with the nonce written %q", n), s.submit(p.with("nonce", n))); err != nil {
			return err
		}
	}
	return nil
}

// cnSub09: the same share after reconnecting.
func cnSub09(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	p, err := s.accept()
	if err != nil {
		return err
	}
	s.Close()
	again, err := e.cnLogin()
	if err != nil {
		return err
	}
	for _, job := range []any{p["job_id"], again.job.id} {
		a := again.submit(p.with("id", again.id).with("job_id", job))
		if err := refused("a share of the connection before", a); err != nil {
			return err
		}
	}
	return nil
}

// cnSub10: two copies at once.
func cnSub10(e *Env) error {
	for range 3 {
		s, err := e.cnLogin()
		if err != nil {
			return err
		}
		p, err := s.valid(s.job)
		if err != nil {
			return err
		}
		s.Write([]byte(requestLine("201", "submit", p) + "\n" + requestLine("202", "submit", p) + "\n"))
		accepted := 0
		for _, id := range []string{"201", "202"} {
			if s.Await(id).Outcome == Accepted {
				accepted++
			}
		}
		if accepted != 1 {
			return failed(fmt.Sprintf("%d of two copies accepted", accepted), "exactly one of two copies is accepted")
		}
		s.Close()
	}
	return nil
}

// cnSub11: an invented job.
func cnSub11(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	p, err := s.valid(s.job)
	if err != nil {
		return err
	}
	if err := rejected("a share for a job that was never given out", s.submit(p.with("job_id", "harness-none"))); err != nil {
		return err
	}
	return s.alive()
}

// cnSub12: another session's job.
func cnSub12(e *Env) error {
	return e.cnForeign(func(p params, mine, _ *cnSession) params { return p.with("id", mine.id) })
}

// cnSub13: another session's id.
func cnSub13(e *Env) error { return e.cnForeign(func(p params, _, _ *cnSession) params { return p }) }

// cnForeign submits on one session what was found on another.
func (e *Env) cnForeign(change func(p params, mine, theirs *cnSession) params) error {
	theirs, err := e.cnLogin()
	if err != nil {
		return err
	}
	mine, err := e.cnLogin()
	if err != nil {
		return err
	}
	p, err := theirs.valid(theirs.job)
	if err != nil {
		return err
	}
	return refused("a share of another session", mine.submit(change(p, mine, theirs)))
}

// cnSub14: a share before login.
func cnSub14(e *Env) error {
	other, err := e.cnLogin()
	if err != nil {
		return err
	}
	p, err := other.valid(other.job)
	if err != nil {
		return err
	}
	c, err := e.Dial()
	if err != nil {
		return err
	}
	return refused("a share before login", c.Call("submit", p.with("id", "")))
}

// cnSub19: reasons.
func cnSub19(e *Env) error {
	reasons := map[wire.Reason]string{}
	tell := func(class string, a Answer) error {
		r := wire.ClassifyReason(0, a.Text)
		if a.Outcome != Refused || a.Text == "" {
			return failed(a.String()+" to a share that is "+class, "an error with a text")
		}
		if other, taken := reasons[r]; taken && r != wire.ReasonOther {
			return failed(fmt.Sprintf("%q for a share that is %s, which reads like that for one that is %s", clip(a.Text), class, other), "a reason of its own for each class")
		}
		if r == wire.ReasonOther {
			return failed(fmt.Sprintf("%q for a share that is %s", clip(a.Text), class), "a reason that says so")
		}
		reasons[r] = class
		return nil
	}
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	p, err := s.accept()
	if err != nil {
		return err
	}
	if err := tell("a duplicate", s.submit(p)); err != nil {
		return err
	}
	low, err := s.low(s.job)
	if err != nil {
		return err
	}
	if err := tell("of low difficulty", s.submit(low)); err != nil {
		return err
	}
	if err := tell("for an unknown job", s.submit(p.with("job_id", "harness-none"))); err != nil {
		return err
	}
	return tell("malformed", s.submit(p.with("nonce", "zz")))
}

// cnSub20: many requests at once. The shares are good ones: a pool may well
// close the connection on too many others.
func cnSub20(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	shares, err := s.validMany(20)
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	count := 0
	request := func(method string, p params) {
		fmt.Fprintln(&lines, requestLine(fmt.Sprint(1000+count), method, p))
		count++
	}
	for _, p := range shares {
		request("submit", p)
		request("keepalived", params{"id": s.id})
	}
	request("submit", shares[0]) // refused, and answered too
	s.Write(lines.Bytes())
	for i := range count {
		if a := s.Await(fmt.Sprint(1000 + i)); a.Message == nil {
			return failed(fmt.Sprintf("%s to request %d of %d", a, i+1, count), "one answer for each submit")
		}
	}
	e.drain(s.Conn)
	for i := range count {
		if n := len(s.replies[fmt.Sprint(1000+i)]); n != 1 {
			return failed(fmt.Sprintf("%d answers to request %d", n, i+1), "one answer for each submit")
		}
	}
	e.note(fmt.Sprintf("%d good shares in one segment", len(shares)))
	return nil
}

// validMany finds up to count different good shares for the session's job, as
// many as there are within the effort.
func (s *cnSession) validMany(count int) ([]params, error) {
	w, err := s.work(s.job)
	if err != nil {
		return nil, err
	}
	var found []params
	err = s.env.hash(w, func(hit *share) bool {
		if hit.meets(w) {
			found = append(found, s.params(s.job, w, hit))
		}
		return len(found) < count
	})
	if err == nil && len(found) == 0 {
		err = inconclusivef("no share found within %v at difficulty %d: let the pool start lower", s.env.cfg.Effort, w.difficulty)
	}
	return found, err
}

// cnSub21: broken submits.
func cnSub21(e *Env) error {
	table := []struct {
		what  string
		key   string
		value any
	}{
		{"an empty nonce", "nonce", ""}, {"a short nonce", "nonce", "1234"}, {"a long nonce", "nonce", "0123456789abcdef"},
		{"a nonce that is no hex", "nonce", "zzzzzzzz"}, {"nonce as a number", "nonce", 7}, {"nonce as an object", "nonce", params{}},
		{"no nonce", "nonce", nil}, {"an empty result", "result", ""}, {"a short result", "result", "00"},
		{"a long result", "result", strings.Repeat("0", 66)}, {"a result that is no hex", "result", strings.Repeat("z", 64)},
		{"result as a list", "result", []any{}}, {"no result", "result", nil}, {"job_id as a number", "job_id", 1}, {"no job_id", "job_id", nil},
	}
	for i, row := range table {
		s, err := e.cnLogin()
		switch {
		case err != nil && i > 0:
			return failed(err.Error()+" after a submit with "+table[i-1].what, "the pool goes on serving others")
		case err != nil:
			return err
		}
		p := params{"id": s.id, "job_id": s.job.id, "nonce": "00000000", "result": strings.Repeat("0", 64)}
		if err := refused("a submit with "+row.what, s.submit(p.with(row.key, row.value))); err != nil {
			return err
		}
		s.Close()
	}
	return e.healthy("broken submits")
}

// cnSub25: another algorithm.
func cnSub25(e *Env) error {
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	p, err := s.valid(s.job)
	if err != nil {
		return err
	}
	return refused(`a share whose algo is "rx/none"`, s.submit(p.with("algo", "rx/none")))
}
