package conform

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ckbSub01: the answer to subscribe.
func ckbSub01(e *Env) error {
	s, a, err := e.ckbSubscribe()
	if err != nil {
		return err
	}
	if a.Outcome == Accepted && len(s.nonce1) > 0 && s.nonce2Size > 0 && len(s.nonce1)+s.nonce2Size == ckbNonceSize {
		return nil
	}
	return failed(a.String(), "[null, nonce1 in hexadecimal digits, size of nonce2], 16 bytes together")
}

// ckbSub02: nonce1 of many sessions.
func ckbSub02(e *Env) error {
	const sessions = 50
	seen := map[string]bool{}
	for range sessions {
		s, a, err := e.ckbSubscribe()
		if err != nil {
			return err
		}
		if s.nonce1 == nil {
			return fmt.Errorf("the subscribe that this check begins with failed: %s", a)
		}
		if seen[string(s.nonce1)] {
			return failed(fmt.Sprintf("nonce1 %x twice", s.nonce1), "another nonce1 for each live session")
		}
		seen[string(s.nonce1)] = true
	}
	e.note(fmt.Sprintf("%d live sessions looked at", sessions))
	return nil
}

// ckbSub03: the form of the answer.
func ckbSub03(e *Env) error {
	width := 0
	for range 3 {
		_, a, err := e.ckbSubscribe()
		if err != nil {
			return err
		}
		if a.Outcome != Accepted {
			return fmt.Errorf("the subscribe that this check begins with failed: %s", a)
		}
		result := list(a.Message.Fields["result"])
		if len(result) < 3 || text(result[0]) == "null" || strings.HasPrefix(text(result[1]), "0x") {
			return failed(a.String(), "null first, then nonce1 without 0x")
		}
		if n := len(text(result[1])); width == 0 {
			width = n
		} else if n != width {
			return failed("nonce1 of different lengths", "nonce1 of a fixed width")
		}
	}
	return nil
}

// ckbSub04: two subscribes.
func ckbSub04(e *Env) error {
	s, a, err := e.ckbSubscribe()
	if err != nil {
		return err
	}
	if a.Outcome != Accepted {
		return fmt.Errorf("the subscribe that this check begins with failed: %s", a)
	}
	again := s.Call("mining.subscribe", []any{agent, nil})
	if again.Outcome == Refused || again.Outcome == Ended {
		return nil
	}
	if result := list(resultOf(again)); again.Outcome == Accepted && len(result) > 2 {
		s.nonce1, _ = hex.DecodeString(text(result[1])) // used as a miner would
		if a := s.Call("mining.authorize", []any{e.cfg.Login, e.cfg.Pass}); a.Outcome != Accepted {
			return failed(a.String()+" to the authorisation after two subscribes", "a usable session")
		}
		if s.nextJob(e.cfg.Timeout, func(*ckbJob) bool { return true }) == nil {
			return failed("no job after two subscribes", "a usable session")
		}
		nonce2, err := s.valid()
		if err != nil {
			return err
		}
		if a := s.submit(s.job, nonce2); a.Outcome != Accepted {
			return failed(a.String()+" to a share with the nonce1 of the second answer", "the share is accepted")
		}
		return nil
	}
	return failed(again.String(), "the same nonce1", "a new one that holds", "an error")
}

func resultOf(a Answer) json.RawMessage {
	if a.Message == nil {
		return nil
	}
	return a.Message.Fields["result"]
}

// ckbSub05: room for the miner.
func ckbSub05(e *Env) error {
	s, a, err := e.ckbSubscribe()
	if err != nil {
		return err
	}
	if s.nonce2Size < 4 {
		return failed(a.String(), "a nonce2 of at least 4 bytes")
	}
	return nil
}

// ckbAuth01: a valid worker.
func ckbAuth01(e *Env) error {
	s, _, err := e.ckbSubscribe()
	if err != nil {
		return err
	}
	a := s.Call("mining.authorize", []any{e.cfg.Login, e.cfg.Pass})
	if strings.TrimSpace(string(resultOf(a))) == "true" && a.Outcome == Accepted {
		return nil
	}
	return failed(a.String(), "result true and error null")
}

// ckbAuth02: bad addresses.
func ckbAuth02(e *Env) error {
	bad := []string{"harness-not-an-address", flip(e.cfg.Login, len(e.cfg.Login)-1)}
	if e.cfg.ForeignLogin != "" {
		bad = append(bad, e.cfg.ForeignLogin)
	} else {
		e.note("no address of another network was tried: give --foreign-user")
	}
	for _, address := range bad {
		s, _, err := e.ckbSubscribe()
		if err != nil {
			return err
		}
		if err := refused("the worker "+clip(address), s.Call("mining.authorize", []any{address, "x"})); err != nil {
			return err
		}
	}
	return nil
}

