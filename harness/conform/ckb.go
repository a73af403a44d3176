package conform

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
)

// ckbNonceSize is nonce1 and nonce2 together.
const ckbNonceSize = 16

// ckbSession is a connection that is subscribed and authorised.
type ckbSession struct {
	*Conn
	env        *Env
	nonce1     []byte
	nonce2Size int
	target     string
	job        *ckbJob
	pushed     int // pushes that were looked at
}

// ckbJob is a job as it came.
type ckbJob struct {
	params  []json.RawMessage
	id      string
	powHash []byte
	height  uint64
	parent  string
	clean   bool
	target  string // in force when it came
	message *Message
}

// ckbSubscribe opens a connection and subscribes.
func (e *Env) ckbSubscribe() (*ckbSession, Answer, error) {
	c, err := e.Dial()
	if err != nil {
		return nil, Answer{}, err
	}
	s := &ckbSession{Conn: c, env: e}
	a := c.Call("mining.subscribe", []any{agent, nil})
	if a.Message == nil {
		return s, a, nil
	}
	if result := list(a.Message.Fields["result"]); len(result) > 2 {
		s.nonce1, _ = hex.DecodeString(text(result[1])) // a bad one is found by its length
		_ = json.Unmarshal(result[2], &s.nonce2Size)    // and so is this
	}
	return s, a, nil
}

// ckbLogin is a session with a job.
func (e *Env) ckbLogin() (*ckbSession, error) {
	s, a, err := e.ckbSubscribe()
	if err != nil {
		return nil, err
	}
	if a.Outcome == Accepted {
		a = s.Call("mining.authorize", []any{e.cfg.Login, e.cfg.Pass})
	}
	if a.Outcome != Accepted {
		return nil, fmt.Errorf("the login that this check begins with failed: %s", a)
	}
	if s.nextJob(e.cfg.Timeout, func(*ckbJob) bool { return true }) == nil {
		return nil, fmt.Errorf("no job came after the login that this check begins with")
	}
	return s, nil
}

// nextJob waits for a pushed job that is wanted.
func (s *ckbSession) nextJob(within time.Duration, want func(*ckbJob) bool) *ckbJob {
	for deadline := time.Now().Add(within); ; {
		for ; s.pushed < len(s.pushes); s.pushed++ {
			m := s.pushes[s.pushed]
			p := list(m.Fields["params"])
			if m.Method() == "mining.set_target" && len(p) > 0 {
				s.target = text(p[0])
			}
			if m.Method() != "mining.notify" {
				continue
			}
			if j := newCKBJob(m, p, s.target); want(j) {
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

func newCKBJob(m *Message, p []json.RawMessage, target string) *ckbJob {
	j := &ckbJob{params: p, message: m, target: target}
	if len(p) < 5 {
		return j
	}
	j.id, j.parent = text(p[0]), text(p[3])
	j.powHash, _ = hex.DecodeString(text(p[1])) // found by its length
	_ = json.Unmarshal(p[2], &j.height)         // 0 will do
	j.clean = string(p[4]) == "true"
	return j
}

// work is what a miner makes of a job.
func (s *ckbSession) work(j *ckbJob) (*work, error) {
	algo, err := hash.Lookup("eaglesong")
	if err != nil {
		return nil, err
	}
	target, err := hex.DecodeString(j.target)
	if err != nil || len(target) != hash.Size || len(j.powHash) != hash.Size || len(s.nonce1)+s.nonce2Size != ckbNonceSize || s.nonce2Size < 1 {
		return nil, fmt.Errorf("the job cannot be mined: target %s, job %s, nonce1 %x with %d bytes of nonce2",
			clip(j.target), clip(j.message.Raw), s.nonce1, s.nonce2Size)
	}
	w := &work{algo: algo, offset: hash.Size + len(s.nonce1), size: s.nonce2Size, target: hash.Target(target), height: j.height}
	w.difficulty = chain.Uint64(chain.DifficultyFromTarget(w.target))
	w.blob = append(append(append(w.blob, j.powHash...), s.nonce1...), make([]byte, s.nonce2Size)...)
	return w, nil
}

// valid finds a good nonce2 for the session's job.
func (s *ckbSession) valid() (string, error) {
	w, err := s.work(s.job)
	if err != nil {
		return "", err
	}
	found, err := s.env.valid(w)
	return hex.EncodeToString(found.nonce), err
}

func (s *ckbSession) submit(j *ckbJob, nonce2 string) Answer {
	return s.Call("mining.submit", []any{s.env.cfg.Login, j.id, nonce2})
}

// accept submits a share that has to be accepted for the check to go on.
func (s *ckbSession) accept() (string, error) {
	nonce2, err := s.valid()
	if err != nil {
		return "", err
	}
	if a := s.submit(s.job, nonce2); a.Outcome != Accepted {
		return "", fmt.Errorf("the good share that this check begins with was not accepted: %s", a)
	}
	return nonce2, nil
}

// ckbCurrent is a session with work on the node's tip.
func (e *Env) ckbCurrent() (*ckbSession, error) {
	s, err := e.ckbLogin()
	if err != nil {
		return nil, err
	}
	want := e.node.Height() + 1
	if s.job.height != want && s.nextJob(e.tipWait(), func(j *ckbJob) bool { return j.height == want }) == nil {
		return nil, fmt.Errorf("the pool gives work for height %d while the node's next is %d: is it configured to use the harness's node?", s.job.height, want)
	}
	return s, nil
}

// advance lets the node find a block and waits for work on it.
func (s *ckbSession) advance() error {
	if err := s.env.node.Mine(1); err != nil {
		return err
	}
	return s.renewed("a new block")
}

func (s *ckbSession) renewed(what string) error {
	want := s.env.node.Height() + 1
	if s.nextJob(s.env.tipWait(), func(j *ckbJob) bool { return j.height == want }) == nil {
		return failed(fmt.Sprintf("no job of height %d within %v of %s", want, s.env.tipWait(), what), "a job on the new tip")
	}
	return nil
}

func (s *ckbSession) answering() bool { return s.env.answers(s.Conn) }
