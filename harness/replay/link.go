package replay

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/aditmine/adit/harness/judge"
	"github.com/aditmine/adit/harness/record"
	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/harness/wire"
)

// link is a live session with the answers to its shares. Its methods are used
// by one goroutine.
type link struct {
	*rig.Session
	target *rig.Target

	mu      sync.Mutex
	results map[*wire.Submit]*wire.Result
}

// connect dials, logs in and waits for a job. The connection's number is that
// in the replay's own trace.
func connect(ctx context.Context, cfg *Config, id uint64, s *judge.Session) (*link, error) {
	target, err := cfg.target(id, s).WithDefaults()
	if err != nil {
		return nil, err
	}
	l := &link{target: &target, results: map[*wire.Submit]*wire.Result{}}
	l.Session, err = rig.Open(ctx, &target, rig.Watcher{Result: l.answered})
	return l, err
}

// target is the pool as a recorded session met it.
func (c *Config) target(id uint64, s *judge.Session) rig.Target {
	t := rig.Target{Address: c.Target, Proto: s.Proto, Login: c.User, Pass: c.Pass, Agent: c.Agent,
		Algorithm: s.Algo, Timeout: c.ReplyTimeout, Dial: c.Dial}
	if t.Algorithm == nil {
		t.Algorithm = c.Algo
	}
	if c.Trace != nil {
		t.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := c.Dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return record.Tap(c.Trace, s.Proto, id, conn), nil
		}
	}
	return t
}

// answered keeps an answer until it is asked for.
func (l *link) answered(r *wire.Result, _ time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.results[r.Submit] = r
}

// take returns the answer to a share, once.
func (l *link) take(sub *wire.Submit) *wire.Result {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.results[sub]
	delete(l.results, sub)
	return r
}

// answer waits for the answer to a share. None and Closed stand for silence.
func (l *link) answer(ctx context.Context, sub *wire.Submit) (*wire.Result, error) {
	var r *wire.Result
	err := l.Wait(ctx, l.target.Timeout, func(*wire.Conn) bool { r = l.take(sub); return r != nil })
	switch {
	case r != nil:
		return r, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, rig.ErrSilent):
		return &wire.Result{Submit: sub, Verdict: wire.None}, nil
	}
	return &wire.Result{Submit: sub, Verdict: wire.Closed}, nil
}
