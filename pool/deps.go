package pool

import (
	"crypto/rand"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/pool/cluster"
	"github.com/aditmine/adit/pool/coin"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/payout"
	"github.com/aditmine/adit/pool/unlock"
)

// Deps are the places where a pool touches the world. Every field may be left
// out; the real thing is used then. Timers are those of package time, so tests
// that want virtual time run the pool in a testing/synctest bubble.
type Deps struct {
	Log *slog.Logger
	// Now reads the clock.
	Now func() time.Time
	// Rand is where session ids come from.
	Rand io.Reader
	// Listen opens the stratum ports.
	Listen func(network, address string) (net.Listener, error)
	// NewHasher makes the hashers that verify shares.
	NewHasher func(*hash.Algorithm) (hash.Hasher, error)
	// Store is the ledger. When it is given, the pool leaves it open.
	Store ledger.Store
	// Roles are what this process does of the pool's work; none means all.
	// Fewer than all need a ledger in PostgreSQL.
	Roles cluster.Roles
	// NewCoin connects to one of a coin's nodes, Node.
	NewCoin func(config.Coin) (coin.Coin, error)
	// NewChain connects to one of a coin's nodes for the unlocking of blocks.
	// When NewCoin is given and this is not, blocks are not followed.
	NewChain func(config.Coin) (unlock.Chain, error)
	// NewWallet connects to the wallet that pays a coin's miners.
	NewWallet func(config.Payout) (payout.Wallet, error)
	// Observe is told what happens. It is called from many goroutines and must
	// neither block nor call back into the pool.
	Observe func(Event)
}

func (d Deps) withDefaults() Deps {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Rand == nil {
		d.Rand = rand.Reader
	}
	if d.Listen == nil {
		d.Listen = net.Listen
	}
	if d.NewHasher == nil {
		d.NewHasher = cpu.New
	}
	if d.NewCoin == nil {
		d.NewCoin = coin.New
		if d.NewChain == nil {
			d.NewChain = unlock.Connect
		}
	}
	if d.NewWallet == nil {
		d.NewWallet = payout.Connect
	}
	if d.Observe == nil {
		d.Observe = func(Event) {}
	}
	return d
}
