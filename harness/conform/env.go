package conform

import (
	"context"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"time"

	"github.com/aditmine/adit/hash"
)

// Env is what a check works with: connections, randomness, a hasher, perhaps
// a node. It is used by one goroutine.
type Env struct {
	ctx    context.Context
	cfg    *Config
	rng    *rand.Rand
	dial   dialFunc
	target string                           // the port that Dial goes to
	wrap   func(net.Conn) (net.Conn, error) // put around each connection; may be nil
	node   *steered                         // nil without a node
	tips   tips
	log    transcript
	rec    recorder
	conns  []*Conn
	hasher hash.Hasher
	notes  []string

	owner   string // the account that workers belong to, while one is at work
	workers int    // that were given a name
}

func newEnv(ctx context.Context, cfg *Config, c *Check, numbers *atomic.Uint64) *Env {
	e := &Env{ctx: ctx, cfg: cfg, rng: rand.New(rand.NewPCG(cfg.Seed, fingerprint(c.ID))), tips: tips{},
		rec: recorder{check: c.ID, numbers: numbers, tell: cfg.Trace}}
	e.target = cfg.Target
	e.dial = cfg.dialer()
	if cfg.Node != nil {
		e.node = newSteered(cfg.Node)
	}
	return e
}

// dialer makes what opens a check's connections.
func (c *Config) dialer() dialFunc {
	switch {
	case c.DialFrom != nil:
		return c.DialFrom()
	case c.Dial != nil:
		return c.Dial
	}
	return ownAddress()
}

// elsewhere runs do with another client address. It skips the check where there
// is none.
func (e *Env) elsewhere(do func() error) error {
	here, err := e.Dial()
	if err != nil {
		return err
	}
	was := e.dial
	defer func() { e.dial = was }()
	e.dial = e.cfg.dialer()
	there, err := e.Dial()
	if err != nil {
		return err
	}
	if a, b := here.client(), there.client(); a == b {
		return skipf("needs a second client address, and this machine has only %s here", a)
	}
	here.Close()
	there.Close()
	return do()
}

// as runs do with another login.
func (e *Env) as(login string, do func() error) error {
	cfg := *e.cfg
	cfg.Login = login
	was := e.cfg
	e.cfg = &cfg
	defer func() { e.cfg = was }()
	return do()
}

// Dial opens a connection, which the engine closes when the check ends.
func (e *Env) Dial() (*Conn, error) {
	ctx, cancel := context.WithTimeout(e.ctx, e.cfg.Timeout)
	defer cancel()
	nc, err := e.dial(ctx, "tcp", e.target)
	if err != nil {
		return nil, &DialError{Target: e.target, Err: err}
	}
	if e.wrap != nil {
		plain := nc
		if nc, err = e.wrap(plain); err != nil {
			_ = plain.Close() // the other error says why
			return nil, err
		}
	}
	e.log.add("o", []byte(e.target))
	c := newConn(e, nc)
	e.conns = append(e.conns, c)
	return c, nil
}

// disturbed reports whether the check met a block that it had not asked for:
// what it found may be that block's doing.
func (e *Env) disturbed() bool {
	moves := 0
	if e.node != nil {
		if e.node.strayed() {
			return true
		}
		moves = e.node.moves
	}
	return len(e.tips) > 1+moves
}

// close ends all that the check opened.
func (e *Env) close() {
	for _, c := range e.conns {
		c.Close()
	}
	if e.hasher != nil {
		_ = e.hasher.Close() // memory only
	}
}

// note adds to what the report says of the check.
func (e *Env) note(text string) { e.notes = append(e.notes, text) }

// pause waits, unless the run ends.
func (e *Env) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-e.ctx.Done():
	}
}

// quiet is how long a connection must say nothing to count as having said all.
func (e *Env) quiet() time.Duration { return min(300*time.Millisecond, e.cfg.Timeout) }

// drain reads until a connection has said all it had to say. A pool that is
// slow would only seem silent, so it has to answer one more request in between.
func (e *Env) drain(c *Conn) {
	c.Settle(e.quiet())
	if !c.closed {
		e.answers(c)
		c.Settle(e.quiet())
	}
}

// halfCloser is a connection whose sending side can be closed alone.
type halfCloser interface{ CloseWrite() error }

var _ halfCloser = (*net.TCPConn)(nil)

// healthy checks that the pool still serves others: after has happened.
func (e *Env) healthy(after string) error {
	c, err := e.Dial()
	if err != nil {
		return failed("no connection after "+after+": "+err.Error(), "the pool goes on serving others")
	}
	if a := openSession(e, c); a.Outcome != Accepted {
		return failed("a login after "+after+" gave "+a.String(), "the pool goes on serving others")
	}
	c.Close()
	return nil
}

// openSession logs in on a connection in the run's dialect.
func openSession(e *Env, c *Conn) Answer {
	if e.cfg.Profile == CKB {
		if a := c.Call("mining.subscribe", []any{agent, nil}); a.Outcome != Accepted {
			return a
		}
		return c.Call("mining.authorize", []any{e.cfg.Login, e.cfg.Pass})
	}
	return c.Call("login", e.loginParams())
}

// agent is what the suite calls itself.
const agent = "adit-harness/1"
