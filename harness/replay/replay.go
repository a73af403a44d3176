package replay

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/aditmine/adit/harness/bank"
	"github.com/aditmine/adit/harness/judge"
	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/hash"
)

// Config is what a replay needs. Sessions, Target, Hasher and Searcher are
// required.
type Config struct {
	Sessions []judge.Session
	// Target is the pool, "host:port".
	Target string
	// User and Pass log in; recorded ones are never sent.
	User, Pass string
	// Agent names the program in the login.
	Agent string
	// Algo is asked for where a recorded session does not tell.
	Algo *hash.Algorithm
	// Speed multiplies the recorded pace; 0 goes as fast as causality allows.
	Speed float64
	// Hasher and Searcher compute; one searcher is made per thread.
	Hasher   func(*hash.Algorithm) (hash.Hasher, error)
	Searcher func() (hash.Searcher, error)
	Threads  int // 0 means 1
	// Bank holds shares that were found beforehand and have been verified; it
	// may be nil.
	Bank *bank.Bank
	// MaxHashes bounds the search for one share; 0 means 10 million.
	MaxHashes uint64
	// ShareTimeout bounds the time for one share; 0 means one minute. It is
	// also how long a share that is to be stale waits for the next block.
	ShareTimeout time.Duration
	// ReplyTimeout bounds the wait for login, job and answers; 0 means 10 s.
	ReplyTimeout time.Duration
	// MaxConns bounds the connections open at once; 0 means 256.
	MaxConns int
	// Trace, when set, receives what is said. It is not closed.
	Trace *trace.Writer
	// Dial reaches the target; nil means TCP.
	Dial rig.Dialer
	// Log gets failures; nil discards them.
	Log *slog.Logger
}

func (c *Config) setDefaults() error {
	if c.Target == "" || c.Hasher == nil || c.Searcher == nil {
		return errors.New("replay: target, hasher and searcher are required")
	}
	if len(c.Sessions) == 0 {
		return errors.New("the trace holds no connection to replay")
	}
	c.Threads = max(c.Threads, 1)
	if c.MaxHashes == 0 {
		c.MaxHashes = 10_000_000
	}
	if c.ShareTimeout <= 0 {
		c.ShareTimeout = time.Minute
	}
	if c.ReplyTimeout <= 0 {
		c.ReplyTimeout = 10 * time.Second
	}
	if c.MaxConns <= 0 {
		c.MaxConns = 256
	}
	if c.Dial == nil {
		c.Dial = new(net.Dialer).DialContext
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Run replays every session, several at once as they were recorded, and
// reports. When ctx ends it reports what was done until then; what was not
// reached counts as skipped. An error means that nothing could be replayed.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	bench, err := newBench(&cfg)
	if err != nil {
		return nil, err
	}
	defer bench.close()
	started := time.Now()
	results := make([][]Outcome, len(cfg.Sessions))
	errs := make([]error, len(cfg.Sessions))
	slots := make(chan struct{}, cfg.MaxConns)
	var players sync.WaitGroup
	for i := range cfg.Sessions {
		p := &player{cfg: &cfg, bench: bench, session: &cfg.Sessions[i], started: started}
		slots <- struct{}{}
		players.Go(func() {
			defer func() { <-slots }()
			results[i], errs[i] = p.play(ctx)
		})
	}
	players.Wait()
	rep := newReport(results)
	if rep.Played() == 0 && ctx.Err() == nil {
		return rep, firstError(errs)
	}
	return rep, nil
}

func firstError(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// at is when a recorded moment is due.
func (c *Config) due(started time.Time, recorded time.Duration) time.Time {
	if c.Speed <= 0 {
		return started
	}
	return started.Add(time.Duration(float64(recorded) / c.Speed))
}

// sleepUntil waits for a moment, or less when ctx ends.
func sleepUntil(ctx context.Context, t time.Time) {
	d := time.Until(t)
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
