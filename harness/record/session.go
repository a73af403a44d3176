package record

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/aditmine/adit/harness/trace"
)

// ending says who ended a connection and with what error; nil is an orderly
// end.
type ending struct {
	by  string
	err error
}

// how classifies the error for the trace.
func (e ending) how() string {
	switch {
	case e.err == nil:
		return "fin"
	case errors.Is(e.err, syscall.ECONNRESET), errors.Is(e.err, syscall.EPIPE):
		return "rst"
	case errors.Is(e.err, os.ErrDeadlineExceeded), errors.Is(e.err, context.DeadlineExceeded):
		return "timeout"
	}
	return "error"
}

// session is one miner and its connection to the pool.
type session struct {
	proxy *Proxy
	id    uint64
	miner net.Conn
	pool  net.Conn

	mu    sync.Mutex
	first *ending // the end that came first decides what is recorded
}

func newSession(p *Proxy, id uint64, miner, pool net.Conn) *session {
	return &session{proxy: p, id: id, miner: miner, pool: pool}
}

// run copies both ways until both sides are done, one fails, or ctx ends.
func (s *session) run(ctx context.Context) ending {
	stop := context.AfterFunc(ctx, func() {
		s.ended(ending{by: trace.ByLocal})
		s.closeBoth()
	})
	defer stop()
	var pumps sync.WaitGroup
	pumps.Go(func() { s.pump(s.toPool()) })
	pumps.Go(func() { s.pump(s.toMiner()) })
	pumps.Wait()
	s.closeBoth()
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.first
}

// direction is one half of a session.
type direction struct {
	src, dst net.Conn
	by       string // whose end an error on src is
	half     string
	lines    *splitter
}

func (s *session) toPool() *direction {
	lines := newSplitter(s.proxy.journal, s.id, trace.CodeToPool)
	return &direction{src: s.miner, dst: s.pool, by: trace.ByMiner, half: trace.HalfMiner, lines: lines}
}

func (s *session) toMiner() *direction {
	lines := newSplitter(s.proxy.journal, s.id, trace.CodeToMiner)
	return &direction{src: s.pool, dst: s.miner, by: trace.ByPool, half: trace.HalfPool, lines: lines}
}

// pump copies one direction. What was read is recorded before it is passed
// on, so that in the trace no answer precedes its question.
func (s *session) pump(d *direction) {
	buf := make([]byte, 32<<10)
	for {
		n, err := d.src.Read(buf)
		if n > 0 {
			d.lines.write(buf[:n])
			if _, werr := d.dst.Write(buf[:n]); werr != nil {
				d.lines.flush()
				s.broken(ending{by: other(d.by), err: werr})
				return
			}
		}
		if err == nil {
			continue
		}
		d.lines.flush()
		if !errors.Is(err, io.EOF) {
			s.broken(ending{by: d.by, err: err})
			return
		}
		s.half(d)
		return
	}
}

// half passes an end of sending on and leaves the other direction open.
func (s *session) half(d *direction) {
	if s.ended(ending{by: d.by}) {
		s.proxy.cfg.Trace.Record(&trace.Event{Code: trace.CodeHalf, Conn: s.id, Half: d.half})
	}
	if c, ok := d.dst.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
		return
	}
	s.closeBoth() // a transport without half-close: an end is an end
}

// broken ends both directions. A reset is passed on as a reset.
func (s *session) broken(e ending) {
	s.ended(e)
	if e.how() == "rst" {
		for _, c := range []net.Conn{s.miner, s.pool} {
			if t := tcpBelow(c); t != nil {
				_ = t.SetLinger(0)
			}
		}
	}
	s.closeBoth()
}

// ended keeps the first end and reports whether e was it.
func (s *session) ended(e ending) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first != nil {
		return false
	}
	s.first = &e
	return true
}

func (s *session) closeBoth() {
	hangUp(s.miner)
	hangUp(s.pool)
}

// farewell bounds the end of a TLS connection.
const farewell = 200 * time.Millisecond

// hangUp closes a connection without waiting for a peer that does not read.
func hangUp(conn net.Conn) {
	if secure, ok := conn.(*tls.Conn); ok {
		late := time.AfterFunc(farewell, func() { _ = secure.NetConn().Close() })
		defer late.Stop()
	}
	_ = conn.Close()
}

func other(by string) string {
	if by == trace.ByMiner {
		return trace.ByPool
	}
	return trace.ByMiner
}
