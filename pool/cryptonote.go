package pool

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/stratum"
	"github.com/aditmine/adit/stratum/cryptonote"
)

// Texts of this pool that no other server's stand for.
const (
	textBusy        = "Pool is busy, please try again; the share was not verified"
	textNotRecorded = "The share could not be recorded and does not count"
	textUnavailable = "The pool cannot take logins now. Please wait."
)

// cryptoNoteDialect speaks XMRig's dialect.
type cryptoNoteDialect struct {
	s      *session
	rpcID  string // of the present login; guarded by s.mu where it changes
	wide   bool   // the miner is known to read 8-byte targets
	secure bool   // the connection is encrypted
	fixed  byte   // the pool's byte of every nonce; 0: none
}

// serve implements dialect.
func (d *cryptoNoteDialect) serve(line []byte, at time.Time) bool {
	req, err := cryptonote.ParseRequest(line)
	if err != nil {
		return d.s.malformedLine(err, cryptonote.AppendError)
	}
	switch r := req.(type) {
	case *cryptonote.Submit:
		d.submit(r, at)
		return true
	case *cryptonote.Login:
		if !d.login(r) {
			return false
		}
	case *cryptonote.Keepalived:
		d.whileOpen(r.ID, r.RPCID, func() { d.s.conn.send(cryptonote.AppendKeepalivedResult(nil, r.ID)) })
	case *cryptonote.GetJob:
		d.whileOpen(r.ID, r.RPCID, func() { d.getJob(r.ID) })
	default:
		d.fail(req.RequestID(), UnknownMethod, cryptonote.TextUnknownMethod)
		return true
	}
	d.s.malformed = 0
	return true
}

// fail answers a request with an error and counts why.
func (d *cryptoNoteDialect) fail(id stratum.ID, why Reason, text string) {
	d.s.port.counters.refuse(why)
	if why == Malformed || why == UnknownMethod || why == Unauthenticated {
		d.s.malformed++
	}
	d.s.conn.send(cryptonote.AppendError(nil, id, cryptonote.CodeError, text))
}

// complain implements dialect.
func (d *cryptoNoteDialect) complain(text string) {
	d.s.conn.send(cryptonote.AppendError(nil, stratum.NullID(), cryptonote.CodeError, text))
}

// login opens the session, or replaces it: the jobs and the id of an earlier
// login on this connection are void then. It reports false when the miner is
// to be sent away.
func (d *cryptoNoteDialect) login(r *cryptonote.Login) bool {
	s := d.s
	cred, err := parseCredentials(r.Login, r.Pass, s.pool.live.Load().Login)
	if err != nil {
		d.fail(r.ID, BadLogin, err.Error())
		return true
	}
	if why, text := s.mayLogIn(cred.address); why != accepted {
		d.fail(r.ID, why, text)
		return false
	}
	if err := s.feed.coin.CheckLogin(cred.address); err != nil {
		d.fail(r.ID, BadLogin, cryptonote.TextInvalidAddress)
		s.pool.log.Debug("login refused", "session", s.id, "err", err)
		return true
	}
	if r.Algos != nil && !namesAlgorithm(r.Algos, s.feed.algorithm) {
		d.fail(r.ID, BadLogin, cryptonote.TextNoCommonAlgo)
		return true
	}
	miner := ledger.Miner{Coin: s.feed.cfg.Name, Login: cred.address, Worker: cred.worker, Rig: cleanName(r.RigID)}
	reply, err := d.open(r, miner, cred)
	if err != nil {
		s.pool.complain("logins fail", err)
		d.fail(r.ID, NoTemplate, textUnavailable)
		return true
	}
	s.conn.send(reply)
	s.opened()
	return true
}

// open starts the session's books anew and makes the answer with its first
// job.
func (d *cryptoNoteDialect) open(r *cryptonote.Login, miner ledger.Miner, cred credentials) ([]byte, error) {
	s := d.s
	rpcID, err := s.pool.randomHex(16)
	if err != nil {
		return nil, err
	}
	s.feed.join(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = false
	if err := s.begin(miner, cred.difficulty); err != nil {
		return nil, err
	}
	d.rpcID, d.wide = rpcID, readsWideTargets(r.Agent)
	d.reserve(r.Agent)
	j, err := s.nextJob(s.feed.current.Load())
	if err != nil {
		return nil, err
	}
	wire, err := d.wireJob(j)
	if err != nil {
		return nil, err
	}
	s.open, s.miner, s.solo, s.agent = true, miner, cred.solo, cleanName(r.Agent)
	return cryptonote.AppendLoginResult(nil, r.ID, &cryptonote.LoginResult{
		RPCID: rpcID, Job: wire, Status: cryptonote.StatusOK,
		Extensions: d.extensions(),
	}), nil
}

// namesAlgorithm reports whether a miner's list has an algorithm, under any of
// its names.
func namesAlgorithm(names []string, a *hash.Algorithm) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		known, err := hash.Lookup(name)
		return err == nil && known == a
	})
}

// readsWideTargets reports whether a miner of that name is known to read
// targets of 8 bytes.
func readsWideTargets(agent string) bool {
	agent = strings.ToLower(agent)
	return slices.ContainsFunc([]string{"xmrig", "adit", "xmr-stak", "srbminer"}, func(name string) bool {
		return strings.Contains(agent, name)
	})
}

