package monero

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/cryptonote/zmq"
	"github.com/aditmine/adit/hash"
)

// Defaults of Config.
const (
	DefaultBlockInterval = time.Minute
	DefaultDifficulty    = 1000
	DefaultReward        = 600_000_000_000 // Monero's tail emission, 0.6 XMR
	DefaultMaturity      = 60
)

// maxReward keeps sums of outputs far from 64 bits.
const maxReward = 1 << 62

// Config says what kind of coin the node simulates.
type Config struct {
	// Algorithm is the proof of work; NewHasher makes what computes it.
	Algorithm *hash.Algorithm
	NewHasher func(*hash.Algorithm) (hash.Hasher, error)

	// MinerTxVersion is 1 or 2 (0 means 2). Version 1 pays in several
	// denominations, as Monero did in its first years.
	MinerTxVersion int
	// MajorVersion and MinorVersion of the blocks; 0 means 1 with miner
	// transactions of version 1, otherwise 16. From 15 on outputs carry a
	// view tag.
	MajorVersion, MinorVersion uint8
	// GenesisHeight is the height of the first block, which is there from the
	// start. Algorithms whose program depends on the height are more like the
	// real coin above its fork height, such as 1806260 for cn/r.
	GenesisHeight uint64

	// Difficulty of the first blocks (0 means DefaultDifficulty). With Fixed
	// it stays; otherwise it follows the blocks' timestamps towards one block
	// per BlockInterval (0 means DefaultBlockInterval; whole seconds).
	Difficulty    uint64
	Fixed         bool
	BlockInterval time.Duration
	// Reward of each block in atomic units; 0 means DefaultReward.
	Reward uint64
	// Maturity is the number of blocks after which a coinbase could be spent;
	// 0 means DefaultMaturity.
	Maturity uint64
	// Transactions is how many made-up transactions wait in the pool at the
	// start and again after each block.
	Transactions int

	// Others is the mean interval at which other miners find blocks, made by
	// the node itself from New to Close; 0 means never.
	Others time.Duration

	// Network whose addresses templates may pay to. The zero value takes any
	// network known to package cryptonote.
	Network cryptonote.Network

	// OnBlock, when set, is told about every block that the node accepts, in
	// order, by the goroutine that brought it. It may ask the node, but must
	// not add blocks to it.
	OnBlock func(Event)

	// Publisher, when set, is told of every change of the main chain, as
	// monerod's --zmq-pub does under json-minimal-chain_main. It is served by
	// whoever made it.
	Publisher *zmq.Publisher

	// Now and Rand default to time.Now and crypto/rand.
	Now  func() time.Time
	Rand io.Reader
}

// complete checks c and fills in the defaults.
func (c *Config) complete() error {
	switch {
	case c.Algorithm == nil || c.NewHasher == nil:
		return errors.New("an algorithm and its hasher are needed")
	case c.MinerTxVersion < 0 || c.MinerTxVersion > 2:
		return fmt.Errorf("miner transaction version %d: only 1 and 2 exist", c.MinerTxVersion)
	case c.BlockInterval%time.Second != 0 || c.BlockInterval < 0:
		return fmt.Errorf("block interval %s is not a number of whole seconds", c.BlockInterval)
	case c.Others < 0:
		return fmt.Errorf("an interval of %s between the blocks of others", c.Others)
	case c.Reward > maxReward:
		return fmt.Errorf("reward %d is above %d", c.Reward, uint64(maxReward))
	case c.Transactions < 0 || c.Transactions > maxPool:
		return fmt.Errorf("%d transactions: from 0 to %d are possible", c.Transactions, maxPool)
	case c.Algorithm.NonceOffset != nonceOffset || c.Algorithm.NonceSize != cryptonote.NonceSize:
		return fmt.Errorf("%s does not hash such blocks: it has its nonce elsewhere", c.Algorithm.Name)
	case c.Algorithm.NeedsSeed:
		return fmt.Errorf("%s needs a seed hash, which this node does not simulate", c.Algorithm.Name)
	}
	setDefault(&c.MinerTxVersion, 2)
	major := uint8(16)
	if c.MinerTxVersion == 1 {
		major = 1
	}
	setDefault(&c.MajorVersion, major)
	setDefault(&c.MinorVersion, c.MajorVersion)
	setDefault(&c.Difficulty, DefaultDifficulty)
	setDefault(&c.BlockInterval, DefaultBlockInterval)
	setDefault(&c.Reward, DefaultReward)
	setDefault(&c.Maturity, DefaultMaturity)
	if c.MajorVersion > maxVersion || c.MinorVersion > maxVersion {
		return fmt.Errorf("block version %d.%d: the nonce would not be at byte %d",
			c.MajorVersion, c.MinorVersion, nonceOffset)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	return nil
}

const (
	// nonceOffset is where the nonce lies with versions of one byte, up to
	// maxVersion, and a timestamp of five.
	nonceOffset = 39
	maxVersion  = 127
)

func setDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}
