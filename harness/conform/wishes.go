package conform

import (
	"encoding/json"
	"fmt"
	"math"
)

// wished logs in with words behind the address and returns the answer, with the
// session where there is one.
func (e *Env) wished(suffix string) (*cnSession, Answer, error) {
	c, err := e.Dial()
	if err != nil {
		return nil, Answer{}, err
	}
	a := c.Call("login", e.loginParams().with("login", e.cfg.Login+suffix))
	s := &cnSession{Conn: c, env: e, login: a}
	if a.Outcome == Accepted {
		result := object(a.Message.Fields["result"])
		s.id, s.job = text(result["id"]), newCNJob(result["job"])
	}
	if s.job == nil {
		return nil, a, nil
	}
	return s, a, nil
}

// wish asks for a difficulty and returns that of the first job.
func (e *Env) wish(suffix string) (got uint64, a Answer, err error) {
	s, a, err := e.wished(suffix)
	if err != nil || s == nil {
		return 0, a, err
	}
	w, err := s.work(s.job)
	if err != nil {
		return 0, a, err
	}
	return w.difficulty, a, nil
}

// near reports whether two difficulties agree within one percent.
func near(got, want uint64) bool {
	return math.Abs(float64(got)-float64(want)) <= float64(want)/100+1
}

// highest is the largest difficulty that a wish can lead to, 0 for any.
func (e *Env) highest() uint64 {
	most := e.cfg.Declared.MaxDifficulty
	if e.node != nil && (most == 0 || e.node.Difficulty() < most) {
		most = e.node.Difficulty()
	}
	return most
}

// separator begins a wish for a difficulty, or skips the check.
func (e *Env) separator() (string, error) {
	if e.cfg.Declared.DifficultySeparator == "" {
		return "", skipf("the adapter declares no difficulty_separator")
	}
	return e.cfg.Declared.DifficultySeparator, nil
}

// cnLogin08: what stands behind the address.
func cnLogin08(e *Env) error {
	sep, err := e.separator()
	if err != nil {
		return err
	}
	want := 2 * max(1, e.cfg.Declared.MinDifficulty)
	worker := e.cfg.Declared.WorkerSeparator
	asks := fmt.Sprintf("%s%d", sep, want)
	rows := []struct {
		suffix string
		asks   bool
	}{{asks, true}}
	if worker != "" {
		rows = append(rows, struct {
			suffix string
			asks   bool
		}{worker + "harness", false}, struct {
			suffix string
			asks   bool
		}{worker + "harness" + asks, true})
	}
	for _, row := range rows {
		got, a, err := e.wish(row.suffix)
		switch {
		case err != nil:
			return err
		case a.Outcome != Accepted:
			return failed(fmt.Sprintf("%s to a login with %s", a, row.suffix), "the login is accepted")
		case row.asks && !near(got, want):
			return failed(fmt.Sprintf("difficulty %d after a login with %s", got, row.suffix), fmt.Sprintf("difficulty %d", want))
		}
	}
	if _, a, err := e.wish(sep + "harness"); err != nil || a.Outcome == Accepted {
		return failed(a.String()+" to a login with "+sep+"harness", "an error")
	}
	if e.turnedAway() {
		return failed("no login is taken after a login with "+sep+"harness", "an error and no more")
	}
	return nil
}

// cnLogin09: wishes beyond the bounds.
func cnLogin09(e *Env) error {
	sep, err := e.separator()
	if err != nil {
		return err
	}
	low, high := max(1, e.cfg.Declared.MinDifficulty), e.highest()
	plain, _, err := e.wish("")
	if err != nil {
		return err
	}
	for text, bound := range map[string]uint64{"1": low, "1" + fmt.Sprintf("%030d", 0): high, "-5": low} {
		got, a, err := e.wish(sep + text)
		switch {
		case err != nil:
			return err
		case a.Outcome != Accepted:
			continue // told, not dropped
		case got < low-low/100 || high > 0 && got > high+high/100:
			return failed(fmt.Sprintf("difficulty %d after a wish for %s", got, text), fmt.Sprintf("a difficulty of %d to %d", low, high), "an error")
		case bound > 0 && !near(got, bound) && near(got, plain):
			return failed(fmt.Sprintf("difficulty %d after a wish for %s, as without any", got, text), fmt.Sprintf("difficulty %d", bound), "an error")
		}
	}
	return nil
}

// large asks for difficulties and looks at the targets that come.
func (e *Env) large(difficulties []uint64, look func(asked uint64, s *cnSession) error) error {
	sep, err := e.separator()
	if err != nil {
		return err
	}
	high, plain := e.highest(), uint64(0)
	if plain, _, err = e.wish(""); err != nil {
		return err
	}
	looked := 0
	for _, d := range difficulties {
		if high > 0 && d > high {
			continue
		}
		s, a, err := e.wished(fmt.Sprintf("%s%d", sep, d))
		if err != nil {
			return err
		}
		if s == nil {
			return skipf("the pool refuses a wish for difficulty %d: %s", d, a)
		}
		if w, err := s.work(s.job); err == nil && near(w.difficulty, plain) {
			return skipf("the pool does not follow a wish for difficulty %d", d)
		}
		if err := look(d, s); err != nil {
			return err
		}
		looked++
	}
	if looked == 0 {
		return skipf("the pool's difficulties end at %d", high)
	}
	return nil
}

// targetFits fails unless a job's target is worth a difficulty.
func targetFits(asked uint64, s *cnSession) error {
	target := s.job.fields["target"]
	w, err := s.work(s.job)
	if err != nil {
		return failed(fmt.Sprintf("the target %s for difficulty %d: %v", clip(string(target)), asked, err), "a target worth the difficulty, within one percent")
	}
	if !near(w.difficulty, asked) {
		return failed(fmt.Sprintf("the target %s, worth %d, for difficulty %d", clip(string(target)), w.difficulty, asked),
			"a target worth the difficulty, within one percent")
	}
	return nil
}

// cnJob05: difficulties that four bytes cannot hold well.
func cnJob05(e *Env) error {
	return e.large([]uint64{50_123_457, 280_123_457, 1_500_123_457}, func(asked uint64, s *cnSession) error {
		var target string
		if _ = json.Unmarshal(s.job.fields["target"], &target); len(target) != 16 {
			return failed(fmt.Sprintf("the target %s for difficulty %d", clip(target), asked), "16 hexadecimal digits")
		}
		return targetFits(asked, s)
	})
}

// cnJob06: difficulties that four bytes cannot hold.
func cnJob06(e *Env) error {
	return e.large([]uint64{1<<32 - 1, 1 << 32, 1<<32 + 1<<31, 1<<33 + 1}, targetFits)
}
