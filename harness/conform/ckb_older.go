package conform

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aditmine/adit/chain/ckb"
)

// older is a session in the dialect that CKB's document of 2019 describes:
// ckb_submitLogin, ckb_getWork, ckb_submitWork.
type older struct {
	*Conn
	prefix string // of the nonces, where the pool assigns one
	pow    string
}

// olderLogin logs in in the older dialect; a pool that does not know it skips
// the check.
func (e *Env) olderLogin() (*older, error) {
	c, err := e.Dial()
	if err != nil {
		return nil, err
	}
	a := c.Call("ckb_submitLogin", params{"login": e.cfg.Login, "agent": agent, "worker": "harness"})
	if a.Outcome == Refused || a.Outcome == Ended {
		return nil, skipf("the pool does not speak the older dialect: %s", a)
	}
	result := resultOf(a)
	s := &older{Conn: c, prefix: text(object(result)["nonce_pre"])}
	if a.Outcome != Accepted || strings.TrimSpace(string(result)) != "true" && s.prefix == "" {
		return nil, failed(a.String()+" to ckb_submitLogin", "result true", "result with nonce_pre and nonce_bytes")
	}
	return s, nil
}

// work asks for work and looks at it.
func (s *older) work() error {
	a := s.Call("ckb_getWork", nil)
	o := object(resultOf(a))
	pow, target := text(o["pow_hash"]), text(o["target"])
	for _, h := range []string{pow, target} {
		if b, err := decodeHex(strings.TrimPrefix(h, "0x")); err != nil || len(b) != 32 || !strings.HasPrefix(h, "0x") {
			return failed(a.String()+" to ckb_getWork", "pow_hash and target, each 0x and 64 hexadecimal digits")
		}
	}
	s.pow = pow
	return nil
}

// ckbB01: a session in the older dialect. What a good nonce is there has changed
// with the chain, so that only bad ones are submitted.
func ckbB01(e *Env) error {
	s, err := e.olderLogin()
	if err != nil {
		return err
	}
	if err := s.work(); err != nil {
		return err
	}
	stranger := "0x" + strings.Repeat("5a", 32)
	for what, p := range map[string]params{
		"a share for a pow_hash that was never given out": {"pow_hash": stranger, "nonce": "0x1"},
		"a nonce that is no number":                       {"pow_hash": s.pow, "nonce": "0xzz"},
	} {
		if err := rejected(what, s.Call("ckb_submitWork", p)); err != nil {
			return err
		}
	}
	for _, push := range s.pushes {
		if push.Method() != "" && object(push.Fields["result"])["pow_hash"] != nil {
			return failed("the push "+clip(push.Raw), "a push with id 0 and no method")
		}
	}
	return nil
}

// ckbB02: the work of two miners.
func ckbB02(e *Env) error {
	a, err := e.olderLogin()
	if err != nil {
		return err
	}
	b, err := e.olderLogin()
	if err != nil {
		return err
	}
	for _, s := range []*older{a, b} {
		if err := s.work(); err != nil {
			return err
		}
	}
	switch {
	case a.prefix != b.prefix:
		return nil
	case a.prefix != "":
		return failed("the nonce_pre "+clip(a.prefix)+" for two miners", "a nonce_pre of its own for each miner")
	case a.pow == b.pow:
		return failed("the pow_hash "+a.pow+" for two miners without nonce_pre", "work of its own for each miner")
	}
	return nil
}

