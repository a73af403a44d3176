package payout

import (
	"context"
	"errors"
)

// What a wallet's refusal to prepare an order means. Any other error means
// only that the order has not been prepared.
var (
	// ErrTooLarge: the transaction would be too large for the network.
	ErrTooLarge = errors.New("the transaction would be too large")
	// ErrNotEnough: the wallet has not enough money that it can spend now.
	ErrNotEnough = errors.New("the wallet has not enough unlocked money")
	// ErrPayee: an address or payment id of the order is refused.
	ErrPayee = errors.New("the wallet refuses a payee")
)

// ErrLost says that a wallet does not have the transaction any more that it
// was to relay, nor can it make it again.
var ErrLost = errors.New("the wallet has forgotten the transaction that it signed")

// Target is one destination of a transaction.
type Target struct {
	Address   string
	PaymentID string // 64 hex digits, or ""; of the whole transaction
	Amount    uint64 // atomic units
}

// Draft is a transaction that a wallet has signed and not handed out.
type Draft struct {
	Hash     string
	Metadata string // what the wallet wants back, if anything
	Fee      uint64 // of the network, atomic units
}

// Place is where a wallet's history has a transaction.
type Place int

// The places.
const (
	// Absent: it is not there. It may be on its way all the same.
	Absent Place = iota
	// Pending: it has left, and is in no block.
	Pending
	// Chained: it is in the chain.
	Chained
	// Dropped: it has left, but the network has forgotten it; it may be
	// handed out again.
	Dropped
)

// Sight is what a wallet's history says of a transaction.
type Sight struct {
	Place         Place
	Confirmations uint64 // blocks from its own to the tip, when it is Chained
}

// Balance is what a wallet holds, in atomic units.
type Balance struct {
	Total    uint64
	Unlocked uint64 // can be spent now
}

// Wallet is what payouts are paid from. Errors that are none of this package's
// leave open what happened.
type Wallet interface {
	// Balance asks what the wallet holds.
	Balance(ctx context.Context) (Balance, error)
	// Prepare signs a transaction and keeps it. It hands nothing out, whatever
	// becomes of the call. mine reports whether a hash belongs to another
	// payout.
	Prepare(ctx context.Context, targets []Target, mine func(hash string) bool) (Draft, error)
	// Relay hands a prepared transaction out. Doing so again is of no effect.
	Relay(ctx context.Context, d Draft) error
	// Discard forgets a prepared transaction that was never handed out.
	Discard(ctx context.Context, d Draft) error
	// Look asks the history.
	Look(ctx context.Context, hash string) (Sight, error)
	// Close closes the connections to the wallet.
	Close()
}
