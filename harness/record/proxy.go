package record

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aditmine/adit/harness/trace"
)

// defaultMaxLine is the longest line recorded in one piece.
const defaultMaxLine = 256 << 10

// Dialer opens a connection to the pool.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

// Config is what a proxy needs. Listener, Upstream and Trace are required.
type Config struct {
	// Listener accepts miners. The proxy closes it.
	Listener net.Listener
	// Upstream is the pool, "host:port".
	Upstream string
	// Trace receives the events. The proxy does not close it.
	Trace *trace.Writer
	// Proto is the dialect, trace.ProtoCryptoNote or trace.ProtoCKB; any other
	// value has it recognised from each connection's first line.
	Proto string
	// Front and Back say how miners and the pool are spoken to below stratum.
	Front Front
	Back  Back
	// Dial opens upstream connections; nil means TCP.
	Dial Dialer
	// DialTimeout bounds everything between accepting a miner, or dialling
	// the pool, and the first line of stratum; 0 means 10 seconds.
	DialTimeout time.Duration
	// MaxConns bounds the miners connected at once; 0 means 4096.
	MaxConns int
	// MaxLine is the longest line recorded in one piece; longer ones are
	// recorded in pieces of that size and passed on all the same. 0 means
	// 256 KiB.
	MaxLine int
	// Log gets connections and failures; nil discards them.
	Log *slog.Logger
}

func (c *Config) setDefaults() error {
	if c.Listener == nil || c.Trace == nil || c.Upstream == "" {
		return errors.New("recording proxy: listener, upstream and trace are required")
	}
	if c.Dial == nil {
		c.Dial = new(net.Dialer).DialContext
	}
	if c.DialTimeout <= 0 {
		c.DialTimeout = 10 * time.Second
	}
	if c.MaxConns <= 0 {
		c.MaxConns = 4096
	}
	if c.MaxLine <= 0 {
		c.MaxLine = defaultMaxLine
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Stats counts what a proxy has passed on.
type Stats struct {
	Conns       uint64 // accepted so far
	Refused     uint64 // turned away: too many, or no connection could be made
	Open        int64  // connected now
	ToPool      uint64 // lines from miners
	ToMiner     uint64 // lines from the pool
	BytesToPool uint64
	BytesToPeer uint64
}

// Proxy records the connections of one listener.
type Proxy struct {
	cfg     Config
	journal *journal
	next    atomic.Uint64
	slots   chan struct{}
	conns   sync.WaitGroup

	refused atomic.Uint64
	open    atomic.Int64
}

// New checks the configuration.
func New(cfg Config) (*Proxy, error) {
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	j := &journal{trace: cfg.Trace, proto: cfg.Proto, maxLine: cfg.MaxLine}
	return &Proxy{cfg: cfg, journal: j, slots: make(chan struct{}, cfg.MaxConns)}, nil
}

// Stats may be called at any time.
func (p *Proxy) Stats() Stats {
	return Stats{
		Conns: p.next.Load(), Refused: p.refused.Load(), Open: p.open.Load(),
		ToPool: p.journal.toPool.Load(), ToMiner: p.journal.toMiner.Load(),
		BytesToPool: p.journal.bytesToPool.Load(), BytesToPeer: p.journal.bytesToPeer.Load(),
	}
}

// Run serves until ctx ends, which is no error, or the listener fails. When
// it returns every connection is closed and recorded as such.
func (p *Proxy) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer p.conns.Wait()
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = p.cfg.Listener.Close() })
	defer stop()
	for {
		conn, err := p.cfg.Listener.Accept()
		switch {
		case err == nil:
			p.admit(ctx, conn)
		case ctx.Err() != nil:
			return nil
		case isTemporary(err):
			p.cfg.Log.Warn("accepting a miner failed", "err", err)
			pause(ctx, 50*time.Millisecond)
		default:
			_ = p.cfg.Listener.Close()
			return fmt.Errorf("accepting miners: %w", err)
		}
	}
}

// admit starts a session when there is room for it.
func (p *Proxy) admit(ctx context.Context, conn net.Conn) {
	select {
	case p.slots <- struct{}{}:
	default:
		p.refused.Add(1)
		p.cfg.Log.Warn("refused a miner: too many connections", "max", p.cfg.MaxConns)
		_ = conn.Close()
		return
	}
	id := p.next.Add(1)
	p.conns.Go(func() {
		defer func() { <-p.slots }()
		p.open.Add(1)
		defer p.open.Add(-1)
		p.serve(ctx, id, conn)
	})
}

// serve handles one miner from accept to close.
func (p *Proxy) serve(ctx context.Context, id uint64, conn net.Conn) {
	m, err := p.welcome(ctx, conn)
	p.cfg.Trace.Record(&trace.Event{Code: trace.CodeOpen, Conn: id, Open: &m.open})
	if err != nil {
		p.cfg.Log.Warn("a miner could not start its connection", "conn", id, "peer", conn.RemoteAddr(), "err", err)
		p.turnAway(id, conn, ending{by: trace.ByMiner, err: err})
		return
	}
	pool, err := p.reach(ctx, m)
	if err != nil {
		p.cfg.Log.Error("cannot reach the pool: is it running, and is the address right?", "pool", p.cfg.Upstream, "err", err)
		p.turnAway(id, conn, ending{by: trace.ByPool, err: err})
		return
	}
	p.cfg.Log.Info("miner connected", "conn", id, "peer", m.source)
	end := newSession(p, id, m.Conn, pool).run(ctx)
	p.journal.close(id, end)
	p.cfg.Log.Info("miner gone", "conn", id, "by", end.by, "how", end.how())
}

// turnAway closes a connection that nothing could be passed on for.
func (p *Proxy) turnAway(id uint64, conn net.Conn, end ending) {
	p.refused.Add(1)
	_ = conn.Close()
	p.journal.close(id, end)
}

// isTemporary reports accept errors that pass, such as running out of file
// descriptors.
func isTemporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
