package stratumclient

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// checkEvery is how often a session looks for what has become due.
	checkEvery = time.Second
	// linger is how long a connection that was left for a better pool stays
	// open for shares found on its last job.
	linger = 5 * time.Second
	// lastWords is how long Run, when its context has ended, waits for the
	// events that are left to be read.
	lastWords = time.Second
)

// Config says which pools to mine on. Endpoints is needed, the rest has
// defaults.
type Config struct {
	Settings
	// Endpoints are the pools in order of preference.
	Endpoints []Endpoint
	Retry     Retry
	// Rand returns numbers from 0 to below 1; math/rand's by default.
	Rand func() float64
	// Log gets what events do not tell, such as vain attempts to return to a
	// better pool; by default it is dropped.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	c.Settings = c.Settings.withDefaults()
	c.Retry = c.Retry.withDefaults()
	if c.Rand == nil {
		c.Rand = rand.Float64
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Client keeps one pool of a list connected. Make one with New and start it
// once with Run; Submit may be called by any goroutine at any time.
type Client struct {
	cfg        Config
	roster     *roster
	box        *mailbox
	generation atomic.Uint64
	leaving    sync.WaitGroup // sessions that wait for their last verdicts

	mu   sync.Mutex
	open map[uint64]*Session // logged in, by generation
}

// New prepares a client; nothing is connected before Run. The error says what
// is wrong with the configuration.
func New(cfg Config) (*Client, error) {
	if len(cfg.Endpoints) == 0 {
		return nil, errors.New("no pool to mine on: give one as host:port")
	}
	for i := range cfg.Endpoints {
		if err := cfg.Endpoints[i].check(cfg.Algorithms); err != nil {
			return nil, err
		}
	}
	cfg = cfg.withDefaults()
	return &Client{
		cfg: cfg, roster: newRoster(&cfg),
		box: newMailbox(cfg.MaxPending), open: make(map[uint64]*Session),
	}, nil
}

// Events returns the channel of events. It is closed when Run returns; nothing
// is sent before Run.
func (c *Client) Events() <-chan Event { return c.box.out }

// Run keeps a pool connected until ctx ends, which is no error. It then waits a
// second at most for the last events to be read, and everything it started has
// ended when it returns.
func (c *Client) Run(ctx context.Context) error {
	done, giveUp := make(chan struct{}), make(chan struct{})
	var delivery sync.WaitGroup
	delivery.Go(func() { c.box.deliver(done, giveUp) })
	for ctx.Err() == nil {
		if u := c.connect(ctx); u != nil {
			c.serve(ctx, u)
		}
	}
	c.leaving.Wait()
	stop := c.cfg.Clock.AfterFunc(lastWords, func() { close(giveUp) })
	close(done)
	delivery.Wait()
	stop()
	return nil
}

// Submit sends a share to the pool its job came from. It does not wait for the
// network. Whatever it returns, a ShareResult follows, except with ErrBacklog;
// the error tells the caller at once that the share has not been sent.
func (c *Client) Submit(share Share) error {
	if !c.box.reserve() {
		return ErrBacklog
	}
	err := ErrNotConnected
	if s := c.sessionOf(share.Job); s != nil {
		err = s.Submit(share)
	}
	switch {
	case err == nil:
	case errors.Is(err, ErrBacklog):
		c.box.release()
	default:
		c.box.put(unanswered(share, err))
	}
	return err
}

func (c *Client) sessionOf(j *Job) *Session {
	if j == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open[j.Generation]
}

// use is a pool in use.
type use struct {
	index      int // in the roster
	session    *Session
	generation uint64
	since      time.Time
	greeting   []Event // what the login brought
}

// connect tries the pools in order until one takes the login. It returns nil
// when ctx ends.
func (c *Client) connect(ctx context.Context) *use {
	for ctx.Err() == nil {
		i, wait := c.roster.next(len(c.cfg.Endpoints))
		if i < 0 {
			_ = sleep(ctx, c.cfg.Clock, wait) // the loop looks at ctx
			continue
		}
		u, err := c.login(ctx, i)
		if err == nil {
			return u
		}
		if ctx.Err() == nil {
			c.lost(i, 0, err)
		}
	}
	return nil
}

// lost books and reports the end of a connection, or of an attempt.
func (c *Client) lost(i int, lasted time.Duration, err error) {
	_, pool := c.roster.target(i)
	c.box.put(Disconnected{Pool: pool, Err: err, Retry: c.roster.failed(i, lasted, err)})
}

// login connects to a pool and logs in.
func (c *Client) login(ctx context.Context, i int) (*use, error) {
	e, addr := c.roster.target(i)
	u := &use{index: i, generation: c.generation.Add(1)}
	var err error
	if u.session, err = connect(ctx, e, addr, c.cfg.Settings, u.generation); err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", addr, err)
	}
	u.greeting = []Event{u.session.Connected()}
	messages, err := u.session.Login(ctx)
	if err != nil {
		u.session.Close()
		return nil, fmt.Errorf("logging in to %s: %w", addr, err)
	}
	for _, m := range messages {
		u.greeting = append(u.greeting, m.Events...)
	}
	u.since = c.cfg.Clock.Now()
	return u, nil
}

// serve works with a pool, and with the better ones that it is left for, until
// there is none any more.
func (c *Client) serve(ctx context.Context, u *use) {
	for u != nil {
		c.mu.Lock()
		c.open[u.generation] = u.session
		c.mu.Unlock()
		c.box.put(u.greeting...)
		better, err := c.attend(ctx, u)
		if better != nil {
			former := u
			c.leaving.Go(func() { c.leave(ctx, former) })
		} else {
			c.lost(u.index, c.cfg.Clock.Now().Sub(u.since), err)
			c.close(u)
		}
		u = better
	}
}

// attend passes on what a pool says until the connection ends, with an error,
// or a better pool was found.
func (c *Client) attend(ctx context.Context, u *use) (better *use, err error) {
	probe := c.startProbe(ctx, u.index)
	defer func() {
		if found := probe.end(); found != nil {
			c.close(found) // it came too late
		}
	}()
	tick := newTicker(c.cfg.Clock, checkEvery)
	defer tick.stop()
	for {
		var events []Event
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case better = <-probe.found:
			return better, nil
		case in, ok := <-u.session.in:
			var m Message
			m, err = u.session.take(in, ok)
			events = m.Events
		case <-tick.C:
			events, err = u.session.check()
		}
		c.box.put(events...)
		if err != nil {
			return nil, err
		}
	}
}

// leave keeps a connection that was left for a better pool until its shares
// have their verdicts. Its jobs no longer matter.
func (c *Client) leave(ctx context.Context, u *use) {
	defer c.close(u)
	until := c.cfg.Clock.Now().Add(linger)
	tick := newTicker(c.cfg.Clock, checkEvery)
	defer tick.stop()
	for c.cfg.Clock.Now().Before(until) || u.session.waiting() > 0 {
		var events []Event
		var err error
		select {
		case <-ctx.Done():
			return
		case in, ok := <-u.session.in:
			var m Message
			m, err = u.session.take(in, ok)
			events = m.Events
		case <-tick.C:
			events, err = u.session.check()
		}
		for _, e := range events {
			if result, ok := e.(ShareResult); ok {
				c.box.put(result)
			}
		}
		if err != nil {
			return
		}
	}
}

// close ends a session. Its shares without a verdict get their result.
func (c *Client) close(u *use) {
	c.mu.Lock()
	delete(c.open, u.generation)
	c.mu.Unlock()
	c.box.put(u.session.Abandon()...)
	u.session.Close()
}
