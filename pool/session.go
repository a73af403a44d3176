package pool

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/aditmine/adit/pool/coin"
	"github.com/aditmine/adit/pool/ledger"
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
}

// session is one connection, from its first line to its end.
type session struct {
	pool    *Pool
	port    *port
	feed    *feed
	conn    *conn
	dialect dialect
	id      uint64
	address string // of the peer

	// slots holds one token for each submit that is not answered yet.
	slots chan struct{}
	// malformed counts bad lines in a row; only the reader touches it.
	malformed int

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

// serve reads lines until the miner leaves, is sent away, or the pool ends. It
// returns why.
func (s *session) serve() string {
	limits := &s.pool.cfg.Limits
	s.conn.SetReadDeadline(time.Now().Add(limits.LoginTimeout))
	if s.pool.draining() {
		s.conn.abort(false)
		return "the pool ends"
	}
	reader := stratum.NewLineReader(s.conn, limits.MaxLine)
	for first := true; ; first = false {
		line, err := reader.ReadLine()
		if err != nil {
			return s.ended(err)
		}
		if first && isHTTP(line) {
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
			s.dialect.complain("Too many malformed requests")
			s.drain()
			s.conn.finish(true)
			return "too many malformed requests"
		}
		if s.isOpen() {
			s.conn.SetReadDeadline(time.Now().Add(limits.IdleTimeout))
		}
		if s.pool.draining() {
			s.drain()
			s.conn.finish(false)
			return "the pool ends"
		}
	}
}

// ended closes the connection as the reader's error wants it: what the miner
// has submitted is answered, unless there is nobody left to answer.
func (s *session) ended(err error) string {
	switch {
	case s.pool.draining():
		s.drain()
		s.conn.finish(false)
		return "the pool ends"
	case s.conn.cutOff():
		s.conn.abort(true)
		return "does not read what it is sent"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		s.drain()
		s.conn.finish(false)
		return "left"
	case errors.Is(err, stratum.ErrLineTooLong):
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

// begin readies the session for a login: a fresh tag for its jobs and a fresh
// difficulty; s.mu is held.
func (s *session) begin(fixed uint64) error {
	tag, err := s.pool.random32()
	if err != nil {
		return err
	}
	s.book = jobBook{tag: tag}
	s.vd = vardiff.New(s.port.steering(fixed), s.pool.deps.Now())
	return nil
}

// nextJob makes a job of the current round at the current difficulty; s.mu is
// held.
func (s *session) nextJob(r *round) (*job, error) {
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
	if err != nil {
		s.pool.log.Error("no new job for a session", "session", s.id, "err", err)
	}
}

// tick lets vardiff see the silence.
func (s *session) tick() {
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
