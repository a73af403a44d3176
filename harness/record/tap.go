package record

import (
	"errors"
	"io"
	"net"
	"sync"

	"github.com/aditmine/adit/harness/trace"
)

// tap records what passes through a connection that is our own. Reading and
// writing may go on at the same time.
type tap struct {
	net.Conn
	journal *journal
	id      uint64

	mu     sync.Mutex // guards what follows
	up     *splitter
	down   *splitter
	end    *ending // the first error on the wire
	closed bool
}

// Tap returns conn so that all that passes through it is recorded, line by line
// and as it is, under a connection's number. Closing it records its end.
func Tap(w *trace.Writer, proto string, id uint64, conn net.Conn) net.Conn {
	j := &journal{trace: w, proto: proto, maxLine: defaultMaxLine}
	return newTap(j, id, conn, &trace.OpenInfo{Peer: conn.LocalAddr().String()})
}

func newTap(j *journal, id uint64, conn net.Conn, open *trace.OpenInfo) *tap {
	j.trace.Record(&trace.Event{Code: trace.CodeOpen, Conn: id, Open: open})
	return &tap{Conn: conn, journal: j, id: id,
		up: newSplitter(j, id, trace.CodeToPool), down: newSplitter(j, id, trace.CodeToMiner)}
}

// Read records what the pool sent before it is looked at.
func (t *tap) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.down.write(p[:n])
	t.note(err)
	return n, err
}

// Write records a request before it is sent: no answer precedes it.
func (t *tap) Write(p []byte) (int, error) {
	t.mu.Lock()
	t.up.write(p)
	t.mu.Unlock()
	n, err := t.Conn.Write(p)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.note(err)
	return n, err
}

// note keeps the first error of the wire that we did not cause.
func (t *tap) note(err error) {
	if err == nil || t.end != nil || errors.Is(err, net.ErrClosed) {
		return
	}
	t.end = &ending{by: trace.ByPool, err: err}
	if errors.Is(err, io.EOF) {
		t.end.err = nil
	}
}

// Close records the end.
func (t *tap) Close() error {
	hangUp(t.Conn)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil
	}
	t.closed = true
	t.up.flush()
	t.down.flush()
	end := ending{by: trace.ByMiner}
	if t.end != nil {
		end = *t.end
	}
	t.journal.close(t.id, end)
	return nil
}
