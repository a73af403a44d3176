package load

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/harness/wire"
	"github.com/aditmine/adit/stratum"
)

// firstID is the request id of a connection's first submit, far above those of
// its login.
const firstID = 1_000_000_000

// slot is what a connection knows of one submit. The writer sets wrote before
// it sends; the reader sets answered.
type slot struct {
	planned  time.Duration
	class    Class
	wrote    atomic.Int64 // since the start; 0: not sent
	answered atomic.Bool
}

// conn is one connection of the generator.
type conn struct {
	session  *rig.Session
	id       string    // the session's
	old      *wire.Job // of the block before the last tip
	prepared *wire.Job // that the lines are for
	text     []byte    // all lines
	slots    []slot
	rec      *recorder
	shares   ShareCount // that were prepared

	mu     sync.Mutex
	queue  []byte // lines that are due
	due    []int  // their slots
	wake   chan struct{}
	done   chan struct{}
	next   int // the next slot to be queued
	broken atomic.Bool
	writer sync.WaitGroup
}

// open logs a connection in.
func open(ctx context.Context, t *rig.Target, rec *recorder) (*conn, error) {
	c := &conn{rec: rec, wake: make(chan struct{}, 1), done: make(chan struct{})}
	s, err := rig.Open(ctx, t, rig.Watcher{Line: c.line, Closed: func(error, time.Time) { c.broken.Store(true) }})
	if err != nil {
		return nil, err
	}
	c.session, c.id = s, s.ID()
	return c, nil
}

// start lets the connection send; the clock of rec runs by then.
func (c *conn) start() { c.writer.Go(c.write) }

// close ends the connection and its goroutines.
func (c *conn) close() {
	close(c.done)
	c.session.Close()
	c.writer.Wait()
}

// push queues the next line. The writer is told by flush.
func (c *conn) push(a *arrival) {
	c.mu.Lock()
	c.queue = append(c.queue, c.text[a.begin:a.end]...)
	c.due = append(c.due, c.next)
	c.mu.Unlock()
	c.next++
}

func (c *conn) flush() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// write sends what is due, all of it in one call.
func (c *conn) write() {
	var lines []byte
	var due []int
	var free time.Duration // when the last call returned
	for {
		select {
		case <-c.done:
			return
		case <-c.wake:
		}
		c.mu.Lock()
		lines, c.queue = c.queue, lines[:0]
		due, c.due = c.due, due[:0]
		c.mu.Unlock()
		if len(due) == 0 || c.broken.Load() {
			continue
		}
		c.stamp(due, free)
		if _, err := c.session.Conn().Write(lines); err != nil {
			c.broken.Store(true)
		}
		free = c.rec.now()
	}
}

// stamp notes when submits leave and how late that is. The time that the pool
// let the connection wait for its last lines is the pool's.
func (c *conn) stamp(due []int, free time.Duration) {
	now := c.rec.now()
	moved := !c.session.Job().SameParent(c.prepared)
	for _, i := range due {
		s := &c.slots[i]
		if s.class == Valid && moved {
			s.class = Stale
		}
		s.wrote.Store(int64(max(now, 1)))
		c.rec.lag(now - max(s.planned, free))
	}
	c.rec.sent(c.slots, due)
}

// line takes a line of the pool when it answers a submit.
func (c *conn) line(line []byte, at time.Time) bool {
	m, err := stratum.ParseMessage(line, stratum.DefaultLimits())
	if err != nil || !m.IsReply() {
		return false
	}
	id, ok := m.ID.LooseInt()
	if !ok || id < firstID || id-firstID >= int64(len(c.slots)) {
		return false
	}
	s := &c.slots[id-firstID]
	wrote := time.Duration(s.wrote.Load())
	if wrote == 0 || s.answered.Swap(true) {
		return true // not asked, or asked only once
	}
	now := c.rec.since(at)
	c.rec.answer(s.class, now-s.planned, now-wrote, verdictOf(&m))
	return true
}

// verdict is a pool's answer to a share.
type verdict struct {
	accepted bool
	unclear  bool
	reason   wire.Reason
}

// verdictOf reads a reply of either dialect.
func verdictOf(m *stratum.Message) verdict {
	yes, isBool := m.Result.Bool()
	if !isBool {
		status, _ := m.Result.Field("status").Text()
		yes = strings.EqualFold(status, "OK")
	}
	switch {
	case m.Error.Missing() && yes:
		return verdict{accepted: true}
	case !m.Error.Missing() && !yes:
		e := stratum.ParseReplyError(m.Error, 0)
		return verdict{reason: wire.ClassifyReason(e.Code, e.Message)}
	case isBool && m.Error.Missing():
		return verdict{reason: wire.ReasonOther}
	}
	return verdict{unclear: true}
}

// openAll logs the connections in, some at a time.
func openAll(ctx context.Context, c *Config, rec *recorder) ([]*conn, error) {
	const atOnce = 16
	conns, errs := make([]*conn, c.Conns), make([]error, c.Conns)
	var group sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i := range conns {
		slots <- struct{}{}
		group.Go(func() {
			conns[i], errs[i] = open(ctx, &c.Target, rec)
			<-slots
		})
	}
	group.Wait()
	for i, err := range errs {
		if err != nil {
			closeAll(conns)
			return nil, fmt.Errorf("connection %d of %d: %w", i+1, c.Conns, err)
		}
	}
	return conns, nil
}

func closeAll(conns []*conn) {
	for _, c := range conns {
		if c != nil {
			c.close()
		}
	}
}
