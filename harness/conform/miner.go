package conform

import (
	"bytes"
	"encoding/hex"
	"time"
)

// miner is a session of either dialect.
type miner struct {
	*Conn
	env *Env
	cn  *cnSession
	ckb *ckbSession

	seen time.Time // when the last job came
}

// task is a job to find shares for.
type task struct {
	*work
	cn  *cnJob
	ckb *ckbJob
}

// mine logs in and waits for work.
func (e *Env) mine() (*miner, error) {
	if e.cfg.Profile == CKB {
		s, err := e.ckbLogin()
		if err != nil {
			return nil, err
		}
		return &miner{Conn: s.Conn, env: e, ckb: s}, nil
	}
	s, err := e.cnLogin()
	if err != nil {
		return nil, err
	}
	return &miner{Conn: s.Conn, env: e, cn: s}, nil
}

// task is the session's present job.
func (m *miner) task() (*task, error) {
	if m.ckb != nil {
		w, err := m.ckb.work(m.ckb.job)
		return &task{work: w, ckb: m.ckb.job}, err
	}
	w, err := m.cn.work(m.cn.job)
	return &task{work: w, cn: m.cn.job}, err
}

// next waits for a pushed job that is wanted.
func (m *miner) next(within time.Duration, want func(*task) bool) (*task, error) {
	var found *task
	var failure error
	look := func() bool {
		t, err := m.task()
		if err != nil {
			failure = err
			return true
		}
		if want(t) {
			found = t
		}
		return found != nil
	}
	if m.ckb != nil {
		m.ckb.nextJob(within, func(j *ckbJob) bool { m.ckb.job, m.seen = j, j.message.at; return look() })
	} else {
		m.cn.nextJob(within, func(j *cnJob) bool { m.cn.job, m.seen = j, j.at; return look() })
	}
	return found, failure
}

// stock finds up to count different good shares.
func (m *miner) stock(t *task, count int) ([]share, error) {
	found := m.env.banked(t.work, count)
	if len(found) == count {
		return found, nil
	}
	err := m.env.hash(t.work, func(s *share) bool {
		if s.meets(t.work) {
			found = append(found, *s)
			m.env.cfg.shares.mined.Add(1)
		}
		return len(found) < count
	})
	if err == nil && len(found) == 0 {
		err = inconclusivef("no share found within %v at difficulty %d: let the pool start lower", m.env.cfg.Effort, t.difficulty)
	}
	return found, err
}

// line is a submit under an id, with its line feed.
func (m *miner) line(id string, t *task, s *share) []byte {
	if m.ckb != nil {
		return []byte(requestLine(id, "mining.submit", []any{m.env.cfg.Login, t.ckb.id, hex.EncodeToString(s.nonce)}) + "\n")
	}
	return []byte(requestLine(id, "submit", m.cn.params(t.cn, t.work, s)) + "\n")
}

// hand submits a share.
func (m *miner) hand(t *task, s *share) Answer {
	if m.ckb != nil {
		return m.ckb.submit(t.ckb, hex.EncodeToString(s.nonce))
	}
	return m.cn.submit(m.cn.params(t.cn, t.work, s))
}

// pour submits shares in one segment and returns the ids of their answers.
func (m *miner) pour(t *task, shares []share) (ids []string) {
	var lines bytes.Buffer
	for i := range shares {
		m.nextID++
		ids = append(ids, itoa(m.nextID))
		lines.Write(m.line(ids[i], t, &shares[i]))
	}
	m.Write(lines.Bytes())
	return ids
}

// burst submits shares in one segment and returns how many were accepted.
func (m *miner) burst(t *task, shares []share) (accepted int) {
	for _, id := range m.pour(t, shares) {
		if m.Await(id).Outcome == Accepted {
			accepted++
		}
	}
	return accepted
}

// onTip waits until the session has work on the node's tip.
func (m *miner) onTip(what string) error {
	want := m.env.node.Height() + 1
	if t, err := m.task(); err != nil || t.height == want {
		return err
	}
	t, err := m.next(m.env.tipWait(), func(t *task) bool { return t.height == want })
	if t == nil && err == nil {
		return failed("no job for the tip within "+m.env.tipWait().String()+" of "+what, "a job on the new tip")
	}
	return err
}
