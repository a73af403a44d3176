package stratumclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aditmine/adit/stratum"
)

const (
	// inbox is how many lines may wait to be taken before reading stops.
	inbox = 16
	// outboxSpare is room for lines other than shares.
	outboxSpare = 16
	// maxMalformed is how many unusable lines in a row a pool may send.
	maxMalformed = 10
)

// Session is one connection to a pool. Next is for one goroutine; the other
// methods are for any.
type Session struct {
	endpoint Endpoint
	set      Settings
	pool     string // the address connected to
	link     *link
	in       chan inbound
	out      chan []byte
	quit     chan struct{}
	closing  sync.Once
	workers  sync.WaitGroup

	mu           sync.Mutex // guards what follows
	proto        protocol
	pending      []pendingShare // oldest first
	failure      error          // why the connection is of no more use
	over         bool           // lines that are still unread no longer count
	malformed    int            // unusable lines in a row
	lastSent     time.Time
	lastReceived time.Time
}

// inbound is a line as it arrived.
type inbound struct {
	line []byte
	at   time.Time
}

type pendingShare struct {
	id   int64
	sent time.Time
	Share
}

// Message is one line of a pool and what it means.
type Message struct {
	// Line is the line as received, without its terminator.
	Line []byte
	At   time.Time
	// Events are LoggedIn, NewJob, ShareResult or Notice; many lines have none.
	Events []Event
}

// Connect connects to the endpoint, with TLS if it asks for it. Nothing is
// sent before Login or Send. Jobs get the generation 0.
func Connect(ctx context.Context, e Endpoint, set Settings) (*Session, error) {
	if err := e.check(set.Algorithms); err != nil {
		return nil, err
	}
	return connect(ctx, e, e.Host, set.withDefaults(), 0)
}

// connect is Connect to another address than the endpoint's own.
func connect(ctx context.Context, e Endpoint, addr string, set Settings, generation uint64) (*Session, error) {
	l, err := dial(ctx, &e, addr, &set)
	if err != nil {
		return nil, err
	}
	now := set.Clock.Now()
	s := &Session{
		endpoint: e, set: set, pool: addr, link: l,
		in: make(chan inbound, inbox), out: make(chan []byte, set.MaxPending+outboxSpare),
		quit: make(chan struct{}), lastSent: now, lastReceived: now,
	}
	id := identity{
		pool: addr, endpoint: e, agent: set.Agent,
		algorithms: offer(&e, set.Algorithms), generation: generation,
	}
	if DialectOf(e.Algorithm) == CKB {
		s.proto = newNervos(id)
	} else {
		s.proto = newCryptoNote(id)
	}
	s.workers.Go(s.read)
	s.workers.Go(s.write)
	return s, nil
}

// Connected describes the connection.
func (s *Session) Connected() Connected {
	return Connected{
		Pool: s.pool, Remote: s.link.RemoteAddr().String(),
		TLS: s.link.tlsVersion, Fingerprint: s.link.fingerprint,
	}
}

// Login logs in and returns what was received until the login was accepted or
// failed, that message included. A refusal is a *LoginError.
func (s *Session) Login(ctx context.Context) ([]Message, error) {
	ctx, cancel := timeout(ctx, s.set.Clock, s.set.LoginTimeout,
		fmt.Errorf("the pool did not answer the login within %v", s.set.LoginTimeout))
	defer cancel()
	s.mu.Lock()
	hello := s.proto.hello()
	s.mu.Unlock()
	if err := s.Send(hello); err != nil {
		return nil, err
	}
	var got []Message
	for {
		m, err := s.Next(ctx)
		if m.Line != nil {
			got = append(got, m)
		}
		if err != nil {
			return got, cause(ctx, err)
		}
		if s.ready() {
			return got, nil
		}
	}
}

func (s *Session) ready() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proto.ready()
}

// Next waits for the next line of the pool. Answers that the dialect demands
// are sent by it. With an error the connection is of no more use, and the
// message may still hold the events that led to it; an error of ctx leaves the
// connection as it is.
func (s *Session) Next(ctx context.Context) (Message, error) {
	select {
	case in, ok := <-s.in:
		return s.take(in, ok)
	case <-ctx.Done():
		return Message{}, ctx.Err()
	}
}

// take interprets one receive from s.in. Lines that arrived before the
// connection broke still count.
func (s *Session) take(in inbound, ok bool) (Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !ok || s.over {
		return Message{}, s.failure
	}
	m := Message{Line: in.line, At: in.at}
	s.lastReceived = in.at
	r, err := s.proto.receive(in.line)
	m.Events = r.events
	if r.verdict != nil {
		m.Events = s.settle(r.verdict, in.at, m.Events)
	}
	if r.send != nil {
		s.post(r.send)
	}
	if r.redirect != nil {
		m.Events, err = s.redirect(r.redirect, m.Events)
	}
	m.Events, err = s.tolerate(err, m.Events)
	if err != nil {
		s.end(err)
	}
	return m, err
}

