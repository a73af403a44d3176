package conform

import (
	"fmt"
	"math"
)

// cnFixedByte is where a blob holds the nonce's last byte.
const cnFixedByte = cnNonceOffset + cnNonceSize - 1

// fixedWork is the work of a NiceHash session's job with a last byte of the
// nonce.
func (s *cnSession) fixedWork(last byte) (*work, error) {
	w, err := s.work(s.job)
	if err != nil {
		return nil, err
	}
	w.blob[cnFixedByte], w.size = last, cnNonceSize-1
	return w, nil
}

// fixed is the byte that the pool has put into a job's blob.
func (j *cnJob) fixed() (byte, error) {
	blob, err := decodeHex(j.blob)
	if err != nil || len(blob) < cnMinBlob {
		return 0, fmt.Errorf("the job's blob cannot be mined: %s", clip(j.blob))
	}
	return blob[cnFixedByte], nil
}

// cnJob15: the byte of the nonce that is the pool's.
func cnJob15(e *Env) error {
	name := e.cfg.Declared.NiceHashAgent
	if name == "" {
		return skipf("the adapter declares no nicehash_agent")
	}
	s, err := e.cnLoginWith(e.loginParams().with("agent", name))
	if err != nil {
		return err
	}
	own, err := s.job.fixed()
	if err != nil {
		return err
	}
	if err := s.handFixed(own, true); err != nil {
		return err
	}
	if err := s.handFixed(own^0x55, false); err != nil || s.closed {
		return err
	}
	if e.node == nil || s.job.height != e.node.Height()+1 {
		e.note("not looked at over several jobs: there is no node to steer")
		return nil
	}
	for range 3 {
		if _, err := s.advance(1); err != nil {
			return unmet(err)
		}
		if now, err := s.job.fixed(); err != nil || now != own {
			return failed(fmt.Sprintf("the byte %02x after %02x in the same session", now, own), "the same byte in each job")
		}
	}
	return nil
}

// handFixed submits a share that is good with a last byte of the nonce.
func (s *cnSession) handFixed(last byte, good bool) error {
	w, err := s.fixedWork(last)
	if err != nil {
		return err
	}
	found, err := s.env.valid(w)
	if err != nil {
		return err
	}
	a := s.submit(s.params(s.job, w, &found))
	if !good {
		return refused("a good share with another byte than the session's", a)
	}
	if a.Outcome != Accepted {
		return failed(a.String()+" to a good share with the session's byte", "the share is accepted")
	}
	return nil
}

// cnJob16: whether nonces last as long as jobs do.
func cnJob16(e *Env) error {
	d := &e.cfg.Declared
	if d.Refresh == 0 || d.MaxDifficulty == 0 || d.ShareInterval == 0 {
		return skipf("the adapter does not declare all of refresh, max_difficulty and share_interval")
	}
	if d.Vardiff != "" && d.Vardiff != e.cfg.Target {
		return skipf("the share_interval that the adapter declares is that of another port")
	}
	s, err := e.cnLogin()
	if err != nil {
		return err
	}
	own, err := s.job.fixed()
	if err != nil {
		return err
	}
	size := cnNonceSize
	if own != 0 {
		size--
	}
	nonces := math.Pow(2, float64(8*size))
	rate := float64(d.MaxDifficulty) / d.ShareInterval.Seconds()
	lasts := nonces / rate
	e.note(fmt.Sprintf("%d bits of nonce last %.1fs at %.3g H/s, which difficulty %d every %v stands for", 8*size, lasts, rate, d.MaxDifficulty, d.ShareInterval))
	if lasts < d.Refresh.Seconds() {
		return failed(fmt.Sprintf("nonces for %.1fs at the highest difficulty", lasts), fmt.Sprintf("nonces for as long as a job lasts, %v", d.Refresh))
	}
	return nil
}
