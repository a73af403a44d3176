package stratumclient

import (
	"bytes"
	"fmt"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/stratum"
	"github.com/aditmine/adit/stratum/ckb"
)

// Ids of the requests that open a CKB session.
const (
	subscribeID = 1
	authorizeID = 2
)

// nervos is the protocol of CKB pools.
type nervos struct {
	identity
	seq        int64
	subscribed bool
	authorized bool
	nonce1     []byte       // of the jobs to come
	target     *hash.Target // of the jobs to come; nil until the pool sets it
	notify     *ckb.Notify  // the job in hand
	jobNonce1  []byte       // and its nonce1
	last       *Job         // as it was handed out; nil while it cannot be
}

func newNervos(id identity) *nervos { return &nervos{identity: id, seq: authorizeID} }

func (p *nervos) ready() bool { return p.authorized }

func (p *nervos) nextID() stratum.ID {
	p.seq++
	return stratum.IntID(p.seq)
}

func (p *nervos) hello() []byte {
	return ckb.AppendSubscribe(nil, &ckb.Subscribe{ID: stratum.IntID(subscribeID), Agent: p.agent})
}

func (p *nervos) keepalive() []byte { return nil }

func (p *nervos) submit(s *Share) ([]byte, int64) {
	r := ckb.Submit{ID: p.nextID(), Worker: p.endpoint.User, JobID: s.Job.ID, Nonce2: s.Nonce}
	return ckb.AppendSubmit(nil, &r), p.seq
}

func (p *nervos) receive(line []byte) (reaction, error) {
	var out reaction
	msg, err := ckb.ParseServerMessage(line)
	if err != nil {
		return out, judgeParseError(err, ckb.MethodNotify, ckb.MethodSetTarget, ckb.MethodSetExtranonce)
	}
	switch m := msg.(type) {
	case *ckb.Reply:
		return out, p.reply(m, &out)
	case *ckb.Notify:
		p.notify, p.jobNonce1 = m, p.nonce1
		p.handOut(m.Clean, &out)
	case *ckb.SetTarget:
		return out, p.setTarget(m.Target, &out)
	case *ckb.SetExtranonce:
		p.nonce1 = m.Nonce1
	case *ckb.Reconnect:
		out.redirect = &redirect{m.Host, m.Port}
	case *ckb.ShowMessage:
		out.add(Notice{p.pool, stratum.Printable(m.Text)})
	case *ckb.GetVersion:
		out.send = ckb.AppendVersion(nil, m.ID, p.agent)
	}
	return out, nil
}

func (p *nervos) reply(m *ckb.Reply, out *reaction) error {
	id, numbered := m.ID.LooseInt()
	switch {
	case numbered && id == subscribeID && !p.subscribed:
		return p.subscribe(m, out)
	case numbered && id == authorizeID && !p.authorized:
		return p.authorize(m, out)
	case !p.authorized && m.Err != nil && !m.ID.Awaited():
		return &LoginError{Reason: reasonOf(m.Err)}
	case numbered:
		out.verdict = &verdict{id: id, accepted: m.OK()}
		if !m.OK() {
			out.verdict.reason = reasonOf(m.Err)
		}
	case m.Err != nil:
		out.add(Notice{p.pool, reasonOf(m.Err)})
	}
	return nil
}

func (p *nervos) subscribe(m *ckb.Reply, out *reaction) error {
	if m.Err != nil {
		return &LoginError{Reason: reasonOf(m.Err)}
	}
	r, err := m.Subscribe()
	if err != nil {
		return fmt.Errorf("the pool's answer to mining.subscribe is unusable: %w", err)
	}
	p.subscribed, p.nonce1, p.jobNonce1 = true, r.Nonce1, r.Nonce1
	out.send = ckb.AppendAuthorize(nil, &ckb.Authorize{
		ID: stratum.IntID(authorizeID), User: p.endpoint.User, Pass: p.endpoint.Pass,
	})
	return nil
}

func (p *nervos) authorize(m *ckb.Reply, out *reaction) error {
	if !m.OK() {
		return &LoginError{Reason: reasonOf(m.Err)}
	}
	p.authorized = true
	out.add(LoggedIn{Pool: p.pool})
	if p.endpoint.ExtranonceSubscribe {
		out.send = ckb.AppendExtranonceSubscribe(nil, &ckb.ExtranonceSubscribe{ID: p.nextID()})
	}
	p.handOut(true, out) // what came before the login was accepted
	return nil
}

// setTarget changes the target of the jobs to come. When it is harder than
// that of the job in hand it takes effect at once: shares that meet it are
// good whichever of the two the pool judges by. An easier one waits for the
// next job.
func (p *nervos) setTarget(t hash.Target, out *reaction) error {
	if t == (hash.Target{}) {
		return fmt.Errorf("the pool set an unusable target: %w", chain.ErrZeroTarget)
	}
	p.target = &t
	if p.last == nil || bytes.Compare(t[:], p.last.Target[:]) < 0 {
		p.handOut(p.last == nil, out)
	}
	return nil
}

// handOut makes a job for the miner, once there is all it takes.
func (p *nervos) handOut(clean bool, out *reaction) {
	if p.notify == nil || p.target == nil || !p.authorized {
		return
	}
	a := p.endpoint.Algorithm
	blob := make([]byte, len(p.notify.PowHash)+ckb.NonceSize)
	n := copy(blob, p.notify.PowHash[:])
	n += copy(blob[n:], p.jobNonce1)
	p.last = &Job{
		ID: p.notify.JobID, Algorithm: a, Blob: blob,
		NonceOffset: n, NonceSize: len(blob) - n,
		Height: p.notify.Height, Target: *p.target,
		Difficulty: chain.Uint64(chain.DifficultyFromTarget(*p.target)),
		Clean:      clean || p.last == nil, Pool: p.pool, Generation: p.generation,
		algoName: a.Name,
	}
	out.add(NewJob{p.last})
}
