//go:build linux

package bench

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/pool"
	"github.com/aditmine/adit/pool/coin"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
)

// poolRole is a child that is a pool. Its orders are "tip" (a new block: when
// that was), "rss" (bytes of memory, after a collection), and "wires N" (N
// sessions over connections in memory: bytes of memory with them).
type poolRole struct {
	Ledger     string // file or PostgreSQL URL
	Algorithm  string
	Real       bool // hash for real
	Difficulty uint64
	Threads    int    // that verify
	Profile    string // file for a processor profile, for the whole run
}

// hello is the first that a pool says.
type hello struct{ Address string }

// reply is the answer to an order.
type reply struct {
	At    int64 // nanoseconds since 1970
	Bytes int64
	Error string
}

// config is the pool: one coin, one port, nothing in the way of a benchmark.
func (r *poolRole) config() config.Config {
	cfg := config.Default()
	c := config.DefaultCoin(config.CryptoNote)
	c.Name, c.Algorithm, c.Node, c.Poll, c.StaleGrace = "c", r.Algorithm, "http://still", 5*time.Millisecond, time.Minute
	port := config.DefaultPort()
	port.Listen, port.Coin, port.Fixed = "127.0.0.1:0", "c", 1
	cfg.Coins, cfg.Ports = []config.Coin{c}, []config.Port{port}
	cfg.Ledger.Path = r.Ledger
	if ledger.IsURL(r.Ledger) {
		cfg.Ledger.Path, cfg.Ledger.URL = "", r.Ledger
	}
	cfg.Limits.Connections, cfg.Limits.PerAddress, cfg.Limits.LoginsPerSecond = 1<<20, 1<<20, 0
	cfg.Limits.LoginTimeout, cfg.Limits.IdleTimeout = 10*time.Minute, time.Hour
	cfg.Verify.Queue = 1 << 16
	if r.Threads > 0 {
		cfg.Verify.Threads = r.Threads
	}
	return cfg
}

func (r *poolRole) run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if r.Profile != "" {
		f, err := os.Create(r.Profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	a, err := hash.Lookup(r.Algorithm)
	if err != nil {
		return err
	}
	chain := &still{a: a, difficulty: max(r.Difficulty, 1)}
	chain.height.Store(100)
	memory := newMemoryListener()
	deps := pool.Deps{
		Log:       slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		NewCoin:   func(config.Coin) (coin.Coin, error) { return chain, nil },
		NewHasher: func(a *hash.Algorithm) (hash.Hasher, error) { return instant{a}, nil },
		Listen: func(network, address string) (net.Listener, error) {
			ln, err := net.Listen(network, address)
			memory.Listener = ln
			return memory, err
		},
	}
	if r.Real {
		deps.NewHasher = cpu.New
	}
	p, err := pool.New(r.config(), deps)
	if err != nil {
		return err
	}
	go func() {
		<-p.Ready()
		say(hello{p.Addr(0).String()})
		orders(func(order string) any { return r.obey(order, chain, memory) })
		stop() // the parent has gone
	}()
	return p.Run(ctx)
}

func (r *poolRole) obey(order string, chain *still, memory *memoryListener) reply {
	name, rest, _ := strings.Cut(order, " ")
	switch name {
	case "tip":
		at := time.Now().UnixNano()
		chain.height.Add(1)
		return reply{At: at}
	case "rss":
		return reply{Bytes: resident()}
	case "wires":
		var n int
		if _, err := fmt.Sscan(rest, &n); err != nil {
			return reply{Error: err.Error()}
		}
		memory.connect(n)
		return reply{Bytes: resident()}
	}
	return reply{Error: "no such order: " + order}
}

// resident is the memory of this process, in bytes, once what is garbage has
// been given back.
func resident() int64 {
	runtime.GC()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	var size, pages int64
	if err == nil {
		_, err = fmt.Sscan(string(text), &size, &pages)
	}
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// memoryListener takes connections that exist in memory only, beside those of
// the socket it stands for.
type memoryListener struct {
	net.Listener
	conns chan net.Conn
	real  chan net.Conn
	fail  chan error
	began bool
}

func newMemoryListener() *memoryListener {
	return &memoryListener{conns: make(chan net.Conn), real: make(chan net.Conn), fail: make(chan error, 1)}
}

// Accept implements net.Listener; one goroutine calls it.
func (l *memoryListener) Accept() (net.Conn, error) {
	if !l.began {
		l.began = true
		go l.accept()
	}
	select {
	case c := <-l.conns:
		return c, nil
	case c := <-l.real:
		return c, nil
	case err := <-l.fail:
		l.fail <- err
		return nil, err
	}
}

func (l *memoryListener) accept() {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			l.fail <- err
			return
		}
		l.real <- c
	}
}

// connect opens n connections and waits until each has been logged in.
func (l *memoryListener) connect(n int) {
	wires := make([]*wire, n)
	for i := range wires {
		wires[i] = newWire(fmt.Sprintf(loginLine, i) + "\n")
		l.conns <- wires[i]
	}
	for _, w := range wires {
		<-w.answered
	}
}

// wire is a connection in memory whose other end logs in and then listens.
type wire struct {
	answered chan struct{} // closed with the first line from the pool
	said     bool
	in       []byte
	closed   chan struct{}
}

func newWire(line string) *wire {
	return &wire{answered: make(chan struct{}), in: []byte(line), closed: make(chan struct{})}
}

// Read implements net.Conn: the login, and then nothing until it is closed.
func (w *wire) Read(b []byte) (int, error) {
	if len(w.in) > 0 {
		n := copy(b, w.in)
		if w.in = w.in[n:]; len(w.in) == 0 {
			w.in = nil
		}
		return n, nil
	}
	<-w.closed
	return 0, io.EOF
}

// Write implements net.Conn.
func (w *wire) Write(b []byte) (int, error) {
	if !w.said {
		w.said = true
		close(w.answered)
	}
	return len(b), nil
}

// Close implements net.Conn.
func (w *wire) Close() error {
	select {
	case <-w.closed:
	default:
		close(w.closed)
	}
	return nil
}

type wireAddr struct{}

func (wireAddr) Network() string { return "memory" }
func (wireAddr) String() string  { return "memory" }

// LocalAddr and the following implement net.Conn. A deadline in the past is how
// the pool ends a session.
func (w *wire) LocalAddr() net.Addr  { return wireAddr{} }
func (w *wire) RemoteAddr() net.Addr { return wireAddr{} }
func (w *wire) SetDeadline(t time.Time) error {
	return w.SetReadDeadline(t)
}
func (w *wire) SetReadDeadline(t time.Time) error {
	if !t.IsZero() && t.Before(time.Now()) {
		return w.Close()
	}
	return nil
}
func (w *wire) SetWriteDeadline(time.Time) error { return nil }
