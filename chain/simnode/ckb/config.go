package ckb

import (
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"math/rand/v2"
	"time"

	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/hash"
)

// Config says what chain to simulate. Hasher is the one field that must be
// set.
type Config struct {
	// Hasher makes the Eaglesong hasher that submitted blocks are verified
	// with.
	Hasher func() (hash.Hasher, error)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Seed makes runs repeat: all randomness comes from it.
	Seed uint64
	// Log takes warnings, such as notify addresses that do not answer; nil
	// means none.
	Log *slog.Logger
	// OnBlock, when set, is told of every block, in order, by the goroutine
	// that brought one. It may ask the node, but must not add blocks.
	OnBlock func(Event)

	// Chain is the name in get_blockchain_info; "" means "ckb_dev".
	Chain string
	// Lock is who is paid for blocks made from the node's templates.
	Lock ckb.Script
	// Message begins the cellbase message; a counter follows it.
	Message []byte
	// CompactTarget is the target of the first epoch; 0 means a difficulty of
	// 2^20 hashes.
	CompactTarget uint32
	// Fixed keeps the target for ever.
	Fixed bool
	// BlockInterval is what retargeting aims at; 0 means 10 seconds.
	BlockInterval time.Duration
	// EpochLength is the length of an epoch in blocks, after which the target
	// changes; 0 means 30.
	EpochLength uint64
	// Maturity is how many epochs a cellbase waits; 0 means 4.
	Maturity uint64
	// Extension adds the block extension that CKB2023 chains have.
	Extension bool
	// Reward is the primary issuance per block in shannons; 0 means 500 CKB.
	Reward uint64
	// Others is the mean interval at which other miners find blocks; 0 means
	// never.
	Others time.Duration
	// Notify is where every new template is posted to.
	Notify []string
}

// Event is a block that entered the node.
type Event struct {
	Number     uint64
	Hash       ckb.Hash
	Difficulty *big.Int
	// Own marks blocks that the node made by itself.
	Own bool
	// Tip says that the block is the best chain's last now; otherwise it lies
	// beside the chain.
	Tip bool
	// Displaced counts the blocks that left the best chain for it.
	Displaced int
	// PaidTo is the lock that gets the block's reward.
	PaidTo ckb.Script
}

// maxEpochLength is what the epoch field has room for.
const maxEpochLength = 0xffff

// withDefaults fills in the zero fields and checks the rest.
func (c Config) withDefaults() (Config, error) {
	if c.Hasher == nil {
		return c, errors.New("simulated CKB node: no hasher")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.OnBlock == nil {
		c.OnBlock = func(Event) {}
	}
	setDefault(&c.Chain, "ckb_dev")
	setDefault(&c.CompactTarget, ckb.CompactFromDifficulty(big.NewInt(1<<20)))
	setDefault(&c.BlockInterval, 10*time.Second)
	setDefault(&c.EpochLength, 30)
	setDefault(&c.Maturity, 4)
	setDefault(&c.Reward, 500*shannonsPerCKB)
	return c, c.check()
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (c *Config) check() error {
	if _, err := ckb.TargetFromCompact(c.CompactTarget); err != nil {
		return fmt.Errorf("simulated CKB node: %w", err)
	}
	switch {
	case c.EpochLength > maxEpochLength:
		return fmt.Errorf("simulated CKB node: an epoch has at most %d blocks, not %d", maxEpochLength, c.EpochLength)
	case c.BlockInterval < time.Millisecond || c.Others < 0:
		return errors.New("simulated CKB node: intervals must be positive")
	case c.Reward > 1_000_000*shannonsPerCKB:
		return errors.New("simulated CKB node: the reward is over a million CKB")
	}
	return nil
}

func (c *Config) random() *rand.Rand { return rand.New(rand.NewPCG(c.Seed, 0x636b62)) }
