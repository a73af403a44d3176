package conform

import (
	"bytes"
	"context"
	"net"
	"sync"

	"github.com/aditmine/adit/harness/trace"
)

// tap writes what is said on a connection that others read and write into the
// check's transcript and the run's trace.
type tap struct {
	net.Conn
	e      *Env
	number uint64

	mu       sync.Mutex
	up, down []byte // the lines that are not at an end
	once     sync.Once
}

// tapped opens connections for measurements, which keep their own.
func (e *Env) tapped(ctx context.Context, network, address string) (net.Conn, error) {
	nc, err := e.dial(ctx, network, address)
	if err != nil {
		return nil, &DialError{Target: address, Err: err}
	}
	e.log.add("o", []byte(address))
	return &tap{Conn: nc, e: e, number: e.rec.open(address)}, nil
}

func (t *tap) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	t.note(&t.down, "<", trace.CodeToMiner, b[:n])
	return n, err
}

func (t *tap) Write(b []byte) (int, error) {
	t.note(&t.up, ">", trace.CodeToPool, b)
	return t.Conn.Write(b)
}

func (t *tap) Close() error {
	t.once.Do(func() { t.e.rec.close(t.number, trace.ByMiner) })
	return t.Conn.Close()
}

// note takes bytes of one direction and passes on the lines that they end.
func (t *tap) note(rest *[]byte, mark string, code trace.Code, b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*rest = append(*rest, b...)
	end := bytes.LastIndexByte(*rest, '\n') + 1
	if end == 0 && len(*rest) < maxLine {
		return
	}
	if end == 0 {
		end = len(*rest)
	}
	whole := bytes.Clone((*rest)[:end])
	*rest = append((*rest)[:0], (*rest)[end:]...)
	for line := range bytes.Lines(whole) {
		t.e.log.add(mark, line)
	}
	t.e.rec.data(t.number, code, whole)
}
