package conform

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// What both tiny servers declare.
const (
	tinyLogin   = 30 * time.Second
	tinyIdle    = 40 * time.Second
	tinyRefresh = 30 * time.Second
	tinyTarget  = "pool.test:3333"
	tinyProxy   = "pool.test:4444"
	tinyFixed   = "pool.test:5555"

	tinyRetargetAfter = 12 // good shares of a session
	tinyRaise         = 4  // the factor

	tinyMost       = 1 << 34 // difficulty
	tinyBadShares  = 30      // that get a login banned at its address
	tinyBan        = 20 * time.Second
	tinyPerAddress = 100
)

func tinyDeclared() Declared {
	return Declared{Proxy: tinyProxy, Fixed: tinyFixed, MinDifficulty: tinyDifficulty / 4, MaxDifficulty: tinyMost,
		LoginTimeout: tinyLogin, IdleTimeout: tinyIdle, Refresh: tinyRefresh, WorkerSeparator: ".", DifficultySeparator: "+",
		BanTime: tinyBan, BanScope: BanLogin, PerAddress: tinyPerAddress, ShareInterval: 5 * time.Minute, NiceHashAgent: "harness-nicehash"}
}

// tinyBooks are a tiny server's ledger and the switch that starts and stops it.
type tinyBooks struct {
	bm      sync.Mutex
	defect  string
	off     bool
	starts  int
	lines   map[*outbox]bool
	credits map[string]*Credit
	left    map[string]uint64     // difficulties that workers left with
	marks   map[tinyParty]*[2]int // good and bad shares
	bans    map[tinyParty]time.Time
	clients map[string]int // connections by address
	tinyDesk
}

// tinyParty is whom a ban holds for.
type tinyParty struct{ client, login string }

func newTinyBooks(defect string) *tinyBooks {
	return &tinyBooks{defect: defect, lines: map[*outbox]bool{}, credits: map[string]*Credit{},
		marks: map[tinyParty]*[2]int{}, bans: map[tinyParty]time.Time{}, clients: map[string]int{}, left: map[string]uint64{}}
}

// party is whom a login's shares count for.
func (b *tinyBooks) party(client, login string) tinyParty {
	if b.defect == "bans the login" {
		client = ""
	}
	if b.defect == "bans the address" {
		login = ""
	}
	return tinyParty{client, login}
}

// mark counts a share, and bans a party whose shares are mostly bad.
func (b *tinyBooks) mark(p tinyParty, good bool) {
	b.bm.Lock()
	defer b.bm.Unlock()
	m := b.marks[p]
	if m == nil {
		m = new([2]int)
		b.marks[p] = m
	}
	if good {
		m[0]++
		return
	}
	m[1]++
	if most := tinyBadShares; m[1] >= most && m[1] > m[0] && b.defect != "never bans" || b.defect == "bans by number" && m[1] > 1 && m[0] > 15 {
		*m = [2]int{}
		b.bans[p] = time.Now().Add(tinyBan)
		if b.defect == "bans for ever" {
			b.bans[p] = time.Now().Add(24 * time.Hour)
		}
		if b.defect == "bans for a moment" {
			b.bans[p] = time.Now().Add(tinyBan / 4)
		}
	}
}

func (b *tinyBooks) banned(p tinyParty) bool {
	b.bm.Lock()
	defer b.bm.Unlock()
	return time.Now().Before(b.bans[p])
}

// tinyHost is a client's address without its port.
func tinyHost(nc net.Conn) string {
	address := nc.RemoteAddr().String()
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}

func (b *tinyBooks) credit(worker string, work uint64) {
	b.bm.Lock()
	defer b.bm.Unlock()
	if b.defect == "credits one" {
		work = 1
	}
	if b.defect == "workers as one" {
		worker, _, _ = strings.Cut(worker, ".")
	}
	account, worker, _ := strings.Cut(worker, ".")
	key := account + "." + worker
	c := b.credits[key]
	if c == nil {
		c = &Credit{Account: account, Worker: worker}
		b.credits[key] = c
	}
	c.Shares++
	c.Work += float64(work)
}

// keep remembers a worker's difficulty, unless it has no name.
func (b *tinyBooks) keep(worker string, difficulty uint64) {
	b.locked(func() {
		if worker != "" {
			b.left[worker] = difficulty
		}
	})
}

// resume is the difficulty that a worker goes on at.
func (b *tinyBooks) resume(worker string, otherwise uint64) (difficulty uint64) {
	b.locked(func() { difficulty = max(b.left[worker], otherwise) })
	return difficulty
}

func (b *tinyBooks) Credits(context.Context) (out []Credit, err error) {
	b.bm.Lock()
	defer b.bm.Unlock()
	for _, c := range b.credits {
		out = append(out, *c)
	}
	return out, nil
}

