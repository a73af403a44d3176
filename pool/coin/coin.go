// Package coin is what the pool needs of a chain, and its two kinds: the
// CryptoNote coins over monerod's RPC, and Nervos CKB.
//
// A Coin asks the node; a Template is one frozen answer, which makes the
// inputs that miners hash and, from a solution, the block that the node takes.
// Everything in between (jobs, sessions, judging) is the same for all coins
// and lives in package pool.
//
// The package imports hash, chain and pool/config.
package coin

import (
	"context"
	"fmt"
	"math/big"

	"github.com/aditmine/adit/hash"
)

// Coin is a chain, seen through its node. Its methods may be called by many
// goroutines.
type Coin interface {
	// Algorithm is the coin's proof of work.
	Algorithm() *hash.Algorithm
	// CheckLogin says whether an address can be paid on this chain; the error
	// is for the miner's owner.
	CheckLogin(address string) error
	// Status asks how far the node is. A *SetupError says that waiting will
	// not help; any other error that the node could not be asked.
	Status(ctx context.Context) (Status, error)
	// Tip asks for the newest block.
	Tip(ctx context.Context) (Tip, error)
	// Template asks for a new block template. A *SetupError says that the
	// node refuses to make one for this configuration.
	Template(ctx context.Context) (*Template, error)
	// Submit hands in a block. A *RefusedError says that the node did not
	// take it; after any other error that is not known.
	Submit(ctx context.Context, b Block) error
	// Close closes the connections to the node.
	Close()
}

// Status is how far a node is in following its chain.
type Status struct {
	Synced bool
	Detail string // how far, in a few words
}

// Tip is the newest block.
type Tip struct {
	Height uint64
	Hash   string // hex, no 0x
}

// Template is a block template. It is immutable.
type Template struct {
	// Height is that of the block to be found, Parent the id of the block
	// before it: hex, no 0x.
	Height uint64
	Parent string
	// Difficulty is the network's, in hashes; Target is the same as a bound.
	Difficulty *big.Int
	Target     hash.Target
	// Key tells templates apart: two with one key are the same work, however
	// often the node hands it out.
	Key uint64
	// SeedHash and NextSeedHash are 32 bytes, for algorithms that need them.
	SeedHash, NextSeedHash []byte
	Work                   Work
}

// Work makes inputs and blocks from a template.
type Work interface {
	// Input is what miners hash, for one extra nonce.
	Input(e Extra) (Input, error)
	// Block is the block with a nonce filled in, NonceSize bytes.
	Block(e Extra, nonce []byte) (Block, error)
}

// Extra makes work unique: no two jobs of a template have the same.
type Extra struct {
	// Nonce is the extra nonce: eight reserved bytes of the miner transaction
	// (CryptoNote), or the first four bytes of the nonce (CKB).
	Nonce uint64
	// Variant tells jobs of one extra nonce apart, where a coin can make
	// several: on CKB it is added to the timestamp, in milliseconds.
	Variant uint32
}

// Input is a message to hash and where its nonce lies, which is zero there.
type Input struct {
	Blob                   []byte
	NonceOffset, NonceSize int
}

// Block is a solved block.
type Block struct {
	Hash    string // block id, hex, no 0x
	Payload string // what is submitted: hex of the block, or its JSON
	WorkID  uint64 // CKB: the node's number of the template
}

// SetupError says that the node is not set up for this pool, or the pool not
// for this node.
type SetupError struct {
	What string // such as "the node mines on Monero testnet, the pool on Monero mainnet"
	Err  error  // may be nil
}

// Error says what does not fit.
func (e *SetupError) Error() string {
	if e.Err == nil {
		return e.What
	}
	return fmt.Sprintf("%s: %v", e.What, e.Err)
}

// Unwrap gives the cause.
func (e *SetupError) Unwrap() error { return e.Err }

// RefusedError says that the node did not take a block.
type RefusedError struct{ Reason string }

// Error says why.
func (e *RefusedError) Error() string { return "the node refused the block: " + e.Reason }
