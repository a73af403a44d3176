package pool

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aditmine/adit/pool/coin"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/penalty"
	"github.com/aditmine/adit/pool/vardiff"
	"github.com/aditmine/adit/stratum"
)

// dialect is how a session's miner speaks. Its methods that read are called by
// the session's reading goroutine only.
type dialect interface {
	// serve acts on one line. It reports false when the connection is to be
	// closed, after what was sent.
	serve(line []byte, at time.Time) bool
	// sendJob tells the miner of a job; s.mu is held.
	sendJob(j *job, clean bool) error
	// answer tells the verdict on a share.
	answer(id stratum.ID, verdict Reason)
	// complain tells why the line before this was the last.
	complain(text string)
	// redirect sends the miner to another pool.
	redirect(host string, port uint16)
	// released gives back what the session held, at its end.
	released()
}

// session is one connection, from its first line to its end.
type session struct {
	pool    *Pool
	port    *port
	feed    *feed
	conn    *conn
	dialect dialect
	id      uint64
	address string // of the miner, behind any proxy

	// slots holds one token for each submit that is not answered yet.
	slots chan struct{}
	// malformed counts bad lines in a row; only the reader touches it.
	malformed int

	first   []byte    // read before the session began, to be read again
	wake    [1]byte   // the byte that ended a wait, to be read again
	woken   bool      // wake holds one
	loginBy time.Time // when the login has to be done

	meter    penalty.Meter // of its shares; the book of penalties guards it
	sentence atomic.Int32  // a penalty.Sentence that waits for the reader

	nonce1    uint64 // CKB: this session's part of every nonce
	hasNonce1 bool

	mu     sync.Mutex
	wishes int  // targets that the miner has suggested
	open   bool // logged in: gets jobs
	miner  ledger.Miner
	solo   bool // miner has asked for SOLO
	agent  string
	vd     *vardiff.Controller
	book   jobBook
}

// await waits for the miner to say something. An idle session is this call
// and nothing else: no buffer, and a goroutine that has just begun and so has
// the smallest of stacks. What the miner says is read by attend, after which
// another such goroutine takes over.
func (s *session) await() {
	n, err := s.conn.Read(s.wake[:])
	if n == 0 && err != nil {
		s.end(s.ended(err))
		return
	}
	s.woken = n > 0
	s.attend()
}

// Read gives the line reader what has been read already, then the connection.
func (s *session) Read(b []byte) (int, error) {
	switch {
	case len(s.first) > 0:
		n := copy(b, s.first)
		if s.first = s.first[n:]; len(s.first) == 0 {
			s.first = nil
		}
		return n, nil
	case s.woken:
		s.woken = false
		return copy(b, s.wake[:]), nil
	}
	return s.conn.Read(b)
}

// attend serves lines until all that has come is read, and then lets await
// wait for more; or until the session's end.
func (s *session) attend() {
	reader := s.pool.borrowReader(s)
	for {
		line, err := reader.ReadLine()
		if err != nil {
			s.end(s.ended(err))
			return
		}
		if why := s.obey(line); why != "" {
			s.end(why)
			return
		}
		if reader.Buffered() == 0 && len(s.first) == 0 {
			s.pool.returnReader(reader)
			go s.await() // the pool waits for end, not for this goroutine
			return
		}
	}
}

// obey acts on one line. It returns why the session is over, "" while it is
// not.
func (s *session) obey(line []byte) string {
	limits := s.pool.limits()
	if isHTTP(line) {
		s.conn.send([]byte(httpAnswer))
		s.conn.finish(true)
		return "answered HTTP"
	}
	if !s.dialect.serve(line, time.Now()) {
		s.drain()
		s.conn.finish(true)
		return "sent away"
	}
	if s.malformed >= limits.MalformedRows {
		s.port.counters.refuse(Malformed)
		s.dialect.complain("Too many malformed requests")
		s.drain()
		s.conn.finish(true)
		return "too many malformed requests"
	}
	if s.isOpen() {
		s.conn.SetReadDeadline(time.Now().Add(limits.IdleTimeout))
	}
	// After the deadline: who interrupts sets his before this looks, or after.
	if s.interrupted() {
		return s.ended(errInterrupted)
	}
	return ""
}

// errInterrupted stands for the read deadline of an interrupted session.
var errInterrupted = errors.New("interrupted")

// interrupted reports whether the session is to end although its miner could
// go on.
func (s *session) interrupted() bool {
	return s.pool.draining() || s.sentence.Load() != int32(penalty.Nothing)
}

// interrupt makes the reader look at interrupted.
func (s *session) interrupt() { s.conn.SetReadDeadline(time.Unix(1, 0)) }

