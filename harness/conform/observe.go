package conform

import (
	"context"
	"errors"
	"time"
)

// ErrUndeclared is what a Meter or an Operator returns for what nobody has said
// how to read. Checks that need it are skipped.
var ErrUndeclared = errors.New("the adapter does not say how to read it")

// Usage is what a pool has of its machine.
type Usage struct {
	CPU     time.Duration // spent since it started
	Memory  uint64        // resident, in bytes
	Files   int           // open descriptors
	Threads int
}

// Meter reads what the pool uses.
type Meter interface {
	Usage(ctx context.Context) (Usage, error)
}

// Operator is the side of the pool that is not meant for miners.
type Operator interface {
	// Listening are the addresses, as host:port, at which the pool takes TCP
	// connections.
	Listening(ctx context.Context) ([]string, error)
	// Shown are the texts that people or programs read of it: its log so far,
	// and its pages.
	Shown(ctx context.Context) ([]Shown, error)
	// Private are its pages that nobody may read without a secret, with the
	// HTTP status that each answers a stranger.
	Private(ctx context.Context) (map[string]int, error)
	// Counters are the shares that it says it has judged.
	Counters(ctx context.Context) (Counters, error)
	// StartsWith tries to start the pool with each setting that would switch
	// its verification off on a main network, and names those that it took.
	StartsWith(ctx context.Context) (taken []string, tried int, err error)
}

// LogName is the Name of the pool's log among what it shows.
const LogName = "log"

// Shown is one text that the pool shows.
type Shown struct {
	Name string // LogName, or an address
	Type string // the media type: "text/plain" for a log
	Text string
}

// Counters are totals since the pool's start.
type Counters struct{ Accepted, Rejected, Stale float64 }

// undeclared turns ErrUndeclared into a skip.
func undeclared(what string, err error) error {
	if errors.Is(err, ErrUndeclared) {
		return skipf("the adapter declares no %s", what)
	}
	return err
}
