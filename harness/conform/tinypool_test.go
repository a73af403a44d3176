package conform

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"time"
)

// What both tiny servers declare.
const (
	tinyLogin   = 30 * time.Second
	tinyIdle    = 40 * time.Second
	tinyRefresh = 30 * time.Second
	tinyProxy   = "pool.test:4444"
	tinyFixed   = "pool.test:5555"

	tinyRetargetAfter = 12 // good shares of a session
	tinyRaise         = 4  // the factor
)

func tinyDeclared() Declared {
	return Declared{Proxy: tinyProxy, Fixed: tinyFixed, MinDifficulty: tinyDifficulty, MaxDifficulty: tinyDifficulty * tinyRaise,
		LoginTimeout: tinyLogin, IdleTimeout: tinyIdle, Refresh: tinyRefresh, WorkerSeparator: ".", DifficultySeparator: "+"}
}

// tinyBooks are a tiny server's ledger and the switch that starts and stops it.
type tinyBooks struct {
	bm      sync.Mutex
	defect  string
	off     bool
	starts  int
	lines   map[*outbox]bool
	credits map[string]*Credit
	left    map[string]uint64 // difficulties that workers left with
}

func newTinyBooks(defect string) *tinyBooks {
	return &tinyBooks{defect: defect, lines: map[*outbox]bool{}, credits: map[string]*Credit{}, left: map[string]uint64{}}
}

func (b *tinyBooks) credit(worker string, work uint64) {
	b.bm.Lock()
	defer b.bm.Unlock()
	if b.defect == "credits one" {
		work = 1
	}
	if b.defect == "workers as one" {
		worker = ""
	}
	c := b.credits[worker]
	if c == nil {
		c = &Credit{Account: "good", Worker: worker}
		b.credits[worker] = c
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
	if !b.off {
		b.lines[o] = true
	}
	return !b.off
}

func (b *tinyBooks) leave(o *outbox) {
	b.bm.Lock()
	defer b.bm.Unlock()
	delete(b.lines, o)
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
	nc   net.Conn
	keep bool // a peer that does not read may stay
	mu   sync.Mutex
	data []byte
	wake chan struct{}
	over chan struct{}
	once sync.Once
}

func newOutbox(nc net.Conn, keep bool) *outbox {
	return &outbox{nc: nc, keep: keep, wake: make(chan struct{}, 1), over: make(chan struct{})}
}

// send queues a line. A peer for which too much waits is dropped.
func (o *outbox) send(line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.data) > 256<<10 {
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
