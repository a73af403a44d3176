package judge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"
	"time"

	"github.com/aditmine/adit/harness/stats"
	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/harness/wire"
	"github.com/aditmine/adit/hash"
)

// connection is what the trace holds of one connection.
type connection struct {
	id      uint64
	wire    *wire.Conn
	proto   string
	opened  time.Duration
	closed  time.Duration // 0 while open
	readyAt time.Duration
	ready   bool
	waiting []*share // submitted, not yet answered

	difficulty []stats.Point
	lastJob    *wire.Job
	changes    []change        // to other blocks, on this connection
	refreshes  []time.Duration // jobs on the same block that voided earlier ones
	intervals  stats.Latency
	jobs       int
	opaque     int // lines whose bytes were withheld
}

// change is the arrival of a job on another block than the one before.
type change struct {
	at     time.Duration
	parent string
}

// collector reads a trace once, in order.
type collector struct {
	header *trace.Header
	algo   *hash.Algorithm
	conns  map[uint64]*connection
	order  []*connection
	shares []*share

	changes []change // of all connections, in time order
	tips    tips
	gaps    int
	dropped uint64
	last    time.Duration
}

// collect reads every event of the trace.
func collect(ctx context.Context, r *trace.Reader, opts *Options) (*collector, error) {
	c := &collector{header: r.Header(), algo: opts.Algo, conns: map[uint64]*connection{}, tips: newTips()}
	if c.algo == nil && c.header.Algo != "" {
		c.algo, _ = hash.Lookup(c.header.Algo) // unknown names leave it to the jobs
	}
	for n := 0; ; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		ev, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := c.event(ev); err != nil {
			return nil, err
		}
	}
	c.finish(opts.ReplyLimit)
	return c, nil
}

// maxConns and maxShares bound what a trace can make the judge remember.
const (
	maxConns  = 1 << 20
	maxShares = 1 << 24
)

func (c *collector) event(ev *trace.Event) error {
	c.last = max(c.last, ev.Time)
	switch ev.Code {
	case trace.CodeOpen, trace.CodeToPool, trace.CodeToMiner, trace.CodeClose:
		conn, err := c.conn(ev)
		if err != nil {
			return err
		}
		return c.onConn(conn, ev)
	case trace.CodeMarker:
		c.marker(ev)
	}
	return nil
}

// conn finds a connection. One that was not seen to open is followed as far
// as that goes.
func (c *collector) conn(ev *trace.Event) (*connection, error) {
	if conn := c.conns[ev.Conn]; conn != nil && ev.Code != trace.CodeOpen {
		return conn, nil
	}
	if len(c.order) >= maxConns {
		return nil, fmt.Errorf("trace has more than %d connections", maxConns)
	}
	conn := &connection{id: ev.Conn, opened: ev.Time, wire: wire.NewConn(c.header.Proto, c.algo)}
	if ev.Code != trace.CodeOpen {
		conn.wire.Lost()
	}
	c.conns[ev.Conn] = conn
	c.order = append(c.order, conn)
	return conn, nil
}

func (c *collector) onConn(conn *connection, ev *trace.Event) error {
	if ev.Data == nil && ev.Withheld > 0 {
		conn.opaque++
		if ev.Code == trace.CodeToMiner {
			conn.wire.Missed()
		}
	}
	switch {
	case ev.Code == trace.CodeToPool && ev.Data != nil:
		if s, ok := conn.wire.ToPool(ev.Time, ev.Data).(*wire.Submit); ok {
			return c.submitted(conn, s)
		}
	case ev.Code == trace.CodeToMiner && ev.Data != nil:
		for _, e := range conn.wire.ToMiner(ev.Time, ev.Data) {
			c.fromPool(conn, e)
		}
	case ev.Code == trace.CodeClose:
		conn.closed = ev.Time
		verdict := wire.Cut
		if ev.Close.By == trace.ByPool {
			verdict = wire.Closed
		}
		conn.giveUp(verdict)
		c.tips.gone(conn)
	}
	return nil
}

