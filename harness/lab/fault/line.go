package fault

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// line is one direction of one connection.
type line struct {
	proxy    *Proxy
	from, to net.Conn
	rules    func() Rules // called with the proxy's mu held
	rng      *rand.Rand
	ended    func(at time.Time)

	passed int64
	next   time.Time // when the last chunk leaves: the order stays
}

// chunk is what was read at once, and when it leaves.
type chunk struct {
	data []byte
	due  time.Time
}

// The sizes of what a line holds while it waits.
const (
	chunkSize = 4096
	maxChunks = 1024
)

// errOver says that rules ended the connection.
var errOver = errors.New("ended by a fault")

func (l *line) now() Rules {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	return l.rules()
}

// run passes bytes on until the sender ends or a rule does.
func (l *line) run() {
	chunks := make(chan chunk, maxChunks)
	ctx, cancel := context.WithCancel(l.proxy.ctx)
	defer cancel()
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(chunks)
		l.read(ctx, chunks)
	})
	for c := range chunks {
		if l.send(ctx, c) != nil {
			cancel()
			_ = l.from.Close() // wakes the reader
			_ = l.to.Close()
			break
		}
	}
	reader.Wait()
	l.finish()
}

// finish hands an end of the sender on: half, where the connection can.
func (l *line) finish() {
	if half, ok := l.to.(interface{ CloseWrite() error }); ok && !l.now().Drop {
		_ = half.CloseWrite() // the other side may be gone already
		return
	}
	if !l.now().Drop {
		_ = l.to.Close()
	}
}

// read takes what comes and says when it leaves.
func (l *line) read(ctx context.Context, chunks chan<- chunk) {
	buf := make([]byte, chunkSize)
	for {
		n, err := l.from.Read(buf)
		at := time.Now()
		if r := l.now(); n > 0 && !r.Drop {
			select {
			case chunks <- chunk{append([]byte(nil), buf[:n]...), l.due(at, &r)}:
			case <-ctx.Done():
				return
			}
		}
		if err != nil {
			if l.ended != nil && !errors.Is(err, net.ErrClosed) {
				l.ended(at)
			}
			return
		}
	}
}

func (l *line) due(at time.Time, r *Rules) time.Time {
	at = at.Add(r.Latency)
	if r.Jitter > 0 {
		at = at.Add(time.Duration(l.rng.Int64N(int64(r.Jitter) + 1)))
	}
	if at.Before(l.next) {
		at = l.next
	}
	l.next = at
	return at
}

// send passes a chunk on when it is due, in slices, at the line's speed.
func (l *line) send(ctx context.Context, c chunk) error {
	if err := sleep(ctx, time.Until(c.due)); err != nil {
		return err
	}
	for len(c.data) > 0 {
		r := l.now()
		part := c.data
		if r.Slice > 0 {
			part = part[:min(r.Slice, len(part))]
		}
		part, end := l.bounded(part, &r)
		if r.Bandwidth > 0 {
			if err := sleep(ctx, time.Duration(float64(len(part))/float64(r.Bandwidth)*1e9)); err != nil {
				return err
			}
		}
		if _, err := l.to.Write(part); err != nil {
			return err
		}
		l.passed += int64(len(part))
		if end {
			l.end(&r)
			return errOver
		}
		c.data = c.data[len(part):]
	}
	return nil
}

// bounded cuts a part where a rule ends the connection.
func (l *line) bounded(part []byte, r *Rules) ([]byte, bool) {
	limit := r.Cut
	if r.Reset > 0 && (limit == 0 || r.Reset < limit) {
		limit = r.Reset
	}
	if limit == 0 || l.passed+int64(len(part)) < limit {
		return part, false
	}
	return part[:max(0, limit-l.passed)], true
}

// end closes both sides: with a reset where the rules say so and there is TCP.
func (l *line) end(r *Rules) {
	for _, c := range []net.Conn{l.to, l.from} {
		if tcp, ok := c.(interface{ SetLinger(sec int) error }); ok && r.Reset > 0 && l.passed >= r.Reset {
			_ = tcp.SetLinger(0) // without it the end is only more polite
		}
		_ = c.Close()
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
