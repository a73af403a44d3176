package rig

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/aditmine/adit/harness/wire"
	"github.com/aditmine/adit/stratum"
	"github.com/aditmine/adit/stratum/ckb"
	"github.com/aditmine/adit/stratum/cryptonote"
)

// Watcher is told what happens on a session, by the session's reader. It must
// not block, and not call back into the session but for Job.
type Watcher struct {
	// Line sees each line first; true means that it is done with, and nothing
	// else looks at it. The line is valid only during the call.
	Line func(line []byte, at time.Time) bool
	// Job is a new job, Result the answer to a share that Submit sent.
	Job    func(job *wire.Job, at time.Time)
	Result func(r *wire.Result, at time.Time)
	// Closed is the end of the connection.
	Closed func(err error, at time.Time)
}

// readBuffer is how much is read at a time: many replies, at a high rate.
const readBuffer = 32 << 10

// Session is a login on the pool. Its methods may be called by any goroutine.
type Session struct {
	target *Target
	conn   net.Conn
	watch  Watcher

	mu      sync.Mutex
	wire    *wire.Conn
	nextID  int64
	refused string
	err     error
	paused  chan struct{} // not nil: reading stops until it is closed

	changed chan struct{} // capacity 1
	reader  sync.WaitGroup
	once    sync.Once
}

// Open connects, logs in and waits for a job. The target has its defaults.
func Open(ctx context.Context, t *Target, watch Watcher) (*Session, error) {
	dialCtx, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	conn, err := t.Dial(dialCtx, "tcp", t.Address)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", t.Address, err)
	}
	s := &Session{target: t, conn: conn, watch: watch, wire: wire.NewConn(t.Proto, t.Algorithm), changed: make(chan struct{}, 1)}
	s.reader.Go(s.read)
	if err := s.login(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("logging in to %s: %w", t.Address, err)
	}
	return s, nil
}

// Close ends the connection and waits for its reader.
func (s *Session) Close() {
	s.once.Do(func() { _ = s.conn.Close() }) // it is over either way
	s.Resume()
	s.reader.Wait()
}

// Reset ends the connection with a TCP reset where there is TCP.
func (s *Session) Reset() {
	if c, ok := s.conn.(interface{ SetLinger(sec int) error }); ok {
		_ = c.SetLinger(0) // without it the end is only more polite
	}
	s.Close()
}

// Pause stops reading, so that what the pool sends piles up.
func (s *Session) Pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paused == nil {
		s.paused = make(chan struct{})
	}
}

// Resume reads on.
func (s *Session) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paused != nil {
		close(s.paused)
		s.paused = nil
	}
}

// read takes the pool's lines until the connection ends.
func (s *Session) read() {
	lines := stratum.NewLineReader(bufio.NewReaderSize(s.conn, readBuffer), stratum.MaxPoolLine)
	for {
		s.hold()
		line, err := lines.ReadLine()
		at := s.target.Now()
		if err != nil {
			s.end(err, at)
			return
		}
		if s.watch.Line == nil || !s.watch.Line(line, at) {
			s.take(line, at)
		}
	}
}

// hold waits while reading is paused.
func (s *Session) hold() {
	s.mu.Lock()
	paused := s.paused
	s.mu.Unlock()
	if paused != nil {
		<-paused
	}
}

func (s *Session) end(err error, at time.Time) {
	_ = s.conn.Close() // nothing more can be said
	s.mu.Lock()
	s.err = err
	s.mu.Unlock()
	s.signal()
	if s.watch.Closed != nil {
		s.watch.Closed(err, at)
	}
}

// take follows one line and tells the watcher.
func (s *Session) take(line []byte, at time.Time) {
	s.mu.Lock()
	events := s.wire.ToMiner(0, line)
	for _, ev := range events {
		if r, ok := ev.(*wire.Refused); ok {
			s.refused = r.Text
		}
	}
	s.mu.Unlock()
	defer s.signal() // who waits for a job finds the watcher told
	for _, ev := range events {
		switch ev := ev.(type) {
		case *wire.JobIssued:
			if s.watch.Job != nil {
				s.watch.Job(ev.Job, at)
			}
		case *wire.Result:
			if s.watch.Result != nil {
				s.watch.Result(ev, at)
			}
		}
	}
}

