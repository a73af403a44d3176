package latency

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/harness/wire"
)

// Run times new blocks on all connections, and once more beside slow readers
// where there are to be any.
func Run(ctx context.Context, cfg Config) (*Result, error) {
	c, err := cfg.withDefaults()
	if err == nil && c.NewTip == nil {
		err = errors.New("timing new blocks needs the pool's node: let the harness be it")
	}
	if err != nil {
		return nil, err
	}
	g := &group{cfg: &c, rng: rand.New(rand.NewPCG(c.Seed, 1)), changed: make(chan struct{}, 1)}
	defer g.close()
	if err := g.open(ctx); err != nil {
		return nil, err
	}
	r := &Result{Target: c.Target.Address, Proto: c.Target.Proto}
	c.Progress(fmt.Sprintf("timing %d new blocks on %d connections", c.Rounds, c.Conns))
	if r.Alone, err = g.series(ctx); err != nil || c.SlowReaders == 0 {
		return r, err
	}
	c.Progress(fmt.Sprintf("the same beside %d connections that do not read", c.SlowReaders))
	slow, err := openSlow(ctx, &c)
	if err != nil {
		return r, err
	}
	defer slow.close()
	beside, err := g.series(ctx)
	r.Beside, r.SlowReaders, r.Evicted = &beside, c.SlowReaders, slow.evicted()
	return r, err
}

// group is the connections whose jobs are timed.
type group struct {
	cfg      *Config
	rng      *rand.Rand
	sessions []*rig.Session
	changed  chan struct{}

	mu    sync.Mutex
	old   []*wire.Job // of each connection, when the round began
	at    []time.Time // when work on the new tip came
	await int         // how many it has not come to yet
}

// open logs the connections in, one after the other: their order matters.
func (g *group) open(ctx context.Context) error {
	n := g.cfg.Conns
	g.old, g.at = make([]*wire.Job, n), make([]time.Time, n)
	for i := range n {
		s, err := rig.Open(ctx, &g.cfg.Target, rig.Watcher{
			Job:    func(job *wire.Job, at time.Time) { g.job(i, job, at) },
			Closed: func(error, time.Time) { g.signal() },
		})
		if err != nil {
			return fmt.Errorf("connection %d of %d: %w", i+1, n, err)
		}
		g.sessions = append(g.sessions, s)
	}
	return nil
}

func (g *group) close() {
	for _, s := range g.sessions {
		s.Close()
	}
}

// job takes a new job of a connection. It counts when it can be worked on and
// is for another block than before.
func (g *group) job(i int, job *wire.Job, at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.old[i] == nil || !g.at[i].IsZero() || job.Unsure || job.SameParent(g.old[i]) {
		return
	}
	g.at[i] = at
	if g.await--; g.await == 0 {
		g.signal()
	}
}

func (g *group) signal() {
	select {
	case g.changed <- struct{}{}:
	default:
	}
}

// series times all rounds.
func (g *group) series(ctx context.Context) (Series, error) {
	s := Series{Conns: g.cfg.Conns}
	for range g.cfg.Rounds {
		if err := pause(ctx, g.cfg.Gap+g.phase()); err != nil {
			return s, err
		}
		if err := g.round(ctx, &s); err != nil {
			return s, err
		}
		s.Rounds++
	}
	for _, session := range g.sessions {
		if !session.Alive() {
			s.Closed++
		}
	}
	s.sum(g.cfg.BlockTime)
	return s, nil
}

// phase is a random time of the pool's polling period.
func (g *group) phase() time.Duration {
	if g.cfg.Poll <= 0 {
		return 0
	}
	return time.Duration(g.rng.Int64N(int64(g.cfg.Poll)))
}

// round lets one block come and waits for the jobs.
func (g *group) round(ctx context.Context, s *Series) error {
	g.mu.Lock()
	g.await = 0
	for i, session := range g.sessions {
		g.old[i], g.at[i] = session.Job(), time.Time{}
		g.await++
	}
	g.mu.Unlock()
	began := g.cfg.Target.Now()
	if err := g.cfg.NewTip(); err != nil {
		return fmt.Errorf("letting the node find a block: %w", err)
	}
	s.TipTook = max(s.TipTook, g.cfg.Target.Now().Sub(began))
	if err := g.wait(ctx); err != nil {
		return err
	}
	delays := make([]time.Duration, len(g.sessions))
	g.mu.Lock()
	for i, at := range g.at {
		delays[i] = missing
		if !at.IsZero() {
			delays[i] = at.Sub(began)
		}
		g.old[i] = nil // what comes later belongs to no round
	}
	g.mu.Unlock()
	s.Delays = append(s.Delays, delays)
	return nil
}

// wait blocks until all that can have new work have it, or the limit.
func (g *group) wait(ctx context.Context) error {
	limit := time.NewTimer(g.cfg.Limit)
	defer limit.Stop()
	for !g.complete() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.C:
			return nil
		case <-g.changed:
		}
	}
	return nil
}

func (g *group) complete() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, at := range g.at {
		if at.IsZero() && g.sessions[i].Alive() {
			return false
		}
	}
	return true
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
