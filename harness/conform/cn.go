package conform

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
)

// Where a CryptoNote blob holds the nonce.
const (
	cnNonceOffset = 39
	cnNonceSize   = 4
	cnMinBlob     = 43
	cnMaxBlob     = 408 // what XMRig takes
)

// params are a request's members.
type params map[string]any

// with returns a copy with one member replaced; a nil value takes it out.
func (p params) with(key string, value any) params {
	q := params{}
	for k, v := range p {
		q[k] = v
	}
	if q[key] = value; value == nil {
		delete(q, key)
	}
	return q
}

// loginParams are those of an ordinary login.
func (e *Env) loginParams() params {
	p := params{"login": e.cfg.Login, "pass": e.cfg.Pass, "agent": agent}
	if e.cfg.Algorithm != nil {
		p["algo"] = []string{e.cfg.Algorithm.Name}
	}
	return p
}

// cnSession is a connection that is logged in.
type cnSession struct {
	*Conn
	env    *Env
	id     string
	login  Answer
	job    *cnJob
	pushed int // pushes that were looked at
}

// cnJob is a job as it came.
type cnJob struct {
	fields map[string]json.RawMessage
	id     string
	height uint64
	blob   string
	at     time.Time // when it was pushed
}

// cnLogin opens a connection and logs in. A pool that will not have it leaves
// a check nothing to judge: the error is none of its findings.
func (e *Env) cnLogin() (*cnSession, error) { return e.cnLoginWith(e.loginParams()) }

func (e *Env) cnLoginWith(p params) (*cnSession, error) {
	c, err := e.Dial()
	if err != nil {
		return nil, err
	}
	s := &cnSession{Conn: c, env: e, login: c.Call("login", p)}
	result := map[string]json.RawMessage{}
	if s.login.Message != nil {
		result = object(s.login.Message.Fields["result"])
	}
	s.id, s.job = text(result["id"]), newCNJob(result["job"])
	if s.login.Outcome != Accepted || s.job == nil {
		return nil, fmt.Errorf("the login that this check begins with failed: %s", s.login)
	}
	return s, nil
}

func newCNJob(raw json.RawMessage) *cnJob {
	j := &cnJob{fields: object(raw)}
	if j.fields == nil {
		return nil
	}
	j.id, j.blob = text(j.fields["job_id"]), text(j.fields["blob"])
	_ = json.Unmarshal(j.fields["height"], &j.height) // 0 will do
	return j
}

// pushedAt notes when a job came.
func (j *cnJob) pushedAt(at time.Time) *cnJob {
	j.at = at
	return j
}

// work is what a miner makes of a job.
func (s *cnSession) work(j *cnJob) (*work, error) {
	blob, err := hex.DecodeString(j.blob)
	if err != nil || len(blob) < cnMinBlob {
		return nil, fmt.Errorf("the job's blob cannot be mined: %s", clip(j.blob))
	}
	algo := s.env.cfg.Algorithm
	if name := text(j.fields["algo"]); name != "" {
		if algo, err = hash.Lookup(name); err != nil {
			return nil, skipf("the pool's jobs are for %s, which this build cannot hash", clip(name))
		}
	}
	if algo == nil {
		return nil, skipf("the pool's jobs do not name their algorithm: give --algo")
	}
	w := &work{algo: algo, blob: blob, height: j.height, offset: cnNonceOffset, size: cnNonceSize}
	if blob[cnNonceOffset]|blob[cnNonceOffset+1]|blob[cnNonceOffset+2]|blob[cnNonceOffset+3] != 0 {
		w.size-- // the pool has fixed the last byte
	}
	if w.target, w.difficulty, err = chain.ParseTargetHex(text(j.fields["target"])); err != nil {
		return nil, fmt.Errorf("the job's target cannot be used: %w", err)
	}
	return w, algo.CheckInput(&hash.Input{Blob: blob, Height: j.height})
}

// valid finds a good share for a job.
func (s *cnSession) valid(j *cnJob) (params, error) {
	w, err := s.work(j)
	if err != nil {
		return nil, err
	}
	found, err := s.env.valid(w)
	if err != nil {
		return nil, err
	}
	return s.params(j, w, &found), nil
}

// low finds a share for a job that is too easy.
func (s *cnSession) low(j *cnJob) (params, error) {
	w, err := s.work(j)
	if err != nil {
		return nil, err
	}
	found, err := s.env.low(w)
	if err != nil {
		return nil, err
	}
	return s.params(j, w, &found), nil
}

// params are those of a submit.
func (s *cnSession) params(j *cnJob, w *work, found *share) params {
	nonce := append([]byte(nil), w.blob[cnNonceOffset:cnNonceOffset+cnNonceSize]...)
	copy(nonce, found.nonce)
	return params{"id": s.id, "job_id": j.id, "nonce": hex.EncodeToString(nonce), "result": hex.EncodeToString(found.digest[:])}
}

func (s *cnSession) submit(p params) Answer { return s.Call("submit", p) }

// accept submits a share that has to be accepted for the check to go on.
func (s *cnSession) accept() (params, error) {
	p, err := s.valid(s.job)
	if err != nil {
		return nil, err
	}
	if a := s.submit(p); a.Outcome != Accepted {
		return nil, fmt.Errorf("the good share that this check begins with was not accepted: %s", a)
	}
	return p, nil
}

// alive checks that the session still answers.
func (s *cnSession) alive() error {
	if a := s.Call("keepalived", params{"id": s.id}); a.Outcome != Accepted && a.Outcome != Refused {
		return failed(a.String()+" to a keepalive afterwards", "the session lives on")
	}
	return nil
}

// nextJob waits for a pushed job that is wanted.
func (s *cnSession) nextJob(within time.Duration, want func(*cnJob) bool) *cnJob {
	for deadline := time.Now().Add(within); ; {
		for ; s.pushed < len(s.pushes); s.pushed++ {
			m := s.pushes[s.pushed]
			if j := newCNJob(m.Fields["params"]); m.Method() == "job" && j != nil && want(j.pushedAt(m.at)) {
				s.pushed++
				s.job = j
				return j
			}
		}
		if _, ok := s.Next(time.Until(deadline)).(Line); !ok {
			return nil
		}
	}
}

// refused expects that a request is not accepted: an error, or the end.
func refused(what string, a Answer) error {
	if a.Outcome == Refused || a.Outcome == Ended {
		return nil
	}
	return failed(a.String()+" to "+what, "an error", "a closed connection")
}

// rejected expects an error reply.
func rejected(what string, a Answer) error {
	if a.Outcome == Refused {
		return nil
	}
	return failed(a.String()+" to "+what, "an error under the request's id")
}

// flip changes one hexadecimal digit.
func flip(digits string, at int) string {
	other := "0"
	if digits[at] == '0' {
		other = "1"
	}
	return digits[:at] + other + digits[at+1:]
}

// upper is a share with the hexadecimal digits in the other case.
func upper(p params, keys ...string) (params, bool) {
	changed := false
	for _, k := range keys {
		was := p[k].(string)
		p = p.with(k, strings.ToUpper(was))
		changed = changed || p[k] != was
	}
	return p, changed
}
