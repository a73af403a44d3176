package ledger

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Errors of payouts that callers branch on.
var (
	// ErrPaused: the coin's payouts are paused; none begins.
	ErrPaused = errors.New("payouts of this coin are paused")
	// ErrShort: a login is owed less than it was to be paid.
	ErrShort = errors.New("the login is owed less than that")
	// ErrMoved: the payout is not in the state that the caller saw it in.
	ErrMoved = errors.New("the payout has moved on meanwhile")
	// ErrNoPayout: there is no payout of this number.
	ErrNoPayout = errors.New("there is no such payout")
)

// PayoutState is how far a payout has come.
type PayoutState string

// The states of a payout. In all but the last two its money is in flight.
const (
	// PayoutCreated: the money is set aside. Nothing has left, nor can it.
	PayoutCreated PayoutState = "created"
	// PayoutPrepared: the wallet has signed a transaction, whose hash is
	// written down, and keeps it to itself. Nothing has left.
	PayoutPrepared PayoutState = "prepared"
	// PayoutSending: the transaction is being handed out. Whether it has left
	// is for the wallet's history to say.
	PayoutSending PayoutState = "sending"
	// PayoutSent: it has left; the chain has not confirmed it enough yet.
	PayoutSent PayoutState = "sent"
	// PayoutReview: it may have left and the history does not show it; a
	// person has to decide.
	PayoutReview PayoutState = "review"
	// PayoutConfirmed: it is in the chain for good, the money is paid.
	PayoutConfirmed PayoutState = "confirmed"
	// PayoutReturned: it never left, the money is the miners' again.
	PayoutReturned PayoutState = "returned"
)

// PayoutStates lists all states in the order of a payout's life.
func PayoutStates() []PayoutState {
	return []PayoutState{PayoutCreated, PayoutPrepared, PayoutSending, PayoutSent, PayoutReview, PayoutConfirmed, PayoutReturned}
}

// Open reports whether the money is in flight.
func (s PayoutState) Open() bool { return s != PayoutConfirmed && s != PayoutReturned }

// next is the state machine: what may follow on a state.
func (s PayoutState) next() []PayoutState {
	switch s {
	case PayoutCreated:
		return []PayoutState{PayoutPrepared, PayoutReturned}
	case PayoutPrepared:
		return []PayoutState{PayoutSending, PayoutCreated, PayoutReturned}
	case PayoutSending:
		return []PayoutState{PayoutSent, PayoutReview}
	case PayoutSent:
		return []PayoutState{PayoutConfirmed, PayoutSending, PayoutReview}
	case PayoutReview:
		return []PayoutState{PayoutSending, PayoutReturned}
	}
	return nil
}

// leadsTo reports whether a payout may go from one state to another. In the
// same open state it may stay, to note a failed attempt.
func (s PayoutState) leadsTo(to PayoutState) bool {
	return s == to && s.Open() || slices.Contains(s.next(), to)
}

// PayoutEntry is what one login gets of a payout, in atomic units.
type PayoutEntry struct {
	Login    string
	Amount   uint64 // that leaves its balance
	Withheld uint64 // of it, for the network's fee; the rest is sent
}

// Sent is what the login receives.
func (e PayoutEntry) Sent() uint64 { return e.Amount - e.Withheld }

// Payout is one transaction of the wallet to some logins.
type Payout struct {
	ID       int64
	Coin     string
	State    PayoutState
	Created  time.Time
	Changed  time.Time // when it came into its state
	Tried    time.Time // when something last happened to it
	Attempts int       // that have failed in this state
	Detail   string    // why the last one did
	TxHash   string    // hex; "" before it is prepared
	Metadata string    // what the wallet wants back to hand the transaction out
	Fee      uint64    // of the network, atomic units; 0 before it is prepared
	Entries  []PayoutEntry
}

// Amount is the sum of what leaves balances.
func (p *Payout) Amount() (sum uint64) {
	for _, e := range p.Entries {
		sum += e.Amount
	}
	return sum
}

// PayoutDraft is a transaction that the wallet has signed and not handed out.
type PayoutDraft struct {
	TxHash, Metadata string
	Fee              uint64
	Withheld         []uint64 // of each entry, in their order; nil is nothing
}

// PayoutMove takes a payout from the state that the caller saw it in to
// another, or notes a failed attempt where both are the same.
type PayoutMove struct {
	From, To PayoutState
	Detail   string
	Draft    *PayoutDraft // when To is PayoutPrepared
	At       time.Time
}

// PayoutQuery selects payouts; zero fields select all.
type PayoutQuery struct {
	Coin, Login string
	State       PayoutState
	Open        bool // only those whose money is in flight
	Limit       int  // 0: all
}

// PayoutCount is how many payouts of a coin are in a state, and their money.
type PayoutCount struct {
	Coin   string
	State  PayoutState
	Count  int
	Amount uint64 // atomic units
}

// Payable is a login with a balance.
type Payable struct {
	Login     string
	Owed      uint64
	Threshold uint64 // the login's own; 0: the pool's
}

// Pause says since when and why a coin's payouts are paused.
type Pause struct {
	Coin, Reason string
	At           time.Time
}

// PayoutReader answers questions about payouts.
type PayoutReader interface {
	// Payouts lists payouts, newest first; open ones alone, oldest first.
	Payouts(ctx context.Context, q PayoutQuery) ([]Payout, error)
	// PayoutByID is one payout, or ErrNoPayout.
	PayoutByID(ctx context.Context, id int64) (Payout, error)
	// PayoutCounts sums the payouts of each coin and state, sorted by both.
	PayoutCounts(ctx context.Context) ([]PayoutCount, error)
	// Payables lists the logins of a coin that are owed something, by login.
	Payables(ctx context.Context, coin string) ([]Payable, error)
	// PayoutPauses lists the coins whose payouts are paused, by name.
	PayoutPauses(ctx context.Context) ([]Pause, error)
}

// PayoutStore moves the money of payouts, every step in one transaction.
type PayoutStore interface {
	PayoutReader
	// CreatePayout sets money aside: from the logins' balances to what is in
	// flight. ErrPaused and ErrShort can be told apart; nothing is set aside
	// then.
	CreatePayout(ctx context.Context, coin string, entries []PayoutEntry, at time.Time) (Payout, error)
	// MovePayout takes a payout to its next state, and its money with it:
	// PayoutConfirmed pays it, PayoutReturned gives it back. ErrMoved says that
	// it was in another state than From: of two that move it one succeeds.
	MovePayout(ctx context.Context, id int64, m PayoutMove) error
	// PausePayouts lets no payout of a coin begin; those that have begun go on.
	PausePayouts(ctx context.Context, coin, reason string, at time.Time) error
	// ResumePayouts ends that.
	ResumePayouts(ctx context.Context, coin string) error
	// SetPayoutThreshold keeps a login's own threshold, in atomic units; 0
	// forgets it.
	SetPayoutThreshold(ctx context.Context, coin, login string, amount uint64) error
}
