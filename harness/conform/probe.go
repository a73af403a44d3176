package conform

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// Probe is a session with a pool for those who time its answers. It is used by
// one goroutine.
type Probe struct {
	env    *Env
	m      *miner
	cancel context.CancelFunc
}

// NewProbe logs in to a pool. Close ends the session.
func NewProbe(ctx context.Context, cfg Config) (*Probe, error) {
	cfg = cfg.withDefaults()
	ctx, cancel := context.WithCancel(ctx)
	p := &Probe{env: newEnv(ctx, &cfg, &Check{ID: "PROBE-0"}, new(atomic.Uint64)), cancel: cancel}
	var err error
	if p.m, err = p.env.mine(); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Close ends the session.
func (p *Probe) Close() {
	p.env.close()
	p.cancel()
}

// Ping times a request that costs the pool nothing.
func (p *Probe) Ping() (time.Duration, error) {
	began := time.Now()
	if !p.env.answers(p.m.Conn) {
		return 0, fmt.Errorf("%s did not answer a request", p.env.cfg.Target)
	}
	return time.Since(began), nil
}

// Share finds a good share for the present job, and times its answer alone.
func (p *Probe) Share() (time.Duration, error) {
	if _, err := p.m.next(0, func(*task) bool { return false }); err != nil {
		return 0, err
	}
	t, err := p.m.task()
	if err != nil {
		return 0, err
	}
	s, err := p.env.valid(t.work)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	a := p.m.hand(t, &s)
	if a.Message == nil {
		return 0, fmt.Errorf("%s: %s to a good share", p.env.cfg.Target, a)
	}
	return time.Since(began), nil
}
