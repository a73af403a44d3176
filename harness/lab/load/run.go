package load

import (
	"context"
	"fmt"
	"runtime"
	"time"
)

// Run opens the connections, finds the shares, and sends them. When ctx ends
// during the sending it reports on what was sent, with the context's error.
func Run(ctx context.Context, cfg Config) (*Result, error) {
	c, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	rec := newRecorder(c.Target.Now)
	conns, err := openAll(ctx, &c, rec)
	if err != nil {
		return nil, err
	}
	defer closeAll(conns)
	if c.Mix.has(Stale) {
		if err := tip(ctx, &c, conns); err != nil {
			return nil, err
		}
	}
	arrivals := plan(&c)
	c.Progress(fmt.Sprintf("finding shares for %d submits at difficulty %d", len(arrivals), conns[0].session.Job().Difficulty))
	if err := prepare(ctx, &c, conns, arrivals); err != nil {
		return nil, err
	}
	c.Progress(fmt.Sprintf("sending %.0f submits/s over %d connections for %v", c.Rate, c.Conns, c.Duration))
	return send(ctx, &c, rec, conns, arrivals)
}

// send carries the plan out and waits for the answers.
func send(ctx context.Context, c *Config, rec *recorder, conns []*conn, arrivals []arrival) (*Result, error) {
	runtime.GC() // the preparation's garbage is not the run's
	before := cpuTime()
	rec.begin()
	for _, conn := range conns {
		conn.start()
	}
	pushed := keepTo(ctx, rec, conns, arrivals)
	took := rec.now()
	used := cpuTime() - before
	answered := rec.answers()
	drain(ctx, c, conns)
	end := rec.now()
	rec.unanswered(conns, end)

	r := &Result{Target: c.Target.Address, Proto: c.Target.Proto, Conns: c.Conns, Mix: c.Mix, Seed: c.Seed,
		Offered: c.Rate, Reached: float64(answered) / took.Seconds(), Took: took, Drain: end - took,
		Planned: len(arrivals), Shares: shareCount(c, conns), Classes: rec.classResults(), Lag: rec.lagSummary(),
		CPU: used.Seconds() / took.Seconds() / float64(runtime.GOMAXPROCS(0))}
	for i := range r.Classes {
		r.Sent += r.Classes[i].Sent
	}
	r.Unsent = r.Planned - r.Sent
	for _, conn := range conns {
		if conn.broken.Load() {
			r.Closed++
		}
	}
	r.judge(c.MaxLag)
	if pushed < len(arrivals) {
		r.Void = append(r.Void, "the run was ended early")
		return r, ctx.Err()
	}
	return r, nil
}

// keepTo queues each arrival when it is due, those that are due together in
// one go, and returns how many it got to.
func keepTo(ctx context.Context, rec *recorder, conns []*conn, arrivals []arrival) int {
	touched := make(map[*conn]struct{}, len(conns))
	for i := 0; i < len(arrivals); {
		if ctx.Err() != nil {
			return i
		}
		now := rec.now()
		for ; i < len(arrivals) && arrivals[i].at <= now; i++ {
			conn := conns[arrivals[i].conn]
			conn.push(&arrivals[i])
			touched[conn] = struct{}{}
		}
		for conn := range touched {
			conn.flush()
		}
		clear(touched)
		if i < len(arrivals) {
			pause(ctx, arrivals[i].at-rec.now())
		}
	}
	return len(arrivals)
}

// The shortest and the longest pause between looks at the plan: the one lets
// arrivals be sent together at high rates, the other lets a run be ended.
const (
	shortPause = 200 * time.Microsecond
	longPause  = 100 * time.Millisecond
)

func pause(ctx context.Context, d time.Duration) {
	if d > time.Millisecond {
		timer := time.NewTimer(min(d-time.Millisecond, longPause))
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		return
	}
	shortSleep(max(d, shortPause))
}

// drain waits for the answers that are still out.
func drain(ctx context.Context, c *Config, conns []*conn) {
	deadline := time.NewTimer(c.Target.Timeout)
	defer deadline.Stop()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for outstanding(conns) > 0 {
		select {
		case <-ctx.Done():
			return
		case <-deadline.C:
			return
		case <-look.C:
		}
	}
}
