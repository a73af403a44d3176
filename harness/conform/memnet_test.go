package conform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// memNet is a network in memory. Nothing in it waits but on channels and
// timers, so that inside a synctest bubble a whole run takes virtual time: what
// the tests find does not depend on how fast the machine is.
type memNet struct {
	incoming chan net.Conn
	clients  atomic.Uint32
	closed   chan struct{}
	once     sync.Once
}

func newMemNet() *memNet {
	return &memNet{incoming: make(chan net.Conn), closed: make(chan struct{})}
}

func (n *memNet) Accept() (net.Conn, error) {
	select {
	case c := <-n.incoming:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *memNet) Close() error   { n.once.Do(func() { close(n.closed) }); return nil }
func (n *memNet) Addr() net.Addr { return memAddr("mem") }

// from makes a dialler with a client address of its own.
func (n *memNet) from() func(context.Context, string, string) (net.Conn, error) {
	client := memAddr(fmt.Sprintf("client-%d", n.clients.Add(1)))
	return func(ctx context.Context, _, address string) (net.Conn, error) { return n.dial(ctx, client, address) }
}

func (n *memNet) dial(ctx context.Context, client memAddr, address string) (net.Conn, error) {
	a, b := newMemPipe(), newMemPipe()
	select {
	case n.incoming <- &memConn{in: a, out: b, local: memAddr(address), remote: client}:
		return &memConn{in: b, out: a, local: client, remote: memAddr(address)}, nil
	case <-n.closed:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type memAddr string

func (memAddr) Network() string  { return "mem" }
func (a memAddr) String() string { return string(a) }

// memPipe is one direction: bytes that wait to be read.
type memPipe struct {
	mu      sync.Mutex // never held across a wait
	data    []byte
	ended   bool // no more will be written
	refused bool // nobody reads any more
	changed chan struct{}
}

// memWindow is how much may wait to be read, as in the buffers of two sockets.
const memWindow = 256 << 10

func newMemPipe() *memPipe { return &memPipe{changed: make(chan struct{})} }

// wake tells those who wait; mu is held.
func (p *memPipe) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *memPipe) end(ended, refused bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended, p.refused = p.ended || ended, p.refused || refused
	p.wake()
}

// memConn is one end of a connection.
type memConn struct {
	in, out *memPipe
	local   memAddr // on the server's side what was dialled
	remote  memAddr
	mu      sync.Mutex
	until   [2]time.Time // deadlines of reading and of writing
}

// try calls do until it is done, the pipe changing in between.
func (c *memConn) try(p *memPipe, which int, do func() (done bool)) error {
	for {
		p.mu.Lock()
		done, changed := do(), p.changed
		p.mu.Unlock()
		if done {
			return nil
		}
		c.mu.Lock()
		until := c.until[which]
		c.mu.Unlock()
		var late <-chan time.Time
		if !until.IsZero() {
			timer := time.NewTimer(time.Until(until))
			defer timer.Stop()
			late = timer.C
		}
		select {
		case <-changed:
		case <-late:
			return os.ErrDeadlineExceeded
		}
	}
}

func (c *memConn) Read(b []byte) (n int, err error) {
	late := c.try(c.in, 0, func() bool {
		n = copy(b, c.in.data)
		switch {
		case c.in.refused:
			n, err = 0, net.ErrClosed
		case n > 0:
			c.in.data = c.in.data[n:]
			c.in.wake()
		case c.in.ended:
			err = io.EOF
		default:
			return false
		}
		return true
	})
	return n, errors.Join(err, late)
}

func (c *memConn) Write(b []byte) (n int, err error) {
	for len(b) > 0 && err == nil {
		late := c.try(c.out, 1, func() bool {
			room := memWindow - len(c.out.data)
			switch {
			case c.out.ended || c.out.refused:
				err = io.ErrClosedPipe
			case room > 0:
				m := min(room, len(b))
				c.out.data = append(c.out.data, b[:m]...)
				n, b = n+m, b[m:]
				c.out.wake()
			default:
				return false
			}
			return true
		})
		err = errors.Join(err, late)
	}
	return n, err
}

func (c *memConn) Close() error {
	c.in.end(true, true)
	c.out.end(true, false)
	return nil
}

func (c *memConn) CloseWrite() error { c.out.end(true, false); return nil }

func (c *memConn) LocalAddr() net.Addr  { return c.local }
func (c *memConn) RemoteAddr() net.Addr { return c.remote }

func (c *memConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}
func (c *memConn) SetReadDeadline(t time.Time) error  { return c.setDeadline(0, t) }
func (c *memConn) SetWriteDeadline(t time.Time) error { return c.setDeadline(1, t) }

func (c *memConn) setDeadline(which int, t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until[which] = t
	c.in.mu.Lock()
	defer c.in.mu.Unlock()
	c.in.wake()
	return nil
}
