package pool

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"math"
	"math/big"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/listen"
	"github.com/aditmine/adit/pool/reward"
	"github.com/aditmine/adit/pool/vardiff"
)

// port is one listening address.
type port struct {
	pool        *Pool
	cfg         config.Port // as it was at the start
	live        atomic.Pointer[config.Port]
	name        string // the address it listens on
	feed        *feed
	listener    net.Listener
	counters    *counters
	connections atomic.Int64
	bytes       byteSlots // of NiceHash sessions
}

// steering is the vardiff of a session, with the difficulty its login asks
// for, brought within the port's bounds; 0 when it asks for none.
func (p *port) steering(fixed uint64) vardiff.Config {
	now := p.settings()
	v := vardiff.Config{Start: now.Start, Min: now.Min, Max: now.Max, Interval: now.Interval, Window: now.Window}
	if now.Fixed > 0 {
		return vardiff.Config{Start: now.Fixed, Min: 1, Interval: now.Interval, Fixed: true}
	}
	if fixed > 0 {
		v.Start, v.Fixed = fixed, true
	}
	return v
}

// terms are how the port's shares are paid; solo: for a login that asks for
// SOLO, whatever the port's scheme is.
func (p *port) terms(solo bool) ledger.Terms {
	now := p.settings()
	if solo {
		return ledger.Terms{Scheme: reward.SOLO, Fee: now.Fee}
	}
	return ledger.Terms{Scheme: now.Scheme, Fee: now.Fee}
}

// maxWishes is how many suggested targets of a session are followed: each
// costs a job.
const maxWishes = 8

// suggest restarts vardiff at a difficulty that the miner wishes for, unless
// it is fixed or the session has already shown what it can do. It reports
// whether the difficulty changed; s.mu is held.
func (s *session) suggest(difficulty uint64) bool {
	cfg := s.port.steering(0)
	if cfg.Fixed || s.vd.Rate() > 0 || difficulty == 0 || s.wishes == maxWishes {
		return false
	}
	s.wishes++
	was := s.vd.Difficulty()
	cfg.Start = difficulty
	s.vd = vardiff.New(cfg, s.pool.deps.Now())
	s.vd.SetNetwork(clampUint64(s.feed.current.Load().Difficulty))
	return s.vd.Difficulty() != was
}

// accept serves connections until the listener is closed.
func (p *port) accept(ctx context.Context) {
	for ctx.Err() == nil {
		nc, err := p.listener.Accept()
		if err == nil {
			p.pool.handlers.Add(1)
			go p.handle(ctx, nc)
			continue
		}
		if errors.Is(err, net.ErrClosed) || ctx.Err() != nil {
			return
		}
		// Out of file descriptors, most likely: existing sessions go on.
		p.pool.complain("connections cannot be accepted", err)
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// handle begins a session on a connection, whose end is session.end.
func (p *port) handle(ctx context.Context, nc net.Conn) {
	if !p.pool.enter() {
		p.counters.refuse(TooManyConnections)
		p.turnAway(nc)
		return
	}
	deadline := time.Now().Add(p.pool.limits().LoginTimeout)
	o, why, err := p.receive(ctx, nc, deadline)
	if why != accepted {
		p.counters.refuse(why)
		p.pool.log.Debug("connection refused", "port", p.name, "peer", o.Peer, "reason", why, "err", err)
		p.pool.exit()
		p.turnAway(nc)
		return
	}
	p.connections.Add(1)
	s := p.newSession(o, deadline)
	p.pool.track(s)
	s.attend()
}

// turnAway closes a connection that has no session.
func (p *port) turnAway(nc net.Conn) {
	nc.Close()
	p.pool.handlers.Done()
}

// receive finds out who is at the other end and counts his connection.
func (p *port) receive(ctx context.Context, nc net.Conn, deadline time.Time) (listen.Opened, Reason, error) {
	interrupt := context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })
	defer interrupt()
	o, err := listen.Open(ctx, nc, p.opening(), deadline)
	var proxy *listen.ProxyError
	switch {
	case err == nil:
		return o, accepted, nil
	case errors.Is(err, listen.ErrNotAdmitted):
		return o, TooManyConnections, err
	case errors.As(err, &proxy):
		p.pool.complain("connections of a proxy are refused", err)
	}
	if o.Peer != "" {
		p.pool.dismiss(o.Peer)
	}
	return o, NotOpened, err
}

func (p *port) newSession(o listen.Opened, deadline time.Time) *session {
	limits := p.pool.limits()
	s := &session{
		pool: p.pool, port: p, feed: p.feed, address: o.Peer,
		id:    p.pool.nextSession(),
		conn:  newConn(o.Conn, limits.WriteTimeout, limits.MaxPending, p.pool.spawn),
		slots: make(chan struct{}, limits.InFlight),
		first: o.First, loginBy: deadline,
	}
	if p.feed.cfg.Kind == config.CKB {
		s.dialect = &ckbDialect{s: s}
	} else {
		s.dialect = &cryptoNoteDialect{s: s, secure: o.Secure}
	}
	return s
}

// end takes a closed session out of the pool.
func (s *session) end(why string) {
	s.pool.untrack(s)
	s.pool.dismiss(s.address)
	s.pool.exit()
	s.feed.leave(s)
	s.close(why)
	s.port.connections.Add(-1)
	s.pool.handlers.Done()
}

// close ends the session's part in the pool, and remembers what difficulty its
// miner had.
func (s *session) close(why string) {
	s.mu.Lock()
	wasOpen := s.open
	s.open = false
	if wasOpen && s.vd.Rate() > 0 {
		s.pool.remembered.Keep(s.memoryKey(s.miner), s.vd.Difficulty(), s.pool.deps.Now())
	}
	s.mu.Unlock()
	s.dialect.released()
	s.pool.log.Debug("connection closed", "session", s.id, "peer", s.address, "why", why)
	if wasOpen {
		s.pool.log.Info("miner left", "session", s.id, "peer", s.address, "why", why)
		s.pool.deps.Observe(&SessionClosed{Port: s.port.name, Session: s.id, Reason: why})
	}
}

// opened tells that a login succeeded.
func (s *session) opened() {
	s.mu.Lock()
	miner, agent, difficulty := s.miner, s.agent, s.vd.Difficulty()
	s.mu.Unlock()
	s.pool.log.Info("miner logged in", "session", s.id, "peer", s.address, "coin", miner.Coin, "login", short(miner.Login),
		"worker", miner.Worker, "rig", miner.Rig, "agent", agent, "difficulty", difficulty)
	s.pool.deps.Observe(&SessionOpened{Port: s.port.name, Session: s.id, Miner: miner, Agent: agent})
}

// httpAnswer tells load balancers, and people with browsers, what this is.
const httpAnswer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 21\r\nConnection: close\r\n\r\nMining server online\n"

func isHTTP(line []byte) bool { return bytes.HasPrefix(line, []byte("GET ")) }

// short abbreviates an address for logs.
func short(address string) string {
	if len(address) <= 20 {
		return address
	}
	return address[:10] + "..." + address[len(address)-6:]
}

// clampUint64 is n, or the largest difficulty that the ledger can hold.
func clampUint64(n *big.Int) uint64 {
	if !n.IsUint64() || n.Uint64() > math.MaxInt64 {
		return math.MaxInt64
	}
	return n.Uint64()
}

// unhex decodes hex that the pool itself has made.
func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.TrimPrefix(s, "0x"))
	if err != nil {
		return nil
	}
	return b
}
