package pool

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/stratum"
	"github.com/aditmine/adit/stratum/ckb"
)

// nonce1Size is how much of a CKB nonce is the session's, in bytes; the rest
// is the miner's. Devices that want to be given half of the nonce get four
// bytes more, which are zero.
const (
	nonce1Size     = 4
	wideNonce1Size = 8
)

// K7-class firmware counts difficulty in units of 2^32 hashes.
const hashesPerDifficulty = 1 << 32

// wantsHalf reports whether a miner of that name is one of those that take a
// nonce of 8 and 8 bytes only.
func wantsHalf(agent string) bool {
	agent = strings.ToLower(agent)
	return strings.Contains(agent, "godminer") || strings.Contains(agent, "ckbminer")
}

// maxWorkers bounds how many workers one connection may speak for.
const maxWorkers = 1024

// ckbDialect speaks CKB stratum V1.
type ckbDialect struct {
	s       *session
	workers ckbWorkers
	target  hash.Target // last one sent; guarded by s.mu
	half    bool        // nonce1 and nonce2 have 8 bytes each
}

// nonce1Size is how many bytes of the nonce the miner is given.
func (d *ckbDialect) nonce1Size() int {
	if d.half {
		return wideNonce1Size
	}
	return nonce1Size
}

// ckbWorker is one of those that a connection speaks for.
type ckbWorker struct {
	ledger.Miner
	solo bool
}

// ckbWorkers are the workers of a connection by the name they submit under.
// Most connections have one, which needs no map.
type ckbWorkers struct {
	name string
	only ckbWorker
	more map[string]ckbWorker
}

func (w *ckbWorkers) count() int {
	if w.name == "" {
		return 0
	}
	return 1 + len(w.more)
}

func (w *ckbWorkers) put(name string, worker ckbWorker) {
	switch {
	case w.name == "" || w.name == name:
		w.name, w.only = name, worker
	case w.more == nil:
		w.more = map[string]ckbWorker{name: worker}
	default:
		w.more[name] = worker
	}
}

func (w *ckbWorkers) get(name string) (worker ckbWorker, known bool) {
	if name == w.name && name != "" {
		return w.only, true
	}
	worker, known = w.more[name]
	return worker, known
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
		if !d.authorize(r) {
			return false
		}
	case *ckb.ExtranonceSubscribe:
		// nonce1 never changes here.
		d.s.conn.send(ckb.AppendResult(nil, r.ID, true))
	case *ckb.SuggestDifficulty:
		d.suggest(r.ID, d.wished(r.Difficulty))
	case *ckb.SuggestTarget:
		d.suggest(r.ID, wishedTarget(r.Target))
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
		d.half = wantsHalf(r.Agent)
		s.mu.Unlock()
	}
	nonce1 := make([]byte, d.nonce1Size())
	binary.BigEndian.PutUint32(nonce1, uint32(s.nonce1))
	s.conn.send(ckb.AppendSubscribeResult(nil, r.ID, &ckb.SubscribeResult{Nonce1: nonce1, Nonce2Size: ckb.NonceSize - len(nonce1)}))
}

// authorize adds a worker, and starts the work with the first. It reports
// false when the miner is to be sent away.
func (d *ckbDialect) authorize(r *ckb.Authorize) bool {
	s := d.s
	if !s.hasNonce1 {
		d.fail(r.ID, Unauthenticated, ckb.CodeNotSubscribed, ckb.TextNotSubscribed)
		return true
	}
	cred, err := d.credentials(r)
	if err != nil {
		d.fail(r.ID, BadLogin, ckb.CodeUnauthorized, err.Error())
		return true
	}
	if why, text := s.mayLogIn(cred.address); why != accepted {
		d.fail(r.ID, why, ckb.CodeUnauthorized, text)
		return false
	}
	if err := s.feed.coin.CheckLogin(cred.address); err != nil {
		d.fail(r.ID, BadLogin, ckb.CodeUnauthorized, "Invalid address")
		s.pool.log.Debug("login refused", "session", s.id, "err", err)
		return true
	}
	if d.workers.count() >= maxWorkers {
		d.fail(r.ID, BadLogin, ckb.CodeUnauthorized, "Too many workers")
		return true
	}
	worker := ckbWorker{ledger.Miner{Coin: s.feed.cfg.Name, Login: cred.address, Worker: cred.worker}, cred.solo}
	d.workers.put(r.User, worker)
	s.conn.send(ckb.AppendResult(nil, r.ID, true))
	d.start(worker.Miner, cred.difficulty)
	return true
}

