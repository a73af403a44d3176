package load

import (
	"errors"
	"fmt"
	"time"

	"github.com/aditmine/adit/harness/rig"
)

// Config says what to send, where and how fast.
type Config struct {
	Target rig.Target
	// Conns is the number of connections (0: 16).
	Conns int
	// Rate is in submits per second over all connections, Duration for how
	// long (0: 10 s).
	Rate     float64
	Duration time.Duration
	// Mix is what is sent (nil: valid shares only).
	Mix Mix
	// Paced spaces arrivals evenly instead of at random (Poisson).
	Paced bool
	// Seed repeats the plan.
	Seed uint64
	// Finder finds the shares. It stays the caller's.
	Finder *rig.Finder
	// Prepare is how long the shares may be searched for (0: 2 min).
	Prepare time.Duration
	// NewTip makes the pool's node find a block; nil where it cannot be told.
	NewTip func() error
	// MaxLag is how late the generator may be at the 99th percentile before
	// the run is void (0: 1 ms).
	MaxLag time.Duration
	// Progress is told what goes on; it may be nil.
	Progress func(text string)
}

// Defaults and bounds of a Config.
const (
	DefaultConns    = 16
	DefaultDuration = 10 * time.Second
	DefaultPrepare  = 2 * time.Minute
	DefaultMaxLag   = time.Millisecond
	// MaxArrivals bounds a plan, whose lines are kept in memory.
	MaxArrivals = 1_000_000
	// MaxConns bounds the connections of a run.
	MaxConns = 10_000
)

func (c Config) withDefaults() (Config, error) {
	if c.Conns == 0 {
		c.Conns = DefaultConns
	}
	if c.Duration == 0 {
		c.Duration = DefaultDuration
	}
	if c.Prepare <= 0 {
		c.Prepare = DefaultPrepare
	}
	if c.MaxLag <= 0 {
		c.MaxLag = DefaultMaxLag
	}
	if c.Mix == nil {
		c.Mix = Mix{{Valid, 1}}
	}
	if c.Progress == nil {
		c.Progress = func(string) {}
	}
	var err error
	if c.Target, err = c.Target.WithDefaults(); err != nil {
		return c, err
	}
	switch {
	case c.Finder == nil:
		return c, errors.New("the load generator needs what finds shares")
	case c.Rate <= 0 || c.Duration < 0 || c.Conns < 1:
		return c, errors.New("rate, duration and connections must be above 0")
	case c.Conns > MaxConns:
		return c, fmt.Errorf("%d connections are more than %d", c.Conns, MaxConns)
	case c.Rate*c.Duration.Seconds() > MaxArrivals:
		return c, fmt.Errorf("%.0f submits/s for %v are more than the %d that are prepared at most: shorten the run",
			c.Rate, c.Duration, MaxArrivals)
	}
	return c, c.Mix.check(c.Target.Proto, c.NewTip != nil)
}
