package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/aditmine/adit/stratum"
)

// errGone says that the miner went before the end of its part.
var errGone = errors.New("the miner closed the connection")

// player plays one connection. The miner's requests are counted by one
// goroutine while another sends.
type player struct {
	cfg      *Config
	conn     net.Conn
	part     *recorded
	recorded map[string]int // the script's requests by method
	expected map[string]int // of them, those it has reached
	sent     int64

	mu    sync.Mutex
	heard map[string]int // the miner's requests of these methods
	other int            // and of any other
	gone  bool           // the miner has finished sending

	changed chan struct{} // capacity 1: something above changed
}

func newPlayer(cfg *Config, conn net.Conn, part *recorded) *player {
	p := &player{cfg: cfg, conn: conn, part: part, recorded: map[string]int{}, expected: map[string]int{},
		heard: map[string]int{}, changed: make(chan struct{}, 1)}
	for _, st := range part.steps {
		if st.kind == actHear {
			p.recorded[st.method]++
		}
	}
	return p
}

// run plays the part to its end and closes the connection. Where the recorded
// pool did not close, it waits for the miner to leave.
func (p *player) run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = p.conn.Close() })
	defer stop()
	var reader sync.WaitGroup
	reader.Go(p.listen)
	defer reader.Wait()
	defer func() { _ = p.conn.Close() }()
	started := time.Now()
	for i := range p.part.steps {
		st := &p.part.steps[i]
		if err := p.await(ctx, st, started); err != nil {
			return err
		}
		if done, err := p.play(st); done || err != nil {
			return err
		}
	}
	return p.wait(ctx, func() bool { return p.gone })
}

// listen counts the miner's requests until it has finished sending.
func (p *player) listen() {
	in := stratum.NewLineReader(p.conn, stratum.MaxPoolLine)
	for {
		line, err := in.ReadLine()
		p.mu.Lock()
		if err != nil {
			p.gone = true
		} else if method := methodOf(line); p.recorded[method] > 0 {
			p.heard[method]++
		} else {
			p.other++
		}
		p.mu.Unlock()
		select {
		case p.changed <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// await blocks until a step is due.
func (p *player) await(ctx context.Context, st *step, started time.Time) error {
	switch {
	case p.cfg.Speed > 0:
		return sleepUntil(ctx, started.Add(time.Duration(float64(st.at)/p.cfg.Speed)))
	case st.kind != actHear:
		return ctx.Err()
	}
	p.expected[st.method]++
	err := p.wait(ctx, func() bool { return p.heard[st.method] >= p.expected[st.method] })
	if errors.Is(err, errGone) {
		return fmt.Errorf("waiting for %q: %w", st.method, err)
	}
	return err
}

// sleepUntil waits for a moment, or less when ctx ends.
func sleepUntil(ctx context.Context, t time.Time) error {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// wait blocks until done holds, which is asked with p.mu held at every change;
// it fails when the miner goes first.
func (p *player) wait(ctx context.Context, done func() bool) error {
	for {
		p.mu.Lock()
		ok, gone := done(), p.gone
		p.mu.Unlock()
		switch {
		case ok:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case gone:
			return errGone
		}
		select {
		case <-ctx.Done():
		case <-p.changed:
		}
	}
}

// play does what the pool did; done ends the part.
func (p *player) play(st *step) (done bool, err error) {
	switch st.kind {
	case actSend:
		if err := p.conn.SetWriteDeadline(time.Now().Add(p.cfg.WriteTimeout)); err != nil {
			return false, fmt.Errorf("sending to the miner: %w", err)
		}
		n, err := p.conn.Write(st.data)
		p.sent += int64(n)
		if err != nil {
			return false, fmt.Errorf("sending to the miner: %w", err)
		}
	case actHalf:
		if c, ok := p.conn.(interface{ CloseWrite() error }); ok {
			return false, c.CloseWrite()
		}
	case actClose:
		if c, ok := p.conn.(*net.TCPConn); ok && st.reset {
			_ = c.SetLinger(0)
		}
		return true, nil
	}
	return false, nil
}

// outcome compares what happened with the recording.
func (p *player) outcome() Outcome {
	o := Outcome{Conn: p.part.id, Sent: p.sent}
	for _, st := range p.part.steps {
		o.Recorded += int64(len(st.data))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	o.Heard = p.other
	for method, n := range p.recorded {
		o.Heard += p.heard[method]
		o.Matched += min(n, p.heard[method])
		o.Missing += max(n-p.heard[method], 0)
	}
	return o
}