func (c *collector) submitted(conn *connection, s *wire.Submit) error {
	if len(c.shares) >= maxShares {
		return fmt.Errorf("trace has more than %d shares", maxShares)
	}
	sh := &share{conn: conn, submit: s}
	if s.Job != nil && s.Current != nil && !s.Job.SameParent(s.Current) {
		sh.staleBy = s.At - conn.supersededAt(s.Job)
	}
	c.shares = append(c.shares, sh)
	if !s.ID.Awaited() {
		sh.ended = wire.Cut // no answer can be told to be its own
		return nil
	}
	conn.waiting = append(conn.waiting, sh)
	return nil
}

// supersededAt is when a connection got its first job on another block after
// the given one.
func (conn *connection) supersededAt(job *wire.Job) time.Duration {
	i := sort.Search(len(conn.changes), func(i int) bool { return conn.changes[i].at > job.At })
	if i == len(conn.changes) {
		return job.At
	}
	return conn.changes[i].at
}

func (c *collector) fromPool(conn *connection, e wire.Event) {
	switch e := e.(type) {
	case *wire.Ready:
		if !conn.ready {
			conn.ready, conn.readyAt = true, e.At
		}
	case *wire.JobIssued:
		c.job(conn, e.Job)
	case *wire.Result:
		conn.answered(e)
	}
}

func (c *collector) job(conn *connection, j *wire.Job) {
	conn.jobs++
	if n := len(conn.difficulty); n == 0 || conn.difficulty[n-1].Value != j.Difficulty {
		conn.difficulty = append(conn.difficulty, stats.Point{At: j.At, Value: j.Difficulty})
	}
	last := conn.lastJob
	conn.lastJob = j
	if last != nil {
		conn.intervals.Add(j.At - last.At)
	}
	switch {
	case last == nil || !last.SameParent(j):
		ch := change{at: j.At, parent: j.Parent}
		c.changes = append(c.changes, ch)
		conn.changes = append(conn.changes, ch)
		c.tips.arrival(c.order, conn, j, last)
	case conn.wire.Proto() == trace.ProtoCryptoNote || j.Clean:
		conn.refreshes = append(conn.refreshes, j.At)
	}
}

// marker notes places where the trace is not whole.
func (c *collector) marker(ev *trace.Event) {
	switch ev.Marker.Kind() {
	case trace.MarkerGap:
		c.gaps++
	case trace.MarkerDropped:
		if n, ok := ev.Marker["n"].(float64); ok && n > 0 {
			c.dropped += uint64(n)
		}
	default:
		return
	}
	for _, conn := range c.order {
		if conn.closed == 0 {
			conn.wire.Lost()
			conn.giveUp(wire.Cut)
		}
	}
}

// answered pairs a result with its share.
func (conn *connection) answered(r *wire.Result) {
	for i, s := range conn.waiting {
		if s.submit == r.Submit {
			s.result = r
			conn.waiting = append(conn.waiting[:i], conn.waiting[i+1:]...)
			return
		}
	}
}

// giveUp ends the wait for answers.
func (conn *connection) giveUp(v wire.Verdict) {
	for _, s := range conn.waiting {
		s.ended = v
	}
	conn.waiting = nil
}

// finish decides what the shares are that have no answer at the end: the pool
// had its time, or the trace was cut before.
func (c *collector) finish(limit time.Duration) {
	for _, conn := range c.order {
		for _, s := range conn.waiting {
			s.ended = wire.Cut
			if c.last-s.submit.At > limit {
				s.ended = wire.None
			}
		}
		conn.waiting = nil
		conn.proto = conn.wire.Proto()
		if conn.closed == 0 {
			conn.closed = c.last
		}
	}
	sort.SliceStable(c.changes, func(i, j int) bool { return c.changes[i].at < c.changes[j].at })
}