// wireJob makes what the miner is told of a job.
func (d *cryptoNoteDialect) wireJob(j *job) (*cryptonote.Job, error) {
	in, err := j.input()
	if err != nil {
		return nil, err
	}
	if d.fixed != 0 {
		in.Blob[in.NonceOffset+fixedByte] = d.fixed
	}
	return &cryptonote.Job{
		ID: d.s.book.id(j), Blob: in.Blob, Target: wireTarget(j.difficulty, d.wide),
		Algo: d.s.feed.algorithm.Name, Height: j.round.Height,
		SeedHash: j.round.SeedHash, NextSeedHash: j.round.NextSeedHash, RPCID: d.rpcID,
	}, nil
}

// wireTarget writes a difficulty as 4 bytes, which every miner reads, or as 8
// where 4 would make the miner work more than is credited: more than 0.1 % for
// miners known to read 8, more than 1 % for all others.
func wireTarget(difficulty uint64, wide bool) []byte {
	tolerance := uint64(100)
	if wide {
		tolerance = 1000
	}
	if short, ok := chain.Compact4(difficulty); ok {
		asked, err := chain.TargetFromCompact4(short)
		if err == nil {
			extra := chain.Uint64(chain.DifficultyFromTarget(asked)) - difficulty
			if extra <= difficulty/tolerance {
				return binary.LittleEndian.AppendUint32(nil, short)
			}
		}
	}
	return binary.LittleEndian.AppendUint64(nil, chain.Compact8(difficulty))
}

// sendJob implements dialect.
func (d *cryptoNoteDialect) sendJob(j *job, _ bool) error {
	wire, err := d.wireJob(j)
	if err != nil {
		return err
	}
	d.s.pool.sendLine(d.s.conn, func(line []byte) []byte { return cryptonote.AppendJob(line, wire) })
	return nil
}

// whileOpen runs f for a request that needs a session and names it.
func (d *cryptoNoteDialect) whileOpen(id stratum.ID, rpcID string, f func()) {
	if !d.s.isOpen() || rpcID != "" && rpcID != d.rpcID {
		d.fail(id, Unauthenticated, cryptonote.TextUnauthenticated)
		return
	}
	f()
}

// getJob answers with the present job.
func (d *cryptoNoteDialect) getJob(id stratum.ID) {
	s := d.s
	s.mu.Lock()
	defer s.mu.Unlock()
	wire, err := d.wireJob(s.book.last())
	if err != nil {
		s.conn.send(cryptonote.AppendError(nil, id, cryptonote.CodeError, cryptonote.TextNoTemplate))
		return
	}
	s.conn.send(cryptonote.AppendJobResult(nil, id, wire))
}

// submit judges a share.
func (d *cryptoNoteDialect) submit(r *cryptonote.Submit, at time.Time) {
	s := d.s
	sub := &submission{session: s, id: r.ID, at: at, size: len(r.Nonce), claimed: (*hash.Digest)(&r.Result)}
	copy(sub.nonce[:], r.Nonce[:])
	s.submit(sub, func() (job, Reason) {
		s.mu.Lock()
		defer s.mu.Unlock()
		sub.miner, sub.solo, sub.vd = s.miner, s.solo, s.vd
		if !s.open || r.RPCID != d.rpcID {
			s.malformed++
			return job{}, Unauthenticated
		}
		s.malformed = 0
		if r.Algo != "" && !namesAlgorithm([]string{r.Algo}, s.feed.algorithm) {
			return job{}, WrongAlgorithm
		}
		if d.fixed != 0 && r.Nonce[fixedByte] != d.fixed {
			return job{}, BadNonce
		}
		return s.book.find(r.JobID)
	})
}

// answer implements dialect.
func (d *cryptoNoteDialect) answer(id stratum.ID, verdict Reason) {
	if verdict == accepted {
		d.s.conn.send(cryptonote.AppendOK(nil, id))
		return
	}
	d.s.conn.send(cryptonote.AppendError(nil, id, cryptonote.CodeError, cryptoNoteText(verdict)))
}

// cryptoNoteText is what a miner is told. XMRig reconnects on "Unauthenticated"
// and "Invalid job id", which is what they are for.
func cryptoNoteText(verdict Reason) string {
	switch verdict {
	case Unauthenticated:
		return cryptonote.TextUnauthenticated
	case WrongAlgorithm:
		return cryptonote.TextIncorrectAlgo
	case UnknownJob:
		return cryptonote.TextInvalidJobID
	case BadNonce:
		return cryptonote.TextInvalidNonce
	case Stale:
		return cryptonote.TextBlockExpired
	case LowDifficulty:
		return cryptonote.TextLowDifficulty
	case Duplicate:
		return cryptonote.TextDuplicateShare
	case Overloaded:
		return textBusy
	case NotRecorded:
		return textNotRecorded
	}
	return cryptonote.TextInvalidShare
}

// redirect implements dialect.
func (d *cryptoNoteDialect) redirect(host string, port uint16) {
	d.s.conn.send(cryptonote.AppendReconnect(nil, &cryptonote.Reconnect{Host: host, Port: port}))
}

// malformedLine answers a line that could not be read, as its error asks. It
// reports false when the connection is to be closed.
func (s *session) malformedLine(err error, appendError func([]byte, stratum.ID, int, string) []byte) bool {
	s.port.counters.refuse(Malformed)
	s.malformed++
	s.judged(s.login(), Malformed)
	var wire *stratum.Error
	if !errors.As(err, &wire) {
		return false
	}
	if wire.Reply {
		s.conn.send(appendError(nil, wire.ID, wire.Code, wire.Message))
	}
	return !wire.Disconnect
}

// randomHex is n random bytes in hex.
func (p *Pool) randomHex(n int) (string, error) {
	b := make([]byte, n)
	if err := p.readRandom(b); err != nil {
		return "", err
	}
	return hex.EncodeToString(b), nil
}
