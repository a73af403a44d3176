package latency

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/harness/stats"
)

// Backoff is how miners wait before they come back.
type Backoff string

// The ways to wait.
const (
	AtOnce Backoff = "none"   // not at all
	Fixed  Backoff = "fixed"  // all for the same time
	Jitter Backoff = "jitter" // each for a random part of that time
)

// Storm is what came of all connections being reset at once and coming back.
type Storm struct {
	Conns   int     `json:"connections"`
	Backoff Backoff `json:"backoff"`
	// Served had a job again within the limit; Failed are the others, with
	// the first failure in words.
	Served  int    `json:"served"`
	Failed  int    `json:"failed"`
	Failure string `json:"failure,omitempty"`
	// Login is from dialling to the first job; Back from the reset to it, the
	// wait included. To99 is when 99 % of all had one; nil if they never had.
	Login stats.Summary  `json:"login"`
	Back  stats.Summary  `json:"back"`
	To99  *time.Duration `json:"to_99_percent_ns"`
	// Before and After are the median difficulties of the connections' jobs.
	Before uint64 `json:"difficulty_before"`
	After  uint64 `json:"difficulty_after"`
}

// RunStorm resets all connections at once and lets them come back. wait is
// the time that the backoff is of.
func RunStorm(ctx context.Context, cfg Config, backoff Backoff, wait time.Duration) (*Storm, error) {
	cfg.BlockTime = max(cfg.BlockTime, 1) // no block comes
	c, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	switch backoff {
	case AtOnce, Fixed, Jitter:
	default:
		return nil, fmt.Errorf("backoff %q: there are %s, %s and %s", backoff, AtOnce, Fixed, Jitter)
	}
	before := &returns{}
	before.open(ctx, &c, make([]time.Duration, c.Conns), c.Target.Now())
	if before.failed > 0 {
		before.close()
		return nil, fmt.Errorf("%d of %d connections could not be opened: %s", before.failed, c.Conns, before.failure)
	}
	out := &Storm{Conns: c.Conns, Backoff: backoff, Before: before.difficulty()}
	c.Progress(fmt.Sprintf("resetting %d connections", c.Conns))
	rng, waits := rand.New(rand.NewPCG(c.Seed, 2)), make([]time.Duration, c.Conns)
	for i := range waits {
		switch backoff {
		case Fixed:
			waits[i] = wait
		case Jitter:
			waits[i] = time.Duration(rng.Float64() * float64(wait))
		}
	}
	began := c.Target.Now()
	before.reset()
	after := &returns{}
	after.open(ctx, &c, waits, began)
	defer after.close()
	out.Served, out.Failed, out.Failure, out.After = len(after.sessions), after.failed, after.failure, after.difficulty()
	out.Login, out.Back, out.To99 = after.login.Summary(int64(after.failed)), after.back.Summary(int64(after.failed)), after.to99(c.Conns)
	return out, ctx.Err()
}

// returns are connections that were opened at once.
type returns struct {
	mu          sync.Mutex
	sessions    []*rig.Session
	times       []float64 // from the reset, seconds
	login, back stats.Latency
	failed      int
	failure     string
}

// open logs one connection in for each wait, all at the same time.
func (r *returns) open(ctx context.Context, c *Config, waits []time.Duration, began time.Time) {
	var all sync.WaitGroup
	for _, wait := range waits {
		all.Go(func() {
			if pause(ctx, wait) != nil {
				return
			}
			dialled := c.Target.Now()
			s, err := rig.Open(ctx, &c.Target, rig.Watcher{})
			r.add(s, err, dialled, c.Target.Now(), began)
		})
	}
	all.Wait()
}

func (r *returns) add(s *rig.Session, err error, dialled, done, began time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		if r.failed++; r.failure == "" {
			r.failure = err.Error()
		}
		return
	}
	r.sessions = append(r.sessions, s)
	r.login.Add(done.Sub(dialled))
	r.back.Add(done.Sub(began))
	r.times = append(r.times, done.Sub(began).Seconds())
}

// to99 is when 99 of 100 connections were back.
func (r *returns) to99(all int) *time.Duration {
	need := (99*all + 99) / 100
	if len(r.times) < need {
		return nil
	}
	d := time.Duration(stats.Sorted(r.times)[need-1] * 1e9)
	return &d
}

// difficulty is the median of the connections' jobs.
func (r *returns) difficulty() uint64 {
	var all []float64
	for _, s := range r.sessions {
		if job := s.Job(); job != nil {
			all = append(all, float64(job.Difficulty))
		}
	}
	if len(all) == 0 {
		return 0
	}
	return uint64(stats.Sorted(all)[len(all)/2])
}

func (r *returns) close() {
	for _, s := range r.sessions {
		s.Close()
	}
}

// reset ends all connections at once.
func (r *returns) reset() {
	var all sync.WaitGroup
	for _, s := range r.sessions {
		all.Go(s.Reset)
	}
	all.Wait()
}
