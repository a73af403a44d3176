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

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/reward"
	"github.com/aditmine/adit/pool/vardiff"
)

// port is one listening address.
type port struct {
	pool        *Pool
	cfg         config.Port
	name        string // the address it listens on
	feed        *feed
	listener    net.Listener
	counters    *counters
	connections atomic.Int64
}

// steering is the vardiff of a session, with the difficulty its login asks
// for, brought within the port's bounds; 0 when it asks for none.
func (p *port) steering(fixed uint64) vardiff.Config {
	v := vardiff.Config{Start: p.cfg.Start, Min: p.cfg.Min, Max: p.cfg.Max, Interval: p.cfg.Interval, Window: p.cfg.Window}
	if p.cfg.Fixed > 0 {
		return vardiff.Config{Start: p.cfg.Fixed, Min: 1, Interval: p.cfg.Interval, Fixed: true}
	}
	if fixed > 0 {
		v.Start, v.Fixed = fixed, true
	}
	return v
}

// terms are how the port's shares are paid; solo: for a login that asks for
// SOLO, whatever the port's scheme is.
func (p *port) terms(solo bool) ledger.Terms {
	if solo {
		return ledger.Terms{Scheme: reward.SOLO, Fee: p.cfg.Fee}
	}
	return ledger.Terms{Scheme: p.cfg.Scheme, Fee: p.cfg.Fee}
}

// maxWishes is how many suggested targets of a session are followed: each
// costs a job.
const maxWishes = 8

// suggest restarts vardiff at the difficulty of a target, unless that is fixed
// or the session has already shown what it can do. It reports whether the
// difficulty changed; s.mu is held.
func (s *session) suggest(target hash.Target) bool {
	cfg := s.port.steering(0)
	if cfg.Fixed || s.vd.Rate() > 0 || target == (hash.Target{}) || s.wishes == maxWishes {
		return false
	}
	s.wishes++
	was := s.vd.Difficulty()
	cfg.Start = clampUint64(chain.DifficultyFromTarget(target))
	s.vd = vardiff.New(cfg, s.pool.deps.Now())
	s.vd.SetNetwork(clampUint64(s.feed.current.Load().Difficulty))
	return s.vd.Difficulty() != was
}

// accept serves connections until the listener is closed.
func (p *port) accept(ctx context.Context) {
	for ctx.Err() == nil {
		nc, err := p.listener.Accept()
		if err == nil {
			p.pool.handlers.Go(func() { p.handle(nc) })
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

// handle serves one connection from its first to its last byte.
func (p *port) handle(nc net.Conn) {
	limits := &p.pool.cfg.Limits
	address := peerAddress(nc)
	if !p.pool.admit(address) {
		p.counters.refuse(TooManyConnections)
		nc.Close()
		return
	}
	defer p.pool.dismiss(address)
	p.connections.Add(1)
	defer p.connections.Add(-1)
	s := &session{
		pool: p.pool, port: p, feed: p.feed, address: address,
		id:    p.pool.nextSession(),
		conn:  newConn(nc, limits.WriteTimeout, limits.MaxPending, p.pool.spawn),
		slots: make(chan struct{}, limits.InFlight),
	}
	if p.feed.cfg.Kind == config.CKB {
		s.dialect = &ckbDialect{s: s, workers: make(map[string]ckbWorker)}
	} else {
		s.dialect = &cryptoNoteDialect{s: s}
	}
	p.pool.track(s)
	why := s.serve()
	p.pool.untrack(s)
	p.feed.leave(s)
	s.close(why)
}

// close ends the session's part in the pool.
func (s *session) close(why string) {
	s.mu.Lock()
	wasOpen := s.open
	s.open = false
	s.mu.Unlock()
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

// peerAddress is the IP address at the other end, without its port.
func peerAddress(nc net.Conn) string {
	text := nc.RemoteAddr().String()
	if host, _, err := net.SplitHostPort(text); err == nil {
		return host
	}
	return text
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