// ckbSub06: another's session id. nonce1 stands for it where the first element
// of the answer names none.
func ckbSub06(e *Env) error {
	owner, a, err := e.ckbSubscribe()
	if err != nil {
		return err
	}
	if owner.nonce1 == nil {
		return fmt.Errorf("the subscribe that this check begins with failed: %s", a)
	}
	ids := []string{fmt.Sprintf("%x", owner.nonce1)}
	if first := list(resultOf(a)); len(first) > 0 && text(first[0]) != "" {
		ids = append(ids, text(first[0]))
	}
	other, _, err := e.ckbSubscribe()
	if err != nil {
		return err
	}
	if bytes.Equal(other.nonce1, owner.nonce1) {
		return fmt.Errorf("two sessions have the nonce1 %x without asking for it", owner.nonce1)
	}
	for _, id := range ids {
		c, err := e.Dial()
		if err != nil {
			return err
		}
		again := list(resultOf(c.Call("mining.subscribe", []any{agent, id})))
		if len(again) > 1 && text(again[1]) == ids[0] {
			return failed("the nonce1 "+ids[0]+" of a live session for a stranger who named "+clip(id), "a nonce1 of its own", "an error")
		}
	}
	return nil
}

// ckbExt02: shares across a change of nonce1.
func ckbExt02(e *Env) error {
	period, err := declared("refresh", e.cfg.Declared.Refresh)
	if err != nil {
		return err
	}
	s, err := e.ckbLogin()
	if err != nil {
		return err
	}
	if a := s.Call("mining.extranonce.subscribe", []any{}); a.Outcome != Accepted {
		return skipf("the pool does not change nonce1: %s to mining.extranonce.subscribe", a)
	}
	old := *s
	before, err := s.valid()
	if err != nil {
		return err
	}
	if e.node != nil {
		if r, ok := e.node.Node.(Renewer); ok {
			r.Renew()
		}
	}
	if !s.renamed(e, 2*period+e.cfg.Timeout) {
		return skipf("the pool sent no mining.set_extranonce within %v", 2*period+e.cfg.Timeout)
	}
	if a := s.submit(old.job, before); a.Outcome != Accepted {
		return failed(fmt.Sprintf("%s to a share of an older job, made with its nonce1 %x, after a change to %x", a, old.nonce1, s.nonce1), "the share is accepted")
	}
	after, err := s.valid()
	if err != nil {
		return err
	}
	if a := s.submit(s.job, after); a.Outcome != Accepted {
		return failed(fmt.Sprintf("%s to a share of the new job, made with the new nonce1 %x", a, s.nonce1), "the share is accepted")
	}
	return nil
}

// renamed waits for a new nonce1 and the job that it holds from.
func (s *ckbSession) renamed(e *Env, within time.Duration) bool {
	begun := s.pushed
	changed := false
	end := time.Now().Add(within)
	for s.nextJob(time.Until(end), func(*ckbJob) bool { return true }) != nil {
		for ; begun < s.pushed; begun++ {
			p := list(s.pushes[begun].Fields["params"])
			if s.pushes[begun].Method() != "mining.set_extranonce" || len(p) == 0 {
				continue
			}
			nonce1, err := hex.DecodeString(text(p[0]))
			if err != nil {
				continue
			}
			s.nonce1, changed = nonce1, true
			s.nonce2Size = ckbNonceSize - len(nonce1)
			if len(p) > 1 {
				_ = json.Unmarshal(p[1], &s.nonce2Size) // what is no number changes nothing
			}
		}
		if changed {
			return true
		}
	}
	return false
}

// ckbAuth05: the forms of one lock's address.
func ckbAuth05(e *Env) error {
	if len(e.cfg.Declared.AddressForms) == 0 {
		return skipf("the adapter declares no address_forms")
	}
	own, err := ckb.ParseAddress(e.cfg.Login)
	if err != nil {
		return skipf("the login is no CKB address: %v", err)
	}
	for name, format := range map[string]ckb.AddressFormat{AddressFull: ckb.FormatFull, AddressShort: ckb.FormatShort, AddressDeprecated: ckb.FormatFullType} {
		own.Format = format
		s, _, err := e.ckbSubscribe()
		if err != nil {
			return err
		}
		a := s.Call("mining.authorize", []any{own.String(), e.cfg.Pass})
		if want := slices.Contains(e.cfg.Declared.AddressForms, name); want != (a.Outcome == Accepted) {
			return failed(fmt.Sprintf("%s to the %s form of the address", a, name), map[bool]string{true: "the worker is authorised", false: "an error"}[want])
		}
	}
	return nil
}