func (s *Session) signal() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// Job is the newest job.
func (s *Session) Job() *wire.Job {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wire.Current()
}

// ID is the CryptoNote session id, or the CKB extranonce1.
func (s *Session) ID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wire.Session()
}

// Alive reports whether the connection still stands.
func (s *Session) Alive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err == nil
}

// Conn is the connection, for a caller that writes lines of its own.
func (s *Session) Conn() net.Conn { return s.conn }

// Submit sends a share. Its answer goes to the watcher.
func (s *Session) Submit(f *Share) error {
	session := s.ID()
	_, err := s.Send(func(id int64) []byte { return AppendSubmit(nil, s.target, session, id, f) })
	return err
}

// Send sends the line that is made for the next request id, line feed
// included. It returns the share that the line hands in, as the watcher is told
// of its answer; nil when it is no submit.
func (s *Session) Send(make func(id int64) []byte) (*wire.Submit, error) {
	s.mu.Lock()
	s.nextID++
	line := make(s.nextID)
	submit, _ := s.wire.ToPool(0, line).(*wire.Submit)
	s.mu.Unlock()
	return submit, s.write(line)
}

func (s *Session) write(line []byte) error {
	if err := s.conn.SetWriteDeadline(s.target.Now().Add(s.target.Timeout)); err != nil {
		return fmt.Errorf("sending to the pool: %w", err)
	}
	if _, err := s.conn.Write(line); err != nil {
		return fmt.Errorf("sending to the pool: %w", err)
	}
	_ = s.conn.SetWriteDeadline(time.Time{}) // where it has ended meanwhile, reading says so
	return nil
}

// login speaks the dialect's opening and waits for the first usable job.
func (s *Session) login(ctx context.Context) error {
	t := s.target
	var err error
	if t.Proto == CKB {
		err = s.loginCKB(ctx)
	} else {
		login := cryptonote.Login{Login: t.Login, Pass: t.Pass, Agent: t.Agent}
		if t.Algorithm != nil {
			login.Algos = []string{t.Algorithm.Name}
		}
		_, err = s.Send(func(id int64) []byte { login.ID = stratum.IntID(id); return cryptonote.AppendLogin(nil, &login) })
	}
	if err != nil {
		return err
	}
	return s.Wait(ctx, t.Timeout, func(w *wire.Conn) bool {
		job := w.Current()
		return w.Ready() && job != nil && !job.Unsure
	})
}

func (s *Session) loginCKB(ctx context.Context) error {
	t := s.target
	if _, err := s.Send(func(id int64) []byte {
		return ckb.AppendSubscribe(nil, &ckb.Subscribe{ID: stratum.IntID(id), Agent: t.Agent})
	}); err != nil {
		return err
	}
	if err := s.Wait(ctx, t.Timeout, func(w *wire.Conn) bool { return w.Nonce2Size() > 0 }); err != nil {
		return err
	}
	_, err := s.Send(func(id int64) []byte {
		return ckb.AppendAuthorize(nil, &ckb.Authorize{ID: stratum.IntID(id), User: t.Login, Pass: t.Pass})
	})
	return err
}

// ErrSilent says that something did not come in time.
var ErrSilent = errors.New("no answer in time")

// Wait blocks until done holds, the connection or ctx ends, or time is up,
// which is ErrSilent. done looks at what was said so far and must not call the
// session. Only one goroutine may wait at a time.
func (s *Session) Wait(ctx context.Context, limit time.Duration, done func(*wire.Conn) bool) error {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		s.mu.Lock()
		ok, err, refused := done(s.wire), s.err, s.refused
		s.mu.Unlock()
		switch {
		case ok:
			return nil
		case refused != "":
			return fmt.Errorf("refused: %s", stratum.Printable(refused))
		case err != nil:
			return fmt.Errorf("the pool closed the connection: %w", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return ErrSilent
		case <-s.changed:
		}
	}
}
