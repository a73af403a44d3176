package pool

import (
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// lingerTime is how long a connection that the pool closes may still be read
// from, so that the last reply is not lost to a reset.
const lingerTime = 250 * time.Millisecond

// conn is the sending side of a connection. Lines are handed over without
// waiting; a goroutine writes while there are any, and none exists while the
// connection is idle. A peer that does not read is cut off, either when too
// much waits for it or when one write takes too long.
type conn struct {
	net.Conn
	raw          syscall.RawConn // nil: no writing without waiting
	writeTimeout time.Duration
	maxPending   int
	spawn        func(func())

	mu       sync.Mutex
	pending  []byte
	writing  bool
	ending   bool // nothing more is taken
	dead     bool
	overflow bool          // cut off for not reading
	flushed  chan struct{} // closed when nothing more will be written; nil: nobody waits for that
}

func newConn(nc net.Conn, writeTimeout time.Duration, maxPending int, spawn func(func())) *conn {
	c := &conn{Conn: nc, writeTimeout: writeTimeout, maxPending: maxPending, spawn: spawn}
	if tcp, ok := nc.(*net.TCPConn); ok {
		c.raw, _ = tcp.SyscallConn() // an error comes with nil
	}
	return c
}

// send queues a line, which it copies.
func (c *conn) send(line []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue(line)
}

// sendNow is send for a goroutine that tells many sessions the same: it writes
// as much as the socket takes without waiting, and queues the rest.
func (c *conn) sendNow(line []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.raw != nil && !c.writing && !c.dead && !c.ending {
		line = line[writeSome(c.raw, line):]
	}
	if len(line) > 0 {
		c.queue(line)
	}
}

// queue hands a line to the writer; c.mu is held.
func (c *conn) queue(line []byte) {
	if c.dead || c.ending {
		return
	}
	if len(c.pending)+len(line) > c.maxPending {
		c.overflow = true
		c.kill()
		return
	}
	c.pending = append(c.pending, line...)
	if !c.writing {
		c.writing = true
		c.spawn(c.write)
	}
}

// write sends what is pending until nothing is.
func (c *conn) write() {
	var buf []byte
	for {
		c.mu.Lock()
		if len(c.pending) == 0 || c.dead {
			c.writing, c.pending = false, nil
			c.settle()
			c.mu.Unlock()
			return
		}
		buf, c.pending = c.pending, buf[:0]
		c.mu.Unlock()
		c.SetWriteDeadline(time.Now().Add(c.writeTimeout))
		if _, err := c.Conn.Write(buf); err != nil {
			c.abort(isTimeout(err))
		}
		c.SetWriteDeadline(time.Time{}) // one that has passed would stop sendNow
	}
}

// finish closes the connection once all that was sent has been written, and
// waits for that. With linger it first reads what the peer still sends, for a
// moment: closing on unread bytes would take the last reply back.
func (c *conn) finish(linger bool) {
	c.mu.Lock()
	c.ending = true
	if c.writing && !c.dead {
		c.flushed = make(chan struct{})
	}
	flushed := c.flushed
	c.mu.Unlock()
	if flushed != nil {
		<-flushed
	}
	if linger {
		if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
			half.CloseWrite()
		}
		c.SetReadDeadline(time.Now().Add(lingerTime))
		io.Copy(io.Discard, io.LimitReader(c.Conn, 1<<20))
	}
	c.abort(false)
}

// settle tells finish that nothing more will be written; c.mu is held.
func (c *conn) settle() {
	if c.flushed != nil {
		close(c.flushed)
		c.flushed = nil
	}
}

// abort closes the connection now.
func (c *conn) abort(overflow bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.overflow = c.overflow || overflow
	c.kill()
}

// kill closes the socket; c.mu is held.
func (c *conn) kill() {
	if c.dead {
		return
	}
	c.dead = true
	c.pending = nil
	c.Conn.Close()
	c.settle()
}

// cutOff reports whether the peer was dropped because it does not read.
func (c *conn) cutOff() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.overflow
}

func isTimeout(err error) bool {
	timeout, ok := err.(net.Error)
	return ok && timeout.Timeout()
}
