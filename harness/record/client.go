package record

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"

	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/stratumclient"
)

// ClientConfig is what a recording client needs. Endpoint and Trace are
// required.
type ClientConfig struct {
	// Endpoint is the pool and the account.
	Endpoint stratumclient.Endpoint
	// Trace receives the events. The client does not close it.
	Trace *trace.Writer
	// Agent names the program to the pool.
	Agent string
	// Searcher makes what shares are found with; nil only listens.
	Searcher func() (hash.Searcher, error)
	// Effort is the part of one processor that searching takes, above 0 and
	// at most 1; 0 means 0.25.
	Effort float64
	// Shares ends the run after so many verdicts; 0 is no end.
	Shares uint64
	// Dial opens connections; nil means TCP.
	Dial Dialer
	// Log gets what the pool does; nil discards it.
	Log *slog.Logger
}

func (c *ClientConfig) setDefaults() error {
	if c.Trace == nil {
		return errors.New("recording client: a trace is required")
	}
	if c.Effort == 0 {
		c.Effort = 0.25
	}
	if c.Effort < 0 || c.Effort > 1 {
		return fmt.Errorf("recording client: effort %g is not between 0 and 1", c.Effort)
	}
	if c.Dial == nil {
		c.Dial = new(net.Dialer).DialContext
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// ClientStats counts what a client has seen.
type ClientStats struct {
	Conns, Jobs                  uint64
	Accepted, Rejected, NoAnswer uint64
	ToPool, ToMiner              uint64 // lines
}

// Client logs in to a pool and records what is said. Make one with NewClient
// and start it once with Run.
type Client struct {
	cfg     ClientConfig
	journal *journal
	pool    *stratumclient.Client
	job     atomic.Pointer[stratumclient.Job]
	fresh   chan struct{} // capacity 1: job has changed

	conns, jobs, accepted, rejected, noAnswer atomic.Uint64
}

// NewClient checks the configuration; nothing is connected yet.
func NewClient(cfg ClientConfig) (*Client, error) {
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, fresh: make(chan struct{}, 1),
		journal: &journal{trace: cfg.Trace, maxLine: defaultMaxLine}}
	inside := cfg.Endpoint // TLS is ours, so that the tap lies inside it
	inside.TLS, inside.Fingerprint = false, ""
	var err error
	c.pool, err = stratumclient.New(stratumclient.Config{
		Settings:  stratumclient.Settings{Agent: cfg.Agent, Dial: c.dial},
		Endpoints: []stratumclient.Endpoint{inside},
		Log:       cfg.Log,
	})
	return c, err
}

// Stats may be called at any time.
func (c *Client) Stats() ClientStats {
	return ClientStats{Conns: c.conns.Load(), Jobs: c.jobs.Load(),
		Accepted: c.accepted.Load(), Rejected: c.rejected.Load(), NoAnswer: c.noAnswer.Load(),
		ToPool: c.journal.toPool.Load(), ToMiner: c.journal.toMiner.Load()}
}

// Run stays connected until ctx ends or enough shares have their verdict,
// neither of which is an error, or the search fails.
func (c *Client) Run(parent context.Context) error {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	var work sync.WaitGroup
	if c.cfg.Searcher != nil {
		work.Go(func() {
			if err := c.mine(ctx); err != nil {
				cancel(err)
			}
		})
	}
	work.Go(func() { _ = c.pool.Run(ctx) }) // never an error
	for ev := range c.pool.Events() {
		c.handle(ev)
		if s := c.accepted.Load() + c.rejected.Load(); c.cfg.Shares > 0 && s >= c.cfg.Shares {
			cancel(nil)
		}
	}
	cancel(nil)
	work.Wait()
	if cause := context.Cause(ctx); cause != context.Canceled && parent.Err() == nil {
		return cause
	}
	return nil
}

// handle takes one event of the pool.
func (c *Client) handle(ev stratumclient.Event) {
	switch ev := ev.(type) {
	case stratumclient.LoggedIn:
		c.cfg.Log.Info("logged in", "pool", ev.Pool)
	case stratumclient.NewJob:
		c.jobs.Add(1)
		c.use(ev.Job)
	case stratumclient.ShareResult:
		c.verdict(ev)
	case stratumclient.Notice:
		c.cfg.Log.Warn("the pool says", "text", ev.Text)
	case stratumclient.Disconnected:
		c.use(nil)
		if errors.Is(ev.Err, context.Canceled) {
			return // it is us who end
		}
		c.cfg.Log.Warn("not connected", "pool", ev.Pool, "err", ev.Err, "retry", ev.Retry)
	}
}

// use makes a job the one to search; nil is none.
func (c *Client) use(job *stratumclient.Job) {
	c.job.Store(job)
	select {
	case c.fresh <- struct{}{}:
	default:
	}
}

func (c *Client) verdict(r stratumclient.ShareResult) {
	switch {
	case r.Accepted:
		c.accepted.Add(1)
	case r.Err != nil:
		c.noAnswer.Add(1)
	default:
		c.rejected.Add(1)
	}
	c.cfg.Log.Info("share", "accepted", r.Accepted, "reason", r.Reason)
}

// dial opens a recorded connection.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := c.cfg.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	open := &trace.OpenInfo{Peer: conn.LocalAddr().String()}
	if c.cfg.Endpoint.TLS {
		secure, err := stratumclient.StartTLS(ctx, conn, address, c.cfg.Endpoint.Fingerprint, nil)
		if err != nil {
			_ = conn.Close()
			return nil, err
		}
		open.TLS = tlsVersion(secure)
		conn = secure
	}
	return newTap(c.journal, c.conns.Add(1), conn, open), nil
}
