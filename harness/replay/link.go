package replay

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/aditmine/adit/harness/judge"
	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/harness/wire"
	"github.com/aditmine/adit/stratum"
	"github.com/aditmine/adit/stratum/ckb"
	"github.com/aditmine/adit/stratum/cryptonote"
)

// errLine reports a pool that sends longer lines than any client reads.
var errLine = fmt.Errorf("the target sent a line of more than %d bytes", stratum.MaxPoolLine)

// link is a live connection with a login on it. Its methods are used by one
// goroutine; a second one reads.
type link struct {
	cfg    *Config
	id     uint64
	conn   net.Conn
	nextID int64

	mu      sync.Mutex
	wire    *wire.Conn
	refused string
	results map[*wire.Submit]*wire.Result
	err     error // why reading ended

	changed chan struct{} // capacity 1: something above changed
	reader  sync.WaitGroup
}

// connect dials, logs in and waits for a job.
func connect(ctx context.Context, cfg *Config, id uint64, s *judge.Session) (*link, error) {
	dialCtx, cancel := context.WithTimeout(ctx, cfg.ReplyTimeout)
	defer cancel()
	conn, err := cfg.Dial(dialCtx, "tcp", cfg.Target)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", cfg.Target, err)
	}
	algo := s.Algo
	if algo == nil {
		algo = cfg.Algo
	}
	l := &link{cfg: cfg, id: id, conn: conn, wire: wire.NewConn(s.Proto, algo),
		results: map[*wire.Submit]*wire.Result{}, changed: make(chan struct{}, 1)}
	l.record(&trace.Event{Code: trace.CodeOpen, Open: &trace.OpenInfo{Peer: conn.LocalAddr().String()}})
	l.reader.Go(l.read)
	var names []string
	if algo != nil {
		names = []string{algo.Name}
	}
	if err := l.login(ctx, s.Proto, names); err != nil {
		l.close()
		return nil, fmt.Errorf("logging in to %s: %w", cfg.Target, err)
	}
	return l, nil
}

// close ends the connection and its reader.
func (l *link) close() {
	_ = l.conn.Close()
	l.reader.Wait()
	l.record(&trace.Event{Code: trace.CodeClose, Close: &trace.CloseInfo{By: l.endedBy(), How: "fin"}})
}

// endedBy tells a close by the pool from our own.
func (l *link) endedBy() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if errors.Is(l.err, net.ErrClosed) {
		return trace.ByMiner
	}
	return trace.ByPool
}

func (l *link) record(ev *trace.Event) {
	if l.cfg.Trace != nil {
		ev.Conn = l.id
		l.cfg.Trace.Record(ev)
	}
}

// read takes the pool's lines until the connection ends.
func (l *link) read() {
	in := bufio.NewReaderSize(l.conn, stratum.MaxPoolLine+2)
	for {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			err = errLine
		}
		if len(line) > 0 {
			l.record(&trace.Event{Code: trace.CodeToMiner, Data: bytes.Clone(line)})
		}
		l.mu.Lock()
		if err == nil {
			l.take(line)
		} else {
			l.err = err
		}
		l.mu.Unlock()
		l.signal()
		if err != nil {
			_ = l.conn.Close()
			return
		}
	}
}

// take follows one line; l.mu is held.
func (l *link) take(line []byte) {
	for _, ev := range l.wire.ToMiner(0, line) {
		switch ev := ev.(type) {
		case *wire.Refused:
			l.refused = "refused: " + ev.Text
		case *wire.Result:
			l.results[ev.Submit] = ev
		}
	}
}

func (l *link) signal() {
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// send passes a line to the pool and returns the share it is, if any.
func (l *link) send(line []byte) (*wire.Submit, error) {
	l.mu.Lock()
	sub, _ := l.wire.ToPool(0, line).(*wire.Submit)
	l.mu.Unlock()
	l.record(&trace.Event{Code: trace.CodeToPool, Data: bytes.Clone(line)})
	if err := l.conn.SetWriteDeadline(time.Now().Add(l.cfg.ReplyTimeout)); err != nil {
		return nil, err
	}
	if _, err := l.conn.Write(line); err != nil {
		return nil, fmt.Errorf("sending to the target: %w", err)
	}
	return sub, nil
}

// requestID is the next request id.
func (l *link) requestID() stratum.ID {
	l.nextID++
	return stratum.IntID(l.nextID)
}

// errWait says that something did not come in time.
var errWait = errors.New("no answer in time")

// wait blocks until done holds, the connection or ctx ends, or time is up.
// done is called with l.mu held.
func (l *link) wait(ctx context.Context, limit time.Duration, done func() bool) error {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		l.mu.Lock()
		ok, err, refused := done(), l.err, l.refused
		l.mu.Unlock()
		switch {
		case ok:
			return nil
		case refused != "":
			return errors.New(refused)
		case err != nil:
			return fmt.Errorf("the target closed the connection: %w", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return errWait
		case <-l.changed:
		}
	}
}

// login speaks the dialect's opening and waits for the first usable job.
func (l *link) login(ctx context.Context, proto string, algos []string) error {
	if proto == trace.ProtoCKB {
		sub := ckb.Subscribe{ID: l.requestID(), Agent: l.cfg.Agent}
		if _, err := l.send(ckb.AppendSubscribe(nil, &sub)); err != nil {
			return err
		}
		if err := l.wait(ctx, l.cfg.ReplyTimeout, func() bool { return l.wire.Nonce2Size() > 0 }); err != nil {
			return err
		}
		auth := ckb.Authorize{ID: l.requestID(), User: l.cfg.User, Pass: l.cfg.Pass}
		if _, err := l.send(ckb.AppendAuthorize(nil, &auth)); err != nil {
			return err
		}
	} else {
		login := cryptonote.Login{ID: l.requestID(), Login: l.cfg.User, Pass: l.cfg.Pass, Agent: l.cfg.Agent, Algos: algos}
		if _, err := l.send(cryptonote.AppendLogin(nil, &login)); err != nil {
			return err
		}
	}
	return l.wait(ctx, l.cfg.ReplyTimeout, func() bool {
		job := l.wire.Current()
		return l.wire.Ready() && job != nil && !job.Unsure
	})
}

// current is the newest job.
func (l *link) current() *wire.Job {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wire.Current()
}

// session is the CryptoNote session id.
func (l *link) session() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wire.Session()
}

// alive reports whether the connection still stands.
func (l *link) alive() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err == nil
}

// answer waits for the answer to a share. None and Closed stand for silence.
func (l *link) answer(ctx context.Context, sub *wire.Submit) (*wire.Result, error) {
	var r *wire.Result
	err := l.wait(ctx, l.cfg.ReplyTimeout, func() bool { r = l.results[sub]; return r != nil })
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.results, sub)
	switch {
	case r != nil:
		return r, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, errWait):
		return &wire.Result{Submit: sub, Verdict: wire.None}, nil
	}
	return &wire.Result{Submit: sub, Verdict: wire.Closed}, nil
}