// credentials reads user and password. The password may ask for a difficulty,
// but never names the worker: that stands in the user, which shares repeat.
func (d *ckbDialect) credentials(r *ckb.Authorize) (credentials, error) {
	cred, err := parseCredentials(r.User, "", d.s.pool.live.Load().Login)
	if err != nil {
		return cred, err
	}
	wish := credentials{worker: "-", difficulty: cred.difficulty}
	err = wish.readPass(r.Pass)
	cred.difficulty = wish.difficulty
	return cred, err
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
	if err := s.begin(miner, fixed); err != nil {
		s.mu.Unlock()
		s.pool.complain("logins fail", err)
		return
	}
	s.open, s.miner = true, miner
	s.push()
	s.mu.Unlock()
	s.opened()
}

// wished is a suggested difficulty in hashes. Nobody agrees on its unit, so it
// counts only where the miner's name tells it; 0 elsewhere.
func (d *ckbDialect) wished(difficulty float64) uint64 {
	if !d.half || difficulty >= math.MaxInt64/hashesPerDifficulty {
		return 0
	}
	return uint64(difficulty * hashesPerDifficulty)
}

// wishedTarget is a suggested target as a difficulty, 0 for none.
func wishedTarget(target hash.Target) uint64 {
	if target == (hash.Target{}) {
		return 0
	}
	return clampUint64(chain.DifficultyFromTarget(target))
}

// suggest starts vardiff from a miner's wish, within the port's bounds.
func (d *ckbDialect) suggest(id stratum.ID, difficulty uint64) {
	s := d.s
	s.conn.send(ckb.AppendResult(nil, id, true))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open && s.suggest(difficulty) {
		s.push()
	}
}

// sendJob implements dialect: the target first, when it is another.
func (d *ckbDialect) sendJob(j *job, clean bool) error {
	in, err := j.input()
	if err != nil {
		return err
	}
	d.s.pool.sendLine(d.s.conn, func(line []byte) []byte {
		if target := j.target(); target != d.target {
			d.target = target
			line = ckb.AppendSetTarget(line, &ckb.SetTarget{Target: target})
		}
		return ckb.AppendNotify(line, &ckb.Notify{
			JobID: d.s.book.id(j), PowHash: [32]byte(in.Blob[:32]), Height: j.round.Height,
			ParentHash: unhex(j.round.Parent), Clean: clean,
		})
	})
	return nil
}

// redirect implements dialect.
func (d *ckbDialect) redirect(host string, port uint16) {
	d.s.conn.send(ckb.AppendReconnect(nil, &ckb.Reconnect{Host: host, Port: port}))
}

// released implements dialect: nonce1 is the feed's to free.
func (d *ckbDialect) released() {}

// submit judges a share.
func (d *ckbDialect) submit(r *ckb.Submit, at time.Time) {
	s := d.s
	// What the miner was given beyond nonce1 is zero, and part of sub.nonce.
	sub := &submission{session: s, id: r.ID, at: at, size: ckb.NonceSize - nonce1Size}
	copy(sub.nonce[d.nonce1Size()-nonce1Size:], r.Nonce2)
	s.submit(sub, func() (job, Reason) {
		s.mu.Lock()
		defer s.mu.Unlock()
		worker, known := d.workers.get(r.Worker)
		sub.miner, sub.solo, sub.vd = worker.Miner, worker.solo, s.vd
		switch {
		case !known || !s.open:
			sub.miner = s.miner
			s.malformed++
			return job{}, Unauthenticated
		case len(r.Nonce2) != ckb.NonceSize-d.nonce1Size():
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
		return ckb.CodeOther, fmt.Sprintf("nonce2 must be %d hexadecimal digits", 2*(ckb.NonceSize-d.nonce1Size()))
	}
	return ckb.CodeOther, "Invalid share"
}
