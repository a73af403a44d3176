package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/aditmine/adit/pool/reward"
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
	// ErrSettled: the block has been unlocked, and cannot change any more.
	ErrSettled = errors.New("the block's reward has been divided already")
	// ErrUnbalanced: a journal transaction that does not sum to zero, which is
	// a mistake of this program; it is not written.
	ErrUnbalanced = errors.New("the entries of a transaction do not sum to zero")
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
	Terms
}

// Terms are how a share is paid: under which scheme ("" is PPLNS) and for
// which fee, in basis points.
type Terms struct {
	Scheme reward.Scheme
	Fee    int
}

func (t Terms) scheme() reward.Scheme {
	if t.Scheme == "" {
		return reward.PPLNS
	}
	return t.Scheme
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
	// BlockUnlocked: it is in the chain for good, and its reward divided.
	BlockUnlocked BlockState = "unlocked"
	// BlockOrphaned: another block is in the chain in its place.
	BlockOrphaned BlockState = "orphaned"
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
	Terms                // of the share that solved it
	// Share, when AddBlock is given one, is booked together with the block:
	// the share that solved it. It is nil in answers.
	Share *Share

	Round       int64  // the shares that it pays for, under PROP
	Depth       uint64 // blocks above it when it was last seen in the chain
	Reward      uint64 // atomic units; 0 until it is unlocked
	Resubmitted bool   // handed in again after a restart
	Restored    bool   // taken for lost once, and back since
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
	// returns the number it is settled by. Its share, if it has one, is in the
	// same transaction. The round of its coin and scheme ends with it.
	AddBlock(ctx context.Context, b Block) (int64, error)
	// SettleBlock records what the node said of a candidate: BlockAccepted,
	// BlockRefused or BlockUnsure. A refused PROP block gives its shares back
	// to the live round. ErrSettled says that the chain has decided already.
	SettleBlock(ctx context.Context, id int64, state BlockState, detail string, at time.Time) error
}

// Accountant turns blocks and shares into money.
type Accountant interface {
	// Candidates lists a coin's blocks whose fate is open, oldest first: those
	// found, accepted or unsure, and lost ones from a height on, which the
	// chain may bring back.
	Candidates(ctx context.Context, coin string, lostFrom uint64) ([]Block, error)
	// MarkResubmitted notes, before it is done, that a block is handed in
	// again.
	MarkResubmitted(ctx context.Context, id int64) error
	// NoteDepth records that a block was seen in the chain, with so many
	// blocks above it. A block taken for lost is a candidate again.
	NoteDepth(ctx context.Context, id int64, depth uint64, at time.Time) error
	// UnlockBlock divides the reward of a block that is in the chain for good.
	// Asked again, it changes nothing.
	UnlockBlock(ctx context.Context, id int64, u Unlock) error
	// OrphanBlock records that another block has its place. A PROP block gives
	// its shares back to the live round.
	OrphanBlock(ctx context.Context, id int64, detail string, at time.Time) error
	// PendingPPS lists the heights up to a limit at which a coin has PPS shares
	// that are not paid for, lowest first.
	PendingPPS(ctx context.Context, coin string, upTo uint64) ([]uint64, error)
	// SettlePPS pays for the PPS shares of a height.
	SettlePPS(ctx context.Context, p PPSPrice) error
	// RollUp sums shares from before a moment. No result changes by it.
	RollUp(ctx context.Context, before time.Time) error
}

// Unlock is what is known of a block that is in the chain for good.
type Unlock struct {
	Reward uint64 // atomic units, below 2^63
	Depth  uint64
	Window *big.Int // of PPLNS, in work
	At     time.Time
}

// PPSPrice is what PPS shares of a height are paid by: the block that the
// chain has there for good.
type PPSPrice struct {
	Coin       string
	Height     uint64
	Hash       string
	Reward     uint64 // atomic units, below 2^63
	Difficulty *big.Int
	At         time.Time
}

// NonceStore hands out extra nonces that never repeat.
type NonceStore interface {
	// ReserveExtranonces durably reserves count consecutive values for a coin
	// and returns the first. No value is ever returned twice.
	ReserveExtranonces(ctx context.Context, coin string, count uint64) (first uint64, err error)
}

// HistoryStore keeps what the charts show.
type HistoryStore interface {
	// AddHistory adds points, and drops those of the same coins from before a
	// moment.
	AddHistory(ctx context.Context, points []HistoryPoint, before time.Time) error
}

// Reader answers questions about what the ledger holds.
type Reader interface {
	PayoutReader
	// Totals sums accepted shares per miner, sorted by coin, login, worker, rig.
	Totals(ctx context.Context) ([]Total, error)
	// Blocks lists up to limit candidates, newest first.
	Blocks(ctx context.Context, limit int) ([]Block, error)
	// Balances lists all accounts that are not at zero, sorted by coin, kind
	// and login.
	Balances(ctx context.Context) ([]Balance, error)
	// RoundWork sums the shares of the live rounds, and of those that are among
	// the newest so many rounds, newest first. Rounds without shares are left
	// out.
	RoundWork(ctx context.Context, newest int) ([]RoundWork, error)
	// BlocksBefore lists up to limit candidates of a coin, newest first and
	// without their payloads, from those with a lower number on; coin "" and
	// number 0 are all.
	BlocksBefore(ctx context.Context, coin string, id int64, limit int) ([]Block, error)
	// BlockCounts counts the candidates of each coin, scheme and state.
	BlockCounts(ctx context.Context) ([]BlockCount, error)
	// History lists the points of the charts since a moment, oldest first.
	History(ctx context.Context, since time.Time) ([]HistoryPoint, error)
	// Audit recomputes what can be recomputed and returns every invariant that
	// does not hold; see Violation.
	Audit(ctx context.Context) ([]Violation, error)
	Close() error
}

// Store is a ledger open for writing.
type Store interface {
	ShareStore
	BlockStore
	Accountant
	NonceStore
	PayoutStore
	HistoryStore
	Reader
	// Epoch numbers the times the ledger was opened for writing, from 1.
	Epoch() uint64
}
