package pool

import (
	"encoding/binary"
	"time"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/stratum"
	"github.com/aditmine/adit/stratum/ckb"
)

// nonce1Size is how much of a CKB nonce is the session's, in bytes; the rest
// is the miner's.
const nonce1Size = 4

// maxWorkers bounds how many workers one connection may speak for.
const maxWorkers = 1024

// ckbDialect speaks CKB stratum V1.
type ckbDialect struct {
	s       *session
	workers map[string]ckbWorker // by the name they submit under
	target  hash.Target          // last one sent; guarded by s.mu
}

// ckbWorker is one of those that a connection speaks for.
type ckbWorker struct {
	ledger.Miner
	solo bool
}

// serve implements dialect.
func (d *ckbDialect) serve(line []byte, at time.Time) bool {
	req, err := ckb.ParseRequest(line)
	if err != nil {
		return d.s.malformedLine(err, ckb.AppendError)
	}
	switch r := req.(type) {
	case *ckb.Submit:
		d.submit(r, at)
		return true
	case *ckb.Subscribe:
		d.subscribe(r)
	case *ckb.Authorize:
		d.authorize(r)
	case *ckb.ExtranonceSubscribe, *ckb.SuggestDifficulty:
		// nonce1 never changes here, and nobody agrees on the unit of a
		// difficulty: both are taken note of, no more.
		d.s.conn.send(ckb.AppendResult(nil, req.RequestID(), true))
	case *ckb.SuggestTarget:
		d.suggest(r)
	default:
		d.fail(req.RequestID(), UnknownMethod, ckb.CodeOther, ckb.TextUnknownMethod)
		return true
	}
	d.s.malformed = 0
	return true
}

// fail answers a request with an error and counts why.
func (d *ckbDialect) fail(id stratum.ID, why Reason, code int, text string) {
	d.s.port.counters.refuse(why)
	if why == Malformed || why == UnknownMethod || why == Unauthenticated {
		d.s.malformed++
	}
	d.s.conn.send(ckb.AppendError(nil, id, code, text))
}

// complain implements dialect.
func (d *ckbDialect) complain(text string) {
	d.s.port.counters.refuse(Malformed)
	d.s.conn.send(ckb.AppendError(nil, stratum.NullID(), ckb.CodeOther, text))
}

// subscribe assigns the session's part of the nonce, once.
func (d *ckbDialect) subscribe(r *ckb.Subscribe) {
	s := d.s
	if !s.hasNonce1 {
		n, err := s.feed.takeNonce1()
		if err != nil {
			s.pool.complain("logins fail", err)
			d.fail(r.ID, NoTemplate, ckb.CodeOther, textUnavailable)
			return
		}
		s.mu.Lock()
		s.nonce1, s.hasNonce1, s.agent = n, true, cleanName(r.Agent)
		s.mu.Unlock()
	}
	s.conn.send(ckb.AppendSubscribeResult(nil, r.ID, &ckb.SubscribeResult{
		Nonce1:     binary.BigEndian.AppendUint32(nil, uint32(s.nonce1)),
		Nonce2Size: ckb.NonceSize - nonce1Size,
	}))
}

// authorize adds a worker, and starts the work with the first.
func (d *ckbDialect) authorize(r *ckb.Authorize) {
	s := d.s
	if !s.hasNonce1 {
		d.fail(r.ID, Unauthenticated, ckb.CodeNotSubscribed, ckb.TextNotSubscribed)
		return
	}
	cred, err := parseCredentials(r.User, "", s.pool.cfg.Login)
	if err == nil {
		wish := credentials{worker: "-", difficulty: cred.difficulty}
		err = wish.readPass(r.Pass)
		cred.difficulty = wish.difficulty
	}
	if err != nil {
		d.fail(r.ID, BadLogin, ckb.CodeUnauthorized, err.Error())
		return
	}
	if err := s.feed.coin.CheckLogin(cred.address); err != nil {
		d.fail(r.ID, BadLogin, ckb.CodeUnauthorized, "Invalid address")
		s.pool.log.Debug("login refused", "session", s.id, "err", err)
		return
	}
	if len(d.workers) >= maxWorkers {
		d.fail(r.ID, BadLogin, ckb.CodeUnauthorized, "Too many workers")
		return
	}
	d.workers[r.User] = ckbWorker{ledger.Miner{Coin: s.feed.cfg.Name, Login: cred.address, Worker: cred.worker}, cred.solo}
	s.conn.send(ckb.AppendResult(nil, r.ID, true))
	d.start(d.workers[r.User].Miner, cred.difficulty)
}