// ckbAuth03: authorisation first.
func ckbAuth03(e *Env) error {
	c, err := e.Dial()
	if err != nil {
		return err
	}
	a := c.Call("mining.authorize", []any{e.cfg.Login, e.cfg.Pass})
	if a.Outcome == Silent || a.Outcome == Unclear {
		return failed(a.String(), "error 25", "acceptance", "a closed connection")
	}
	if a.Outcome == Refused && a.Code != 25 {
		return failed(a.String(), "error 25", "acceptance")
	}
	return nil
}

// ckbTgt01: the target comes first.
func ckbTgt01(e *Env) error {
	s, err := e.ckbLogin()
	if err != nil {
		return err
	}
	target, err := decodeHex(s.job.target)
	if err == nil && len(target) == 32 && slices.Max(target) > 0 {
		return nil
	}
	return failed("the target "+clip(s.job.target)+" before the first job", "64 hexadecimal digits that are not all zero")
}

// ckbTgt05: suggestions.
func ckbTgt05(e *Env) error {
	s, err := e.ckbLogin()
	if err != nil {
		return err
	}
	for method, value := range map[string]any{"mining.suggest_target": strings.Repeat("f", 64), "mining.suggest_difficulty": 1} {
		if a := s.Call(method, []any{value}); a.Outcome == Refused || a.Outcome == Ended {
			return failed(a.String()+" to "+method, "any answer that is no error", "none")
		}
	}
	return nil
}

// ckbJob01: the form of a job.
func ckbJob01(e *Env) error {
	s, err := e.ckbLogin()
	if err != nil {
		return err
	}
	j := s.job
	parent, _ := hex.DecodeString(j.parent)
	flag := ""
	if len(j.params) == 5 {
		flag = string(j.params[4])
	}
	if j.id == "" || len(j.powHash) != 32 || j.height == 0 || len(parent) != 32 || flag != "true" && flag != "false" {
		return failed(clip(j.message.Raw), "[job id, pow hash of 64 digits, height, parent of 64 digits, true or false]")
	}
	return nil
}

// ckbJob07: no job before a worker.
func ckbJob07(e *Env) error {
	s, _, err := e.ckbSubscribe()
	if err != nil {
		return err
	}
	if s.nextJob(min(time.Second, e.cfg.Timeout), func(*ckbJob) bool { return true }) != nil {
		return failed("a job after subscribe alone", "no job until a worker is authorised")
	}
	return nil
}

// ckbExt01: extranonce.subscribe.
func ckbExt01(e *Env) error {
	s, err := e.ckbLogin()
	if err != nil {
		return err
	}
	if a := s.Call("mining.extranonce.subscribe", []any{}); a.Message == nil {
		return failed(a.String(), "an answer")
	}
	return nil
}

// ckbJob02: clean jobs.
func ckbJob02(e *Env) error {
	s, err := e.ckbCurrent()
	if err != nil {
		return err
	}
	nonce2, err := s.valid()
	if err != nil {
		return err
	}
	old := s.job
	for range 3 { // beyond any grace
		if err := s.advance(); err != nil {
			return err
		}
		if !s.job.clean {
			return failed(clip(s.job.message.Raw), "clean true on a new parent")
		}
	}
	return refused("a share three blocks old", s.submit(old, nonce2))
}

// ckbJob04: height and parent.
func ckbJob04(e *Env) error {
	s, err := e.ckbCurrent()
	if err != nil {
		return err
	}
	before := s.job
	if err := s.advance(); err != nil {
		return err
	}
	if s.job.parent == before.parent {
		return failed("the parent of the block before", "the parent that is the node's tip")
	}
	return nil
}

// ckbJob05: job ids.
func ckbJob05(e *Env) error {
	s, err := e.ckbCurrent()
	if err != nil {
		return err
	}
	seen := map[string]string{}
	for range 4 {
		pow := string(s.job.powHash)
		if other, taken := seen[s.job.id]; taken && other != pow {
			return failed("the job id "+clip(s.job.id)+" for two pow hashes", "a job id of its own for each pow hash")
		}
		seen[s.job.id] = pow
		if err := s.advance(); err != nil {
			return err
		}
	}
	return nil
}
