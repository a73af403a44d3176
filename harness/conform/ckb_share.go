package conform

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// ckbShr01: a good share.
func ckbShr01(e *Env) error {
	s, err := e.ckbLogin()
	if err != nil {
		return err
	}
	nonce2, err := s.valid()
	if err != nil {
		return err
	}
	a := s.submit(s.job, nonce2)
	if strings.TrimSpace(string(resultOf(a))) != "true" || !a.Message.Null("error") {
		return failed(a.String(), "result true and error null")
	}
	return nil
}

// ckbShr02: both sides of the target.
func ckbShr02(e *Env) error {
	s, err := e.ckbLogin()
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
	if a := s.submit(s.job, hex.EncodeToString(above.nonce)); a.Outcome != Accepted {
		return failed(a.String()+" to a share just good enough", "the share is accepted")
	}
	return refused("a share that just misses the target", s.submit(s.job, hex.EncodeToString(below.nonce)))
}

// ckbShr03: nonce2 of another length.
func ckbShr03(e *Env) error {
	s, err := e.ckbLogin()
	if err != nil {
		return err
	}
	nonce2, err := s.valid()
	if err != nil {
		return err
	}
	for _, n := range []string{"", nonce2[2:], nonce2[:len(nonce2)-2], nonce2[1:], nonce2 + "00", "00" + nonce2} {
		if s.closed {
			return nil
		}
		if err := refused(fmt.Sprintf("a nonce2 of %d digits where %d are due", len(n), len(nonce2)), s.submit(s.job, n)); err != nil {
			return err
		}
	}
	return nil
}

// ckbShr04: all bytes of nonce2 count.
func ckbShr04(e *Env) error {
	s, err := e.ckbLogin()
	if err != nil {
		return err
	}
	w, err := s.work(s.job)
	if err != nil {
		return err
	}
	// The search counts in the first bytes alone: with those fixed, it has to
	// count in the last ones.
	w.offset, w.size = len(w.blob)-min(3, s.nonce2Size), min(3, s.nonce2Size)
	for i := range 2 {
		found, err := e.valid(w)
		if err != nil {
			return err
		}
		full := append([]byte(nil), w.blob[32+len(s.nonce1):]...)
		copy(full[len(full)-w.size:], found.nonce)
		if a := s.submit(s.job, hex.EncodeToString(full)); a.Outcome != Accepted {
			return failed(fmt.Sprintf("%s to share %d of two whose nonce2 differ in the last bytes", a, i+1), "both are accepted")
		}
	}
	return nil
}

// ckbShr05: the same share in other digits.
func ckbShr05(e *Env) error {
	s, err := e.ckbLogin()
	if err != nil {
		return err
	}
	nonce2, err := s.accept()
	if err != nil {
		return err
	}
	if err := refused("the same share again", s.submit(s.job, nonce2)); err != nil {
		return err
	}
	return refused("the same share in upper case", s.submit(s.job, strings.ToUpper(nonce2)))
}

// ckbShr06: another session's share.
func ckbShr06(e *Env) error {
	theirs, err := e.ckbLogin()
	if err != nil {
		return err
	}
	mine, err := e.ckbLogin()
	if err != nil {
		return err
	}
	w, err := theirs.work(theirs.job)
	if err != nil {
		return err
	}
	if mine.nonce2Size != theirs.nonce2Size {
		return skipf("the two sessions have nonce2 of different sizes")
	}
	own, err := mine.work(mine.job)
	if err != nil {
		return err
	}
	// Good with their nonce1 and not, by chance, with mine.
	found, err := e.solve(w, func(s *share) bool { return s.meets(w) && !e.alsoMeets(own, s.nonce) })
	if err != nil {
		return err
	}
	nonce2 := hex.EncodeToString(found.nonce)
	if err := refused("a share of another session", mine.submit(theirs.job, nonce2)); err != nil || mine.closed {
		return err
	}
	return refused("another session's nonce2", mine.submit(mine.job, nonce2))
}

// alsoMeets reports whether a nonce is good for other work too.
func (e *Env) alsoMeets(w *work, nonce []byte) bool {
	h, err := e.cfg.NewHasher(w.algo)
	if err != nil {
		return true // such a nonce is not used
	}
	defer func() { _ = h.Close() }() // memory only
	s, err := digest(h, w, nonce)
	return err != nil || s.meets(w)
}

// ckbShr07: a worker that was not authorised.
func ckbShr07(e *Env) error {
	s, err := e.ckbLogin()
	if err != nil {
		return err
	}
	nonce2, err := s.valid()
	if err != nil {
		return err
	}
	a := s.Call("mining.submit", []any{e.cfg.Login + ".stranger", s.job.id, nonce2})
	if a.Outcome == Ended || a.Outcome == Refused && a.Code == 24 {
		return nil
	}
	return failed(a.String(), "error 24", "a closed connection")
}

// ckbShr08: error codes.
func ckbShr08(e *Env) error {
	s, err := e.ckbLogin()
	if err != nil {
		return err
	}
	nonce2, err := s.accept()
	if err != nil {
		return err
	}
	table := []struct {
		what, worker, job, nonce string
		code                     int
	}{
		{"a duplicate", e.cfg.Login, s.job.id, nonce2, 22},
		{"a share for an unknown job", e.cfg.Login, "harness-none", nonce2, 21},
		{"a share of an unknown worker", e.cfg.Login + ".stranger", s.job.id, nonce2, 24},
	}
	for _, row := range table {
		a := s.Call("mining.submit", []any{row.worker, row.job, row.nonce})
		if a.Outcome != Refused || len(list(a.Message.Fields["error"])) != 3 || a.Code != row.code {
			return failed(a.String()+" to "+row.what, fmt.Sprintf("error [%d, text, data]", row.code))
		}
	}
	return nil
}

// ckbShr09: a refusal is no success.
func ckbShr09(e *Env) error {
	s, err := e.ckbLogin()
	if err != nil {
		return err
	}
	nonce2, err := s.accept()
	if err != nil {
		return err
	}
	a := s.submit(s.job, nonce2)
	if a.Message == nil {
		return failed(a.String()+" to a duplicate", "a reply")
	}
	result := strings.TrimSpace(string(resultOf(a)))
	if a.Message.Null("error") || result != "" && result != "null" && result != "false" {
		return failed(a.String(), "result null or false, and an error")
	}
	return nil
}

// ckbShr11: 0x.
func ckbShr11(e *Env) error {
	s, err := e.ckbLogin()
	if err != nil {
		return err
	}
	outcomes := map[Outcome]bool{}
	for range 3 {
		nonce2, err := s.valid()
		if err != nil {
			return err
		}
		outcomes[s.submit(s.job, "0x"+nonce2).Outcome] = true
	}
	if len(outcomes) > 1 || outcomes[Silent] {
		return failed("different answers to nonce2 with 0x", "always accepted", "always refused")
	}
	return nil
}