// enter counts a connection in, unless the server is off.
func (b *tinyBooks) enter(o *outbox) bool {
	b.bm.Lock()
	defer b.bm.Unlock()
	client := tinyHost(o.nc)
	if full := b.clients[client] >= tinyPerAddress; b.off || full && b.defect != "no connection limit" {
		return false
	}
	b.lines[o] = true
	b.clients[client]++
	return true
}

func (b *tinyBooks) leave(o *outbox) {
	b.bm.Lock()
	defer b.bm.Unlock()
	delete(b.lines, o)
	if b.clients[tinyHost(o.nc)]--; b.defect == "descriptors leak" {
		b.leaked++
	}
}

func (b *tinyBooks) Launch(context.Context) error { b.set(false); return nil }
func (b *tinyBooks) Start(context.Context) error  { b.set(false); return nil }

func (b *tinyBooks) Stop(context.Context) error {
	b.locked(func() {
		b.off = true
		for o := range b.lines { // what has arrived is still read
			_ = o.nc.SetReadDeadline(time.Now())
		}
	})
	for range 500 {
		time.Sleep(10 * time.Millisecond)
		left := 0
		b.locked(func() { left = len(b.lines) })
		if left == 0 {
			break
		}
	}
	b.set(true)
	b.forget(b.defect == "forgets at SIGTERM")
	return nil
}

func (b *tinyBooks) Kill(context.Context) error {
	b.set(true)
	b.forget(b.defect == "forgets when killed")
	return nil
}

// restarted reports whether the server was ended and started.
func (b *tinyBooks) restarted() bool {
	b.bm.Lock()
	defer b.bm.Unlock()
	return b.starts > 0
}

// awaits lets a connection live for another while, unless the server ends.
func (b *tinyBooks) awaits(nc net.Conn, d time.Duration) {
	b.locked(func() {
		if !b.off {
			_ = nc.SetReadDeadline(time.Now().Add(d))
		}
	})
}

func (b *tinyBooks) locked(do func()) {
	b.bm.Lock()
	defer b.bm.Unlock()
	do()
}

func (b *tinyBooks) forget(all bool) {
	b.bm.Lock()
	defer b.bm.Unlock()
	if all {
		clear(b.credits)
	}
}

func (b *tinyBooks) set(off bool) {
	b.bm.Lock()
	defer b.bm.Unlock()
	b.off = off
	if !off {
		b.starts++
	}
	for o := range b.lines {
		if off {
			o.end()
		}
	}
}

// unheaded swallows a PROXY header, as a port must not that is for everybody.
func unheaded(nc net.Conn) net.Conn {
	var line []byte
	for b := make([]byte, 1); len(line) < 1000; {
		if _, err := nc.Read(b); err != nil {
			break
		}
		if line = append(line, b[0]); b[0] == '\n' {
			break
		}
	}
	if string(line) == goodHeader {
		return nc
	}
	return &prefixed{nc, io.MultiReader(bytes.NewReader(line), nc)}
}

type prefixed struct {
	net.Conn
	r io.Reader
}

func (p *prefixed) Read(b []byte) (int, error) { return p.r.Read(b) }

// outbox writes to a connection without holding anybody up.
type outbox struct {
	nc    net.Conn
	keep  bool // a peer that does not read may stay
	hoard bool // and everything for it is kept
	mu    sync.Mutex
	data  []byte
	wake  chan struct{}
	over  chan struct{}
	once  sync.Once
}

func newOutbox(nc net.Conn, keep bool) *outbox {
	return &outbox{nc: nc, keep: keep, wake: make(chan struct{}, 1), over: make(chan struct{})}
}

// send queues a line. A peer for which too much waits is dropped.
func (o *outbox) send(line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.data) > 128<<10 && !o.hoard {
		if !o.keep {
			go o.end()
		}
		return
	}
	o.data = append(o.data, line+"\n"...)
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// after queues a line later.
func (o *outbox) after(d time.Duration, line string) { time.AfterFunc(d, func() { o.send(line) }) }

// run writes until the end.
func (o *outbox) run() {
	for {
		select {
		case <-o.wake:
		case <-o.over:
			return
		}
		o.mu.Lock()
		data := o.data
		o.data = nil
		o.mu.Unlock()
		if _, err := o.nc.Write(data); err != nil {
			return
		}
	}
}

// flush writes what waits, for the end of an orderly session.
func (o *outbox) flush() {
	o.mu.Lock()
	data := o.data
	o.data = nil
	o.mu.Unlock()
	_ = o.nc.SetWriteDeadline(time.Now().Add(time.Second)) // it is over anyway
	_, _ = o.nc.Write(data)
}

func (o *outbox) end() {
	o.once.Do(func() { close(o.over); _ = o.nc.Close() })
}
