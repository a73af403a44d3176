package latency

import (
	"context"
	"fmt"
	"time"

	"github.com/aditmine/adit/harness/lab/fault"
	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/harness/stats"
)

// HalfOpen is what a pool did with connections whose line went dead: nothing
// arrives any more, and nothing says so.
type HalfOpen struct {
	Conns int `json:"connections"`
	// Reaped are those that the pool closed within the limit, After when.
	Reaped int           `json:"reaped"`
	After  stats.Summary `json:"after"`
	Limit  time.Duration `json:"limit_ns"`
}

// RunHalfOpen logs connections in through a line that then goes dead, and
// waits for the pool to close them. The config's Limit is how long.
func RunHalfOpen(ctx context.Context, cfg Config) (*HalfOpen, error) {
	cfg.BlockTime = max(cfg.BlockTime, 1) // no block comes
	c, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	ends := make(chan time.Time, c.Conns)
	proxy, err := fault.Listen(fault.Config{Upstream: c.Target.Address, Dial: c.Target.Dial, Ended: func(at time.Time) {
		select {
		case ends <- at:
		default: // there are no more connections than this
		}
	}})
	if err != nil {
		return nil, err
	}
	defer proxy.Close()
	// The way to the proxy is this machine's; the way to the pool the target's.
	through := c.Target
	through.Address, through.Dial = proxy.Address(), nil
	if through, err = through.WithDefaults(); err != nil {
		return nil, err
	}
	for i := range c.Conns {
		s, err := rig.Open(ctx, &through, rig.Watcher{})
		if err != nil {
			return nil, fmt.Errorf("connection %d of %d: %w", i+1, c.Conns, err)
		}
		defer s.Close()
	}
	c.Progress(fmt.Sprintf("%d lines go dead; waiting up to %v for the pool to notice", c.Conns, c.Limit))
	proxy.Set(fault.Rules{Drop: true}, fault.Rules{Drop: true})
	return reap(ctx, &c, ends)
}

// reap waits for the pool's closes.
func reap(ctx context.Context, c *Config, ends <-chan time.Time) (*HalfOpen, error) {
	out := &HalfOpen{Conns: c.Conns, Limit: c.Limit}
	var after stats.Latency
	began := time.Now()
	limit := time.NewTimer(c.Limit)
	defer limit.Stop()
	defer func() { out.After = after.Summary(int64(out.Conns - out.Reaped)) }()
	for out.Reaped < c.Conns {
		select {
		case <-ctx.Done():
			return out, ctx.Err()
		case <-limit.C:
			return out, nil
		case at := <-ends:
			out.Reaped++
			after.Add(max(at.Sub(began), 0))
		}
	}
	return out, nil
}
