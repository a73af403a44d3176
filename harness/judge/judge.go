package judge

import (
	"context"
	"errors"
	"time"

	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/harness/wire"
	"github.com/aditmine/adit/hash"
)

// Options say how to judge. Hasher is required.
type Options struct {
	// Hasher makes a hasher for an algorithm; one is made per worker.
	Hasher func(*hash.Algorithm) (hash.Hasher, error)
	// Workers is how many hash at once; 0 means 1.
	Workers int
	// Algo serves jobs and traces that name no algorithm, and takes
	// precedence over the trace's header.
	Algo *hash.Algorithm
	// StaleGrace is how long, by the pool's own declaration, it accepts
	// shares of the previous block. A share accepted later is then a false
	// accept. 0 means nothing was declared: such shares are only reported.
	StaleGrace time.Duration
	// RaceWindow is how much later than a "stale" answer the new job may
	// reach the recorder and still explain it; 0 means 2 seconds.
	RaceWindow time.Duration
	// ReplyLimit is how long a pool may take to answer; 0 means 10 seconds.
	ReplyLimit time.Duration
}

func (o *Options) setDefaults() error {
	if o.Hasher == nil {
		return errors.New("judging needs a hasher")
	}
	o.Workers = max(o.Workers, 1)
	if o.RaceWindow <= 0 {
		o.RaceWindow = 2 * time.Second
	}
	if o.ReplyLimit <= 0 {
		o.ReplyLimit = 10 * time.Second
	}
	return nil
}

// Judge reads the trace to its end and reports. Errors are those of reading
// and of ctx; what is wrong with shares or verdicts is in the report.
func Judge(ctx context.Context, r *trace.Reader, opts Options) (*Report, error) {
	if err := opts.setDefaults(); err != nil {
		return nil, err
	}
	c, err := collect(ctx, r, &opts)
	if err != nil {
		return nil, err
	}
	if err := decide(ctx, c, &opts); err != nil {
		return nil, err
	}
	return newReport(c, r, &opts), nil
}

// decide finds the truth of every share and compares.
func decide(ctx context.Context, c *collector, opts *Options) error {
	if err := hashAll(ctx, c.shares, opts); err != nil {
		return err
	}
	for _, s := range c.shares {
		s.flaws = ownFlaws(s)
	}
	markRepeats(c.shares)
	for _, s := range c.shares {
		if s.unknown != "" {
			s.finding = NotJudged
			continue
		}
		overtaken(s, c.changes, opts.RaceWindow)
		s.finding = compare(s, opts)
	}
	return nil
}

// Session is one recorded connection for the replayer.
type Session struct {
	Conn           uint64
	Proto          string
	Opened, Closed time.Duration
	// Algo is that of its last job whose algorithm is known; nil when none is.
	Algo   *hash.Algorithm
	Shares []Label
}

// Label is one submitted share and what it really was.
type Label struct {
	Submit *wire.Submit
	Result *wire.Result // nil when the trace holds no answer
	// Verdict is the pool's, also when there is no answer.
	Verdict wire.Verdict
	Truth   Truth
	Finding Finding
}

// Sessions reads the trace and returns its connections with every share
// labelled, in the order of the trace.
func Sessions(ctx context.Context, r *trace.Reader, opts Options) ([]Session, error) {
	if err := opts.setDefaults(); err != nil {
		return nil, err
	}
	c, err := collect(ctx, r, &opts)
	if err != nil {
		return nil, err
	}
	if err := decide(ctx, c, &opts); err != nil {
		return nil, err
	}
	sessions := make([]Session, len(c.order))
	index := make(map[*connection]int, len(c.order))
	for i, conn := range c.order {
		index[conn] = i
		sessions[i] = Session{Conn: conn.id, Proto: conn.proto, Opened: conn.opened, Closed: conn.closed}
		if conn.lastJob != nil {
			sessions[i].Algo = conn.lastJob.Algo
		}
	}
	for _, s := range c.shares {
		to := &sessions[index[s.conn]]
		to.Shares = append(to.Shares, Label{Submit: s.submit, Result: s.result,
			Verdict: s.verdict(), Truth: s.truth(), Finding: s.finding})
	}
	return sessions, nil
}