// ended closes the connection as the reader's error wants it: what the miner
// has submitted is answered, unless there is nobody left to answer.
func (s *session) ended(err error) string {
	switch {
	case s.pool.draining():
		s.farewell()
		s.drain()
		s.conn.finish(false)
		return "the pool ends"
	case s.conn.cutOff():
		s.conn.abort(true)
		return "does not read what it is sent"
	case s.sentence.Load() != int32(penalty.Nothing):
		s.drain()
		s.dialect.complain(s.sentenceText())
		s.conn.finish(true)
		return "bad shares, or banned"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		s.drain()
		s.conn.finish(false)
		return "left"
	case errors.Is(err, stratum.ErrLineTooLong):
		s.port.counters.refuse(Malformed)
		s.dialect.complain("Message too long")
		s.drain()
		s.conn.finish(true)
		return "line too long"
	case isTimeout(err):
		s.drain()
		s.conn.finish(false)
		if !s.isOpen() {
			return "did not log in"
		}
		return "silent for too long"
	}
	s.conn.abort(false)
	var network *net.OpError
	if errors.As(err, &network) {
		return network.Err.Error()
	}
	return err.Error()
}

// farewell sends the miner elsewhere, if the port's configuration names a
// place.
func (s *session) farewell() {
	if host, number, err := s.port.settings().ReconnectTo(); err == nil && host != "" && s.isOpen() {
		s.dialect.redirect(host, number)
	}
}

// drain waits until every submit has been answered.
func (s *session) drain() {
	for range cap(s.slots) {
		select {
		case s.slots <- struct{}{}:
		case <-s.pool.hard.Done():
			return
		}
	}
}

func (s *session) isOpen() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// begin readies the session for a login: a fresh tag for its jobs, and the
// difficulty it asks for, or the one this miner had when it was here last;
// s.mu is held.
func (s *session) begin(miner ledger.Miner, fixed uint64) error {
	tag, err := s.pool.random32()
	if err != nil {
		return err
	}
	now, steering := s.pool.deps.Now(), s.port.steering(fixed)
	if last, known := s.pool.remembered.Recall(s.memoryKey(miner), now); known && !steering.Fixed {
		steering.Start = last
	}
	s.book = jobBook{tag: tag}
	s.vd = vardiff.New(steering, now)
	return nil
}

// memoryKey tells miners apart that come back: two rigs of one owner differ by
// name, and two that do not are told apart by nothing but their address.
func (s *session) memoryKey(m ledger.Miner) vardiff.Key {
	return vardiff.Key{Coin: m.Coin, Login: m.Login, Worker: m.Worker + "\x00" + m.Rig, Address: s.address}
}

// nextJob makes a job of the current round at the current difficulty; s.mu is
// held.
func (s *session) nextJob(r *round) (*job, error) {
	if err := s.feed.lost(); err != nil {
		return nil, err
	}
	s.vd.SetNetwork(clampUint64(r.Difficulty))
	j := job{difficulty: s.vd.Difficulty(), round: r}
	if s.hasNonce1 {
		j.extra.Nonce = s.nonce1
		if last := s.book.last(); last != nil && last.round == r {
			j.extra.Variant = last.extra.Variant + 1
		}
		return s.book.add(j), nil
	}
	n, err := s.feed.nonces.take()
	if err != nil {
		return nil, err
	}
	j.extra.Nonce = n
	return s.book.add(j), nil
}

// refresh gives the miner a job of the current round if it has none.
func (s *session) refresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := s.book.last(); s.open && (last == nil || last.round != s.feed.current.Load()) {
		s.push()
	}
}

// push sends a new job; s.mu is held.
func (s *session) push() {
	last := s.book.last()
	r := s.feed.current.Load()
	clean := last == nil || last.round.Parent != r.Parent
	j, err := s.nextJob(r)
	if err == nil {
		err = s.dialect.sendJob(j, clean)
	}
	if err != nil && !errors.Is(err, errLost) { // the feed tells of that
		s.pool.log.Error("no new job for a session", "session", s.id, "err", err)
	}
}

// tick lets vardiff see the silence, and bans the session.
func (s *session) tick() {
	s.obeyBans()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open && s.vd.Tick(s.pool.deps.Now()) {
		s.push()
	}
}

// rate is the session's work rate in hashes a second, as its shares prove it.
func (s *session) rate() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open {
		return 0
	}
	return s.vd.Rate()
}

// input is what the miner hashes for a job.
func (j *job) input() (coin.Input, error) { return j.round.Work.Input(j.extra) }