// start sends the first job, unless the session has one.
func (d *ckbDialect) start(miner ledger.Miner, fixed uint64) {
	s := d.s
	s.feed.join(s)
	s.mu.Lock()
	if s.open {
		s.mu.Unlock()
		return
	}
	if err := s.begin(fixed); err != nil {
		s.mu.Unlock()
		s.pool.complain("logins fail", err)
		return
	}
	s.open, s.miner = true, miner
	s.push()
	s.mu.Unlock()
	s.opened()
}

// suggest starts vardiff from a miner's wish, within the port's bounds.
func (d *ckbDialect) suggest(r *ckb.SuggestTarget) {
	s := d.s
	s.conn.send(ckb.AppendResult(nil, r.ID, true))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open && s.suggest(hash.Target(r.Target)) {
		s.push()
	}
}

// sendJob implements dialect: the target first, when it is another.
func (d *ckbDialect) sendJob(j *job, clean bool) error {
	in, err := j.input()
	if err != nil {
		return err
	}
	var line []byte
	if target := j.target(); target != d.target {
		d.target = target
		line = ckb.AppendSetTarget(line, &ckb.SetTarget{Target: target})
	}
	d.s.conn.send(ckb.AppendNotify(line, &ckb.Notify{
		JobID: d.s.book.id(j), PowHash: [32]byte(in.Blob[:32]), Height: j.round.Height,
		ParentHash: unhex(j.round.Parent), Clean: clean,
	}))
	return nil
}

// submit judges a share.
func (d *ckbDialect) submit(r *ckb.Submit, at time.Time) {
	s := d.s
	sub := &submission{session: s, id: r.ID, at: at, size: ckb.NonceSize - nonce1Size}
	copy(sub.nonce[:], r.Nonce2)
	s.submit(sub, func() (job, Reason) {
		s.mu.Lock()
		defer s.mu.Unlock()
		worker, known := d.workers[r.Worker]
		sub.miner, sub.solo, sub.vd = worker.Miner, worker.solo, s.vd
		switch {
		case !known || !s.open:
			sub.miner = s.miner
			s.malformed++
			return job{}, Unauthenticated
		case len(r.Nonce2) != sub.size:
			s.malformed++
			return job{}, Malformed
		}
		s.malformed = 0
		return s.book.find(r.JobID)
	})
}

// answer implements dialect.
func (d *ckbDialect) answer(id stratum.ID, verdict Reason) {
	if verdict == accepted {
		d.s.conn.send(ckb.AppendResult(nil, id, true))
		return
	}
	code, text := d.text(verdict)
	d.s.conn.send(ckb.AppendError(nil, id, code, text))
}

// text is what a miner is told.
func (d *ckbDialect) text(verdict Reason) (int, string) {
	switch verdict {
	case Unauthenticated:
		if !d.s.hasNonce1 {
			return ckb.CodeNotSubscribed, ckb.TextNotSubscribed
		}
		return ckb.CodeUnauthorized, ckb.TextUnauthorized
	case UnknownJob:
		return ckb.CodeJobNotFound, ckb.TextJobNotFound
	case Stale:
		return ckb.CodeJobNotFound, ckb.TextStale
	case LowDifficulty:
		return ckb.CodeLowDifficulty, ckb.TextLowDifficulty
	case Duplicate:
		return ckb.CodeDuplicate, ckb.TextDuplicate
	case Overloaded:
		return ckb.CodeOther, textBusy
	case NotRecorded:
		return ckb.CodeOther, textNotRecorded
	case Malformed:
		return ckb.CodeOther, "nonce2 must be 24 hexadecimal digits"
	}
	return ckb.CodeOther, "Invalid share"
}
