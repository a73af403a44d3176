package payout

import (
	"context"
	"errors"
	"fmt"

	"github.com/aditmine/adit/chain/cryptonote/walletrpc"
)

// Monero is the wallet behind a monero-wallet-rpc. It signs with do_not_relay,
// keeps no trace of that, and relays what it is given back.
type Monero struct {
	client             *walletrpc.Client
	priority, ringSize int
}

var _ Wallet = Monero{}

// NewMonero pays through a client, which it closes in the end. priority is 0
// (the wallet's default) to 4; ringSize 0 is the wallet's default.
func NewMonero(client *walletrpc.Client, priority, ringSize int) Monero {
	return Monero{client, priority, ringSize}
}

// Close implements Wallet.
func (m Monero) Close() { m.client.Close() }

// Balance implements Wallet.
func (m Monero) Balance(ctx context.Context) (Balance, error) {
	if _, err := m.client.Refresh(ctx); err != nil {
		return Balance{}, err
	}
	b, err := m.client.Balance(ctx)
	return Balance{Total: b.Total, Unlocked: b.Unlocked}, err
}

// Prepare implements Wallet.
func (m Monero) Prepare(ctx context.Context, targets []Target, _ func(string) bool) (Draft, error) {
	payment := walletrpc.Payment{Priority: m.priority, RingSize: m.ringSize}
	for _, t := range targets {
		if t.PaymentID != "" {
			return Draft{}, fmt.Errorf("%w: Monero has given up payment ids of 64 digits; an integrated address does that now", ErrPayee)
		}
		payment.Destinations = append(payment.Destinations, walletrpc.Destination{Address: t.Address, Amount: t.Amount})
	}
	p, err := m.client.Prepare(ctx, payment)
	if err != nil {
		return Draft{}, moneroError(err)
	}
	return Draft{Hash: p.TxHash, Metadata: p.Metadata, Fee: p.Fee}, nil
}

// moneroError gives refusals the names of this package.
func moneroError(err error) error {
	for kind, list := range map[error][]error{
		ErrTooLarge:  {walletrpc.ErrTooLarge},
		ErrNotEnough: {walletrpc.ErrNotEnough, walletrpc.ErrNotEnoughUnlocked, walletrpc.ErrNotPossible},
		ErrPayee:     {walletrpc.ErrWrongAddress, walletrpc.ErrWrongPaymentID},
	} {
		for _, known := range list {
			if errors.Is(err, known) {
				return fmt.Errorf("%w: %w", kind, err)
			}
		}
	}
	return err
}

// Relay implements Wallet. "Failed to commit" leaves open whether the node has
// the transaction: it may have taken it and not been able to say so.
func (m Monero) Relay(ctx context.Context, d Draft) error {
	hash, err := m.client.Relay(ctx, d.Metadata)
	switch {
	case errors.Is(err, walletrpc.ErrBadMetadata):
		return fmt.Errorf("%w: %w", ErrLost, err)
	case err == nil && hash != d.Hash:
		return fmt.Errorf("the wallet relayed %.80q, not %s", hash, d.Hash)
	}
	return err
}

// Discard implements Wallet: there is nothing to forget.
func (m Monero) Discard(context.Context, Draft) error { return nil }

// Look implements Wallet.
func (m Monero) Look(ctx context.Context, hash string) (Sight, error) {
	t, err := m.client.TransferByTxID(ctx, hash)
	switch {
	case errors.Is(err, walletrpc.ErrNoSuchTransfer):
		return Sight{Place: Absent}, nil
	case err != nil:
		return Sight{}, err
	case t.TxID != hash:
		return Sight{}, fmt.Errorf("the wallet was asked about %s and answered about %.80q", hash, t.TxID)
	case t.Type == "failed":
		return Sight{Place: Dropped}, nil
	case t.Height == 0:
		return Sight{Place: Pending}, nil
	}
	return Sight{Place: Chained, Confirmations: t.Confirmations}, nil
}
