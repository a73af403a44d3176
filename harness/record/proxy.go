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
	// Dial opens upstream connections; nil means TCP with DialTimeout.
	Dial Dialer
	// DialTimeout bounds one dial; 0 means 10 seconds.
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
		c.MaxLine = 256 << 10
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Stats counts what a proxy has passed on.
type Stats struct {
	Conns       uint64 // accepted so far
	Refused     uint64 // turned away: too many, or the pool could not be reached
	Open        int64  // connected now
	ToPool      uint64 // lines from miners
	ToMiner     uint64 // lines from the pool
	BytesToPool uint64
	BytesToPeer uint64
}

// Proxy records the connections of one listener.
type Proxy struct {
	cfg   Config
	next  atomic.Uint64
	slots chan struct{}
	conns sync.WaitGroup

	refused, toPool, toMiner atomic.Uint64
	bytesToPool, bytesToPeer atomic.Uint64
	open                     atomic.Int64
}

// New checks the configuration.
func New(cfg Config) (*Proxy, error) {
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	return &Proxy{cfg: cfg, slots: make(chan struct{}, cfg.MaxConns)}, nil
}

// Stats may be called at any time.
func (p *Proxy) Stats() Stats {
	return Stats{
		Conns: p.next.Load(), Refused: p.refused.Load(), Open: p.open.Load(),
		ToPool: p.toPool.Load(), ToMiner: p.toMiner.Load(),
		BytesToPool: p.bytesToPool.Load(), BytesToPeer: p.bytesToPeer.Load(),
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
func (p *Proxy) serve(ctx context.Context, id uint64, miner net.Conn) {
	p.cfg.Trace.Record(&trace.Event{Code: trace.CodeOpen, Conn: id, Open: &trace.OpenInfo{
		Peer: miner.RemoteAddr().String(), Local: miner.LocalAddr().String()}})
	dialCtx, cancel := context.WithTimeout(ctx, p.cfg.DialTimeout)
	pool, err := p.cfg.Dial(dialCtx, "tcp", p.cfg.Upstream)
	cancel()
	if err != nil {
		p.refused.Add(1)
		p.cfg.Log.Error("cannot reach the pool: is it running, and is the address right?", "pool", p.cfg.Upstream, "err", err)
		_ = miner.Close()
		p.recordClose(id, ending{by: trace.ByPool, err: err})
		return
	}
	p.cfg.Log.Info("miner connected", "conn", id, "peer", miner.RemoteAddr())
	s := newSession(p, id, miner, pool)
	end := s.run(ctx)
	p.recordClose(id, end)
	p.cfg.Log.Info("miner gone", "conn", id, "by", end.by, "how", end.how())
}

func (p *Proxy) recordClose(id uint64, end ending) {
	info := &trace.CloseInfo{By: end.by, How: end.how()}
	if end.err != nil {
		info.Err = end.err.Error()
	}
	p.cfg.Trace.Record(&trace.Event{Code: trace.CodeClose, Conn: id, Close: info})
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
