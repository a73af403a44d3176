package latency

import (
	"errors"
	"fmt"
	"time"

	"github.com/aditmine/adit/harness/rig"
)

// Config says what to time.
type Config struct {
	Target rig.Target
	// Conns is the number of connections (0: 50), Rounds how many new blocks
	// are timed (0: 20).
	Conns, Rounds int
	// NewTip makes the pool's node find a block.
	NewTip func() error
	// Poll is how often the pool asks its node, where it has to: blocks come
	// at random phases of it (0: none, the pool is notified). Gap is the time
	// between rounds besides (0: 200 ms).
	Poll, Gap time.Duration
	// Limit is how long a job may take (0: 5 s).
	Limit time.Duration
	// BlockTime is the mean time between the coin's blocks, which the cost in
	// lost work follows from.
	BlockTime time.Duration
	// SlowReaders are connections that stop reading, for a second series of
	// rounds beside them.
	SlowReaders int
	// Seed repeats the phases.
	Seed uint64
	// Progress is told what goes on; it may be nil.
	Progress func(text string)
}

// Defaults and bounds of a Config.
const (
	DefaultConns  = 50
	DefaultRounds = 20
	DefaultGap    = 200 * time.Millisecond
	DefaultLimit  = 5 * time.Second
	MaxConns      = 10_000
)

func (c Config) withDefaults() (Config, error) {
	if c.Conns == 0 {
		c.Conns = DefaultConns
	}
	if c.Rounds == 0 {
		c.Rounds = DefaultRounds
	}
	if c.Gap <= 0 {
		c.Gap = DefaultGap
	}
	if c.Limit <= 0 {
		c.Limit = DefaultLimit
	}
	if c.Progress == nil {
		c.Progress = func(string) {}
	}
	var err error
	if c.Target, err = c.Target.WithDefaults(); err != nil {
		return c, err
	}
	switch {
	case c.Conns < 1 || c.Rounds < 1 || c.SlowReaders < 0:
		return c, errors.New("connections and rounds must be above 0")
	case c.Conns+c.SlowReaders > MaxConns:
		return c, fmt.Errorf("%d connections are more than %d", c.Conns+c.SlowReaders, MaxConns)
	case c.BlockTime <= 0:
		return c, errors.New("the cost of a late job needs the time between blocks")
	}
	return c, nil
}
