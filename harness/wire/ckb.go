package wire

import (
	"fmt"
	"time"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/stratum"
	"github.com/aditmine/adit/stratum/ckb"
)

// Eaglesong is the only algorithm of CKB stratum.
const eaglesong = "eaglesong"

func (c *Conn) ckbToPool(at time.Duration, line []byte, m stratum.Message, shell error) Event {
	req, err := ckb.ParseRequest(line)
	if err != nil {
		if shell == nil && m.Method == ckb.MethodSubmit {
			return c.submit(&Submit{ID: m.ID, At: at, Malformed: err})
		}
		c.ask(m.ID, &request{kind: kindOther})
		return nil
	}
	switch r := req.(type) {
	case *ckb.Subscribe:
		c.ask(r.ID, &request{kind: kindSubscribe})
	case *ckb.Authorize:
		if !c.workers[r.User] && len(c.workers) < maxWorkers {
			c.workers[r.User] = false
		}
		c.ask(r.ID, &request{kind: kindAuthorize, worker: r.User})
	case *ckb.Submit:
		return c.ckbSubmit(at, r)
	default:
		c.ask(req.RequestID(), &request{kind: kindOther})
	}
	return nil
}

// ckbSubmit reads a share. Its nonce is nonce2; the rest of the 16 bytes is
// the session's.
func (c *Conn) ckbSubmit(at time.Duration, r *ckb.Submit) Event {
	s := &Submit{ID: r.ID, At: at, JobID: r.JobID, Nonce: r.Nonce2}
	if !r.ID.Awaited() {
		s.Malformed = errNoID
	}
	agreed, asked := c.workers[r.Worker]
	s.Unauthorized = !c.unsure && !asked
	c.submit(s)
	s.Unsure = s.Unsure || asked && !agreed // the pool has not answered yet
	size := c.nonce2
	if s.Job != nil {
		size = s.Job.NonceSize
	}
	if s.Malformed == nil && size > 0 && len(r.Nonce2) != size {
		s.Malformed = fmt.Errorf("nonce2 has %d bytes, %d are assigned", len(r.Nonce2), size)
	}
	return s
}

func (c *Conn) ckbToMiner(at time.Duration, line []byte) []Event {
	msg, err := ckb.ParseServerMessage(line)
	if err != nil {
		c.Missed()
		if m, shell := stratum.ParseMessage(line, stratum.DefaultLimits()); shell == nil {
			c.ckbUnread(m.Method)
		}
		return nil
	}
	switch m := msg.(type) {
	case *ckb.SetTarget:
		t := hash.Target(m.Target)
		c.target = &t
	case *ckb.SetExtranonce:
		c.nonce1, c.nonce2 = m.Nonce1, m.Nonce2Size
	case *ckb.Notify:
		return []Event{c.ckbJob(at, m)}
	case *ckb.Reply:
		return c.ckbReply(at, m)
	}
	return nil
}

// ckbUnread forgets what an unreadable message has replaced: jobs that depend
// on it cannot be judged.
func (c *Conn) ckbUnread(method string) {
	switch method {
	case ckb.MethodSetTarget:
		c.target = nil
	case ckb.MethodSetExtranonce:
		c.nonce1, c.nonce2 = nil, 0
	}
}

func (c *Conn) ckbReply(at time.Duration, r *ckb.Reply) []Event {
	req := c.answered(r.ID)
	if req == nil {
		return nil
	}
	value, isBool := r.Result.Bool()
	switch req.kind {
	case kindSubscribe:
		if sub, err := r.Subscribe(); err == nil {
			c.nonce1, c.nonce2 = sub.Nonce1, sub.Nonce2Size
		}
	case kindAuthorize:
		if r.OK() && len(c.workers) < maxWorkers {
			c.workers[req.worker], c.ready = true, true
			return []Event{&Ready{At: at}}
		}
		if !c.workers[req.worker] {
			delete(c.workers, req.worker)
		}
		refused := &Refused{At: at}
		if r.Err != nil {
			refused.Text = r.Err.Message
		}
		return []Event{refused}
	case kindSubmit:
		return []Event{result(req.submit, at, answer{yes: isBool && value, no: isBool && !value, err: r.Err})}
	}
	return nil
}

// ckbJob turns a notification into a job with the session's target and nonce1.
func (c *Conn) ckbJob(at time.Duration, n *ckb.Notify) Event {
	if n.Clean {
		c.cleanCnt++
	}
	job := &Job{
		ID: n.JobID, At: at, Algo: c.lookup(eaglesong), AlgoName: eaglesong,
		NonceOffset: len(n.PowHash) + len(c.nonce1), NonceSize: c.nonce2,
		Height: n.Height, Parent: string(n.ParentHash), Clean: n.Clean,
		Unsure: c.target == nil || c.nonce2 == 0,
	}
	job.Input = make([]byte, len(n.PowHash)+ckb.NonceSize)
	copy(job.Input, n.PowHash[:])
	copy(job.Input[len(n.PowHash):], c.nonce1)
	if c.target != nil {
		job.Target, job.Loose = *c.target, *c.target
		job.Difficulty = chain.Uint64(chain.DifficultyFromTarget(*c.target))
	}
	return c.issue(job)
}
