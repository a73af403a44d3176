package stratumclient

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/stratum"
	"github.com/aditmine/adit/stratum/cryptonote"
)

// loginID is the id of the login: servers and proxies expect 1.
const loginID = 1

// Where a CryptoNote hashing blob holds the id of the previous block, with the
// one-byte versions and five-byte timestamp that put the nonce at 39.
const (
	prevIDStart = 7
	prevIDEnd   = 39
)

// cryptoNote is the protocol of CryptoNote pools.
type cryptoNote struct {
	identity
	seq      int64
	rpcID    string // set by the login
	algoSent bool   // shares shall name their algorithm
	niceHash bool   // the highest nonce byte is the pool's
	alive    bool   // keepalives are wanted
	last     *Job
}

func newCryptoNote(id identity) *cryptoNote {
	return &cryptoNote{identity: id, seq: loginID, alive: id.endpoint.Keepalive}
}

func (p *cryptoNote) ready() bool { return p.rpcID != "" }

func (p *cryptoNote) nextID() int64 {
	p.seq++
	return p.seq
}

func (p *cryptoNote) hello() []byte {
	return cryptonote.AppendLogin(nil, &cryptonote.Login{
		ID: stratum.IntID(loginID), Login: p.endpoint.User, Pass: p.endpoint.Pass,
		Agent: p.agent, RigID: p.endpoint.RigID, Algos: p.names(),
	})
}

func (p *cryptoNote) keepalive() []byte {
	if !p.alive {
		return nil
	}
	return cryptonote.AppendKeepalived(nil, &cryptonote.Keepalived{ID: stratum.IntID(p.nextID()), RPCID: p.rpcID})
}

func (p *cryptoNote) submit(s *Share) ([]byte, int64) {
	r := cryptonote.Submit{
		RPCID: p.rpcID, JobID: s.Job.ID, Result: s.Digest,
	}
	copy(r.Nonce[:], s.Job.Blob[s.Job.NonceOffset:])
	copy(r.Nonce[:], s.Nonce)
	if p.algoSent {
		r.Algo = s.Job.algoName
	}
	id := p.nextID()
	r.ID = stratum.IntID(id)
	return cryptonote.AppendSubmit(nil, &r), id
}

func (p *cryptoNote) receive(line []byte) (reaction, error) {
	var out reaction
	msg, err := cryptonote.ParseServerMessage(line)
	if err != nil {
		return out, judgeParseError(err, cryptonote.MethodJob)
	}
	switch m := msg.(type) {
	case *cryptonote.JobNotification:
		if p.ready() {
			return out, p.take(m.Job, &out)
		}
	case *cryptonote.Reconnect:
		out.redirect = &redirect{m.Host, m.Port}
	case *cryptonote.Reply:
		return out, p.reply(m, &out)
	}
	return out, nil
}

func (p *cryptoNote) reply(m *cryptonote.Reply, out *reaction) error {
	id, numbered := m.ID.LooseInt()
	switch {
	case !p.ready() && (m.Err != nil || numbered && id == loginID):
		return p.login(m, out)
	case numbered:
		out.verdict = &verdict{id: id, accepted: m.OK()}
		if !m.OK() {
			out.verdict.reason = reasonOf(m.Err)
		}
	case m.Err != nil:
		out.add(Notice{p.pool, reasonOf(m.Err)})
	}
	if m.Err != nil && cryptonote.IsCritical(m.Err.Message) {
		return &CriticalError{Reason: reasonOf(m.Err)}
	}
	return nil
}

func (p *cryptoNote) login(m *cryptonote.Reply, out *reaction) error {
	if m.Err != nil {
		return &LoginError{Reason: reasonOf(m.Err)}
	}
	r, err := m.Login()
	if err != nil {
		return fmt.Errorf("the pool's answer to the login is unusable: %w", err)
	}
	p.rpcID = r.RPCID
	p.algoSent = slices.Contains(r.Extensions, cryptonote.ExtensionAlgo)
	p.niceHash = slices.Contains(r.Extensions, cryptonote.ExtensionNiceHash)
	p.alive = p.alive || slices.Contains(r.Extensions, cryptonote.ExtensionKeepalive)
	out.add(LoggedIn{Pool: p.pool, Extensions: printable(r.Extensions)})
	return p.take(r.Job, out)
}

func printable(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, stratum.Printable(s))
	}
	return out
}

// take turns a job of the wire into one for the miner.
func (p *cryptoNote) take(j *cryptonote.Job, out *reaction) error {
	a, err := p.algorithm(j.Algo)
	if err != nil {
		return err
	}
	if err := a.CheckInput(&hash.Input{Blob: j.Blob, Height: j.Height}); err != nil {
		return fmt.Errorf("the pool sent an unusable job: %w", err)
	}
	target, difficulty, err := chain.ParseTargetHex(hex.EncodeToString(j.Target))
	if err != nil {
		return fmt.Errorf("the pool sent an unusable job: %w", err)
	}
	job := &Job{
		ID: j.ID, Algorithm: a, Blob: j.Blob, Height: j.Height,
		NonceOffset: a.NonceOffset, NonceSize: p.nonceSize(a, j.Blob),
		Target: target, Difficulty: difficulty, Clean: p.newBlock(j),
		Pool: p.pool, Generation: p.generation, algoName: j.Algo,
	}
	if job.algoName == "" {
		job.algoName = a.Name
	}
	p.last = job
	out.add(NewJob{job})
	return nil
}

// nonceSize leaves the highest nonce byte to the pool in NiceHash mode, which
// the pool announces or shows by a nonce that is not zero.
func (p *cryptoNote) nonceSize(a *hash.Algorithm, blob []byte) int {
	nonce := blob[a.NonceOffset : a.NonceOffset+a.NonceSize]
	if p.niceHash || !bytes.Equal(nonce, make([]byte, len(nonce))) {
		return a.NonceSize - 1
	}
	return a.NonceSize
}

// newBlock reports whether a job builds on another block than the last one.
func (p *cryptoNote) newBlock(j *cryptonote.Job) bool {
	return p.last == nil || p.last.Height != j.Height ||
		!bytes.Equal(p.last.Blob[prevIDStart:prevIDEnd], j.Blob[prevIDStart:prevIDEnd])
}
