package api

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/aditmine/adit/pool"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/metrics"
	"github.com/aditmine/adit/pool/nodes"
	"github.com/aditmine/adit/pool/penalty"
)

// Source is the running pool; *pool.Pool is one.
type Source interface {
	Ready() <-chan struct{}
	Snapshot() pool.Snapshot
	Nodes(coin string) []nodes.State
	Penalties() *penalty.Book
	Ban(k penalty.Key, reason string, until time.Time)
	Lift(k penalty.Key) bool
	// Store is the ledger to write to, nil before Ready.
	Store() ledger.Store
}

// Deps are where the server touches the world. Pool, Figures and OpenReader
// are needed; the real thing stands in for the others.
type Deps struct {
	Pool    Source
	Figures *metrics.Collector
	// OpenReader opens the ledger for reading, once the pool is ready.
	OpenReader func(ctx context.Context) (ledger.Reader, error)
	// Elsewhere says that other processes take the shares: hashrates are told
	// from what the ledger gains.
	Elsewhere bool
	// Drain ends the pool gracefully, as an interrupt would; nil: the API
	// cannot.
	Drain   func()
	Log     *slog.Logger
	Now     func() time.Time
	Listen  func(network, address string) (net.Listener, error)
	Version string
}

func (d Deps) withDefaults() Deps {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Listen == nil {
		d.Listen = net.Listen
	}
	return d
}

// coinNames lists the coins of a configuration.
func coinNames(cfg config.Config) (names []string) {
	for _, c := range cfg.Coins {
		names = append(names, c.Name)
	}
	return names
}
