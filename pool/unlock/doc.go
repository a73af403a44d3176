// Package unlock finds out what became of the blocks that a pool found, and has
// their rewards divided.
//
// A block counts when the node proves it twice: it knows the block by its hash,
// in the chain, and the chain has that hash at the block's height, with enough
// blocks above. It is written off only when the chain has another block there,
// as deep; whenever the two answers do not fit, or the node cannot be asked,
// nothing happens and it is asked again. Lost blocks are looked at for a while
// longer: a reorganisation may bring them back.
//
// The package imports chain, pool/config, pool/coin and pool/ledger. Package
// pool runs it.
package unlock

import (
	"context"
	"math/big"

	"github.com/aditmine/adit/pool/coin"
)

// Chain answers what unlocking asks of a node.
type Chain interface {
	// Look says what the chain has to do with a block. An error means that
	// nothing is known.
	Look(ctx context.Context, hash string, height uint64) (Sight, error)
	// Price says what the chain's block of a height was worth; not known
	// before the chain has paid for it.
	Price(ctx context.Context, height uint64) (p Price, known bool, err error)
	// Tip asks for the newest block.
	Tip(ctx context.Context) (coin.Tip, error)
	// Close closes the connections to the node.
	Close()
}

// Sight is how a block lies to the chain, at one moment.
type Sight struct {
	Place Place
	Depth uint64 // blocks above its height in the chain
	Other string // the chain's block at its height, where it is another
	// Mature: the reward is known and can be spent, as far as the coin's own
	// rules go beyond depth. Reward is in atomic units.
	Mature bool
	Reward uint64
}

// Place is where a block is.
type Place string

// The places.
const (
	InChain Place = "in the chain"  // by hash and by height
	Beside  Place = "beside it"     // known by its hash, but the chain has another
	Unknown Place = "unknown"       // not known by its hash, and the chain has another at its height
	Ahead   Place = "not there yet" // the chain has no block at its height
	Unclear Place = "unclear"       // the answers contradict each other: the chain is changing
)

// Price is what a height was worth.
type Price struct {
	Hash       string
	Reward     uint64 // atomic units
	Difficulty *big.Int
}
