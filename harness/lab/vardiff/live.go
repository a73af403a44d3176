package vardiff

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/harness/stats"
	"github.com/aditmine/adit/harness/wire"
)

// LiveConfig says how a pool is measured over the wire. Its miners hash for
// real, at a rate that is held down to Rate, so that shares come when chance
// has it and none is made up. The rates of all miners together must be well
// below what this machine hashes.
type LiveConfig struct {
	Target rig.Target
	// Miners is how many there are (0: 1), Rate the hashes per second of each.
	Miners int
	Rate   float64
	// Interval is the share interval that the pool declares.
	Interval time.Duration
	// Scenario says for how long, how the rate changes, and when all miners
	// reconnect. Its other members have no meaning here: the pool and the line
	// decide.
	Scenario Scenario
	// Finder finds the shares. It stays the caller's.
	Finder *rig.Finder
	// Login gives each miner a login of its own; nil uses the target's for all.
	Login func(miner int) string
	// Progress is told what goes on; it may be nil.
	Progress func(text string)
}

// LiveResult is what came of it.
type LiveResult struct {
	Target   string        `json:"target"`
	Miners   int           `json:"miners"`
	Rate     float64       `json:"hashes_per_s"`
	Interval time.Duration `json:"interval_ns"`
	Took     time.Duration `json:"took_ns"`
	// Convergence is in seconds from the start, or from the step.
	Convergence Quantiles `json:"convergence_s"`
	Overshoot   Quantiles `json:"overshoot"`
	Rest        Rest      `json:"rest"`
	// Hashes is the work, Credited the difficulty of accepted shares; their
	// ratio is 1 but for chance when shares count for what they were issued
	// at.
	Hashes   uint64          `json:"hashes"`
	Credited uint64          `json:"credited"`
	Credit   float64         `json:"credit_ratio"`
	CreditIn *stats.Interval `json:"credit_ratio_95,omitempty"`
	Accepted int             `json:"accepted"`
	// Rejected are refusals of valid shares by reason; Unanswered had no answer
	// when the run, or their connection, ended.
	Rejected   map[wire.Reason]int `json:"rejected,omitempty"`
	Unanswered int                 `json:"unanswered"`
	Closed     int                 `json:"closed_connections"`
	// Records are the difficulties of each miner over time, x relative to the
	// ideal one at Rate.
	Records []Record `json:"records"`
	// Answers are when each miner's shares were accepted.
	Answers [][]time.Duration `json:"-"`
	// Void says why the figures mean nothing; empty when they do.
	Void []string `json:"void,omitempty"`
}

// aliveEvery is how often each miner says that it is still there.
const aliveEvery = 5 * time.Second

// slice is how often each miner's share of hashing is done: short against any
// share interval, long against the cost of changing jobs.
const slice = 50 * time.Millisecond

// liveMiner is one connection that mines at a rate.
type liveMiner struct {
	target  rig.Target
	session *rig.Session
	next    uint64
	owes    float64 // hashes that are due

	mu       sync.Mutex
	record   Record
	shares   []time.Duration
	squares  float64 // of accepted difficulties
	credited uint64
	rejected map[wire.Reason]int
	waiting  int           // shares without an answer
	lost     int           // that can have none any more
	offset   time.Duration // of the clock, from the logins to the start
}

// live is a run.
type live struct {
	cfg    *LiveConfig
	opened time.Time // the readers keep to this clock
	began  time.Time // when mining did
	miners []*liveMiner
	hashes uint64
	late   time.Duration // after which due work was done, at most
}

// RunLive measures a pool. When ctx ends it reports on what there was, with
// the context's error.
func RunLive(ctx context.Context, cfg LiveConfig) (*LiveResult, error) {
	var err error
	if cfg.Target, err = cfg.Target.WithDefaults(); err != nil {
		return nil, err
	}
	cfg.Miners = max(cfg.Miners, 1)
	if cfg.Progress == nil {
		cfg.Progress = func(string) {}
	}
	if cfg.Rate <= 0 || cfg.Interval <= 0 || cfg.Scenario.Length <= 0 || cfg.Finder == nil {
		return nil, errors.New("a live run needs a hashrate, the pool's share interval, a length, and what finds shares")
	}
	l := &live{cfg: &cfg, began: cfg.Target.Now()}
	defer l.close()
	if err := l.open(ctx); err != nil {
		return nil, err
	}
	cfg.Progress(fmt.Sprintf("%d miners at %g H/s for %v, ideal difficulty %.0f", cfg.Miners, cfg.Rate, cfg.Scenario.Length,
		cfg.Rate*cfg.Interval.Seconds()))
	err = l.mine(ctx)
	if err != nil && ctx.Err() == nil {
		return nil, err
	}
	l.settle(ctx)
	return l.result(), err
}

func (l *live) open(ctx context.Context) error {
	l.opened = l.began
	for i := range l.cfg.Miners {
		m := &liveMiner{target: l.cfg.Target, rejected: map[wire.Reason]int{}}
		if l.cfg.Login != nil {
			m.target.Login = l.cfg.Login(i)
		}
		if err := l.connect(ctx, m); err != nil {
			return fmt.Errorf("miner %d of %d: %w", i+1, l.cfg.Miners, err)
		}
		l.miners = append(l.miners, m)
	}
	return nil
}

// connect logs a miner in.
func (l *live) connect(ctx context.Context, m *liveMiner) (err error) {
	m.session, err = rig.Open(ctx, &m.target, rig.Watcher{
		Job:    func(job *wire.Job, at time.Time) { m.issued(job, at.Sub(l.opened), l.ideal()) },
		Result: func(r *wire.Result, at time.Time) { m.answered(r, at.Sub(l.opened)) },
	})
	return err
}

// shift moves the clock to where mining begins: what was issued before then
// was in force then.
func (m *liveMiner) shift(by time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.offset = by
	if n := len(m.record.Changes); n > 0 {
		m.record.Changes = []Change{{0, m.record.Changes[n-1].X}}
	}
}

func (l *live) close() {
	for _, m := range l.miners {
		m.session.Close()
	}
}

// ideal is the difficulty of x = 1.
func (l *live) ideal() float64 { return l.cfg.Rate * l.cfg.Interval.Seconds() }

func (m *liveMiner) issued(job *wire.Job, at time.Duration, ideal float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	x := float64(job.Difficulty) / ideal
	if n := len(m.record.Changes); n == 0 || m.record.Changes[n-1].X != x {
		m.record.Changes = append(m.record.Changes, Change{max(at-m.offset, 0), x})
	}
}

func (m *liveMiner) answered(r *wire.Result, at time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting--
	if r.Verdict != wire.Accepted || r.Submit.Job == nil {
		m.rejected[r.Reason]++
		return
	}
	d := r.Submit.Job.Difficulty
	m.shares = append(m.shares, at-m.offset)
	m.credited += d
	m.squares += float64(d) * float64(d)
}
