package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Errors that callers branch on. Each is wrapped with what was being done.
var (
	// ErrLocked: another process has the ledger open for writing.
	ErrLocked = errors.New("the ledger is in use by another pool process")
	// ErrFull: the disk, or the database's size limit, is exhausted.
	ErrFull = errors.New("no space left for the ledger")
	// ErrNotLedger: the file is no database, or is damaged.
	ErrNotLedger = errors.New("not a ledger database")
	// ErrMissing: there is no ledger file.
	ErrMissing = errors.New("there is no ledger yet: run the pool first")
	// ErrClosed: the ledger or its committer has been closed.
	ErrClosed = errors.New("the ledger is closed")
	// ErrBusy: more shares wait to be committed than the committer may hold.
	ErrBusy = errors.New("too many shares wait for the ledger")
)

// SchemaError says that a ledger was written by a newer (or, for a reader,
// older) adit than this one.
type SchemaError struct {
	Path        string
	Have, Wants int
}

// Error says which of the two must be upgraded.
func (e *SchemaError) Error() string {
	if e.Have > e.Wants {
		return fmt.Sprintf("ledger %s has schema %d, newer than the %d this adit knows: use the adit that wrote it, or a newer one", e.Path, e.Have, e.Wants)
	}
	return fmt.Sprintf("ledger %s has schema %d, older than %d: run the pool once to upgrade it", e.Path, e.Have, e.Wants)
}

// Miner is to whom work is credited: a login on a coin, told apart by worker
// name and rig id where the miner gave them.
type Miner struct {
	Coin, Login, Worker, Rig string
}

// Share is one accepted share. Difficulty is what its job was issued at, which
// is also what it is worth. Template and Session tell the template and the
// session it came from; they are unique within the ledger in practice.
type Share struct {
	Miner
	Session    uint64
	Template   uint64
	Height     uint64
	Difficulty uint64
	Time       time.Time
	Block      bool
}

// BlockState is what became of a block candidate.
type BlockState string

// The states of a candidate.
const (
	// BlockFound: written down, the node has not answered yet.
	BlockFound BlockState = "found"
	// BlockAccepted: the node took it.
	BlockAccepted BlockState = "accepted"
	// BlockRefused: the node said no; Detail says why.
	BlockRefused BlockState = "refused"
	// BlockUnsure: the node could not be asked, or its answer was lost.
	BlockUnsure BlockState = "unsure"
)

// Block is a block candidate: a share that met the network's target.
type Block struct {
	ID int64
	Miner
	Height     uint64
	Hash       string // block id, hex
	Parent     string // parent block id, hex
	Template   uint64
	Difficulty string // network difficulty, decimal
	Payload    string // what is submitted to the node, for sending it again
	Found      time.Time
	State      BlockState
	Detail     string
	Settled    time.Time // zero while State is BlockFound
}

// Total sums the accepted shares of one miner.
type Total struct {
	Miner
	Shares     uint64
	Blocks     uint64 // shares that were block candidates
	Difficulty *big.Int
	Last       time.Time
}

// ShareStore takes accepted shares.
type ShareStore interface {
	// AppendShares writes all of shares in one durable transaction, or none.
	AppendShares(shares []Share) error
}

// BlockStore keeps block candidates.
type BlockStore interface {
	// AddBlock writes a candidate down, durably, in state BlockFound, and
	// returns the number it is settled by.
	AddBlock(ctx context.Context, b Block) (int64, error)
	// SettleBlock records what became of a candidate.
	SettleBlock(ctx context.Context, id int64, state BlockState, detail string, at time.Time) error
}

// NonceStore hands out extra nonces that never repeat.
type NonceStore interface {
	// ReserveExtranonces durably reserves count consecutive values for a coin
	// and returns the first. No value is ever returned twice.
	ReserveExtranonces(ctx context.Context, coin string, count uint64) (first uint64, err error)
}

// Reader answers questions about what the ledger holds.
type Reader interface {
	// Totals sums accepted shares per miner, sorted by coin, login, worker, rig.
	Totals(ctx context.Context) ([]Total, error)
	// Blocks lists up to limit candidates, newest first.
	Blocks(ctx context.Context, limit int) ([]Block, error)
	Close() error
}

// Store is a ledger open for writing.
type Store interface {
	ShareStore
	BlockStore
	NonceStore
	Reader
	// Epoch numbers the times the ledger was opened for writing, from 1.
	Epoch() uint64
}
