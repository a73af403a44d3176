package fault

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// Config says what a proxy stands between.
type Config struct {
	// Listener takes the harness's connections; the proxy closes it.
	Listener net.Listener
	// Upstream is the pool's host:port; Dial opens connections to it (nil: the
	// network).
	Upstream string
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
	// ToPool and ToMiner are the rules at the start.
	ToPool, ToMiner Rules
	// Seed repeats the jitter.
	Seed uint64
	// Ended, when set, is told when a connection's pool side ended by the
	// pool's doing. It must not block.
	Ended func(at time.Time)
}

// Proxy passes connections on. Close ends it.
type Proxy struct {
	cfg    Config
	ctx    context.Context
	cancel context.CancelFunc
	group  sync.WaitGroup

	mu      sync.Mutex
	toPool  Rules
	toMiner Rules
	conns   map[net.Conn]struct{}
	count   uint64
}

// New starts a proxy.
func New(cfg Config) *Proxy {
	if cfg.Dial == nil {
		cfg.Dial = new(net.Dialer).DialContext
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &Proxy{cfg: cfg, ctx: ctx, cancel: cancel, toPool: cfg.ToPool, toMiner: cfg.ToMiner, conns: map[net.Conn]struct{}{}}
	p.group.Go(p.accept)
	return p
}

// Listen starts a proxy on a loopback port of its own.
func Listen(cfg Config) (*Proxy, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening a port to disturb the line at: %w", err)
	}
	cfg.Listener = ln
	return New(cfg), nil
}

// Address is where to connect to.
func (p *Proxy) Address() string { return p.cfg.Listener.Addr().String() }

// Set changes the rules, of connections that stand, too.
func (p *Proxy) Set(toPool, toMiner Rules) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.toPool, p.toMiner = toPool, toMiner
}

// Close ends every connection and waits for all goroutines.
func (p *Proxy) Close() {
	p.cancel()
	_ = p.cfg.Listener.Close() // no more can come
	p.mu.Lock()
	for c := range p.conns {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.group.Wait()
}

func (p *Proxy) accept() {
	for {
		miner, err := p.cfg.Listener.Accept()
		if err != nil {
			return
		}
		p.group.Go(func() { p.pass(miner) })
	}
}

// hold remembers a connection so that Close can end it; false when it is over.
func (p *Proxy) hold(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		_ = c.Close()
		return false
	}
	p.conns[c] = struct{}{}
	return true
}

func (p *Proxy) release(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		_ = c.Close() // its lines have ended
		delete(p.conns, c)
	}
}

// pass carries one connection until both directions have ended.
func (p *Proxy) pass(miner net.Conn) {
	if !p.hold(miner) {
		return
	}
	defer p.release(miner)
	pool, err := p.cfg.Dial(p.ctx, "tcp", p.cfg.Upstream)
	if err != nil || !p.hold(pool) {
		return
	}
	defer p.release(pool)
	p.mu.Lock()
	p.count++
	seed := p.count
	p.mu.Unlock()
	up := &line{proxy: p, from: miner, to: pool, rules: func() Rules { return p.toPool }, rng: rand.New(rand.NewPCG(p.cfg.Seed, 2*seed))}
	down := &line{proxy: p, from: pool, to: miner, rules: func() Rules { return p.toMiner }, rng: rand.New(rand.NewPCG(p.cfg.Seed, 2*seed+1)), ended: p.cfg.Ended}
	var both sync.WaitGroup
	both.Go(up.run)
	both.Go(down.run)
	both.Wait()
}