// settle turns the pool's verdict into the result of the share it is about.
func (s *Session) settle(v *verdict, at time.Time, events []Event) []Event {
	for i, p := range s.pending {
		if p.id == v.id {
			s.pending = append(s.pending[:i], s.pending[i+1:]...)
			return append(events, ShareResult{Share: p.Share, Accepted: v.accepted, Reason: v.reason, Latency: at.Sub(p.sent)})
		}
	}
	return events // the answer to a keepalive, or one that comes too late
}

// tolerate lets a pool send some unusable lines once it has shown that it
// speaks stratum at all.
func (s *Session) tolerate(err error, events []Event) ([]Event, error) {
	var bad *malformedError
	if !errors.As(err, &bad) {
		s.malformed = 0
		return events, err
	}
	if !s.proto.ready() {
		return events, fmt.Errorf("%s does not speak stratum: %w", s.pool, bad.err)
	}
	if s.malformed++; s.malformed >= maxMalformed {
		return events, fmt.Errorf("%d unusable lines in a row: %w", s.malformed, bad.err)
	}
	return append(events, Notice{s.pool, bad.Error()}), nil
}

// redirect follows a pool's wish to be connected to elsewhere, if it is
// allowed.
func (s *Session) redirect(r *redirect, events []Event) ([]Event, error) {
	host, port, err := net.SplitHostPort(s.pool)
	if err != nil {
		return events, err
	}
	own := host
	if r.host != "" {
		host = r.host
	}
	if r.port != 0 {
		port = strconv.Itoa(int(r.port))
	}
	target := net.JoinHostPort(host, port)
	if checkHost(target) != nil || !s.set.AnyHost && !strings.EqualFold(host, own) {
		text := fmt.Sprintf("the pool asks to reconnect to %s: refused, only its own host is followed", stratum.Printable(target))
		return append(events, Notice{s.pool, text}), nil
	}
	return events, &ReconnectError{Host: target}
}

// Submit sends a share. The result comes as an event of a later Next, or of
// Abandon. The error is ErrNotConnected, ErrBacklog, or says what is wrong with
// the share.
func (s *Session) Submit(share Share) error {
	if share.Job == nil || len(share.Nonce) != share.Job.NonceSize {
		return errors.New("share not sent: its nonce is not as long as its job says")
	}
	share.Nonce = bytes.Clone(share.Nonce)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.failure != nil || !s.proto.ready():
		return ErrNotConnected
	case len(s.pending) >= s.set.MaxPending:
		return ErrBacklog
	}
	line, id := s.proto.submit(&share)
	if !s.post(line) {
		return ErrBacklog
	}
	s.pending = append(s.pending, pendingShare{id, s.lastSent, share})
	return nil
}

// check does what has become due: shares without an answer are given up, a
// silent connection is ended, a keepalive is sent.
func (s *Session) check() ([]Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.set.Clock.Now()
	var events []Event
	for len(s.pending) > 0 && now.Sub(s.pending[0].sent) >= s.set.ReplyTimeout {
		p := s.pending[0]
		s.pending = s.pending[1:]
		events = append(events, unanswered(p.Share, ErrNoReply))
		if !s.lastReceived.After(p.sent) {
			return events, s.end(fmt.Errorf("the pool has been silent since a share was sent %v ago", now.Sub(p.sent)))
		}
	}
	if quiet := now.Sub(s.lastReceived); quiet >= s.set.IdleTimeout {
		return events, s.end(fmt.Errorf("the pool has been silent for %v", quiet))
	}
	if now.Sub(s.lastSent) >= s.set.KeepaliveEvery && s.proto.ready() {
		if line := s.proto.keepalive(); line != nil {
			s.post(line)
		}
	}
	return events, nil
}

// Abandon ends the session and returns the results of the shares that will get
// no verdict any more. Submit fails from now on.
func (s *Session) Abandon() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(net.ErrClosed)
	var events []Event
	for _, p := range s.pending {
		events = append(events, unanswered(p.Share, ErrConnectionLost))
	}
	s.pending = nil
	return events
}

func unanswered(share Share, err error) ShareResult {
	return ShareResult{Share: share, Reason: err.Error(), Err: err}
}

// waiting is how many shares have no verdict yet.
func (s *Session) waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pending)
}
