package payout

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aditmine/adit/chain/cryptonote/walletd"
)

// Walletd is the wallet behind a service of the walletd family. It signs by
// delayed transactions, which the service keeps until it ends.
type Walletd struct {
	client    *walletd.Client
	fee       uint64
	anonymity int
}

var _ Wallet = Walletd{}

// NewWalletd pays through a client, which it closes in the end. fee is that of
// every transaction, in atomic units, anonymity how many outputs each input
// hides among.
func NewWalletd(client *walletd.Client, fee uint64, anonymity int) Walletd {
	return Walletd{client, fee, anonymity}
}

// Close implements Wallet.
func (w Walletd) Close() { w.client.Close() }

// Balance implements Wallet.
func (w Walletd) Balance(ctx context.Context) (Balance, error) {
	b, err := w.client.Balance(ctx)
	return Balance{Total: b.Available + b.Locked, Unlocked: b.Available}, err
}

// Prepare implements Wallet. If an earlier answer was lost, the transaction
// waits in the service, with the money it spends: then it is taken up.
func (w Walletd) Prepare(ctx context.Context, targets []Target, mine func(string) bool) (Draft, error) {
	payment := walletd.Payment{Fee: w.fee, Anonymity: w.anonymity}
	for _, t := range targets {
		payment.Transfers = append(payment.Transfers, walletd.Transfer{Address: t.Address, Amount: int64(t.Amount)})
		payment.PaymentID = t.PaymentID
	}
	hash, err := w.waiting(ctx, payment, mine)
	if err == nil && hash == "" {
		hash, err = w.client.CreateDelayed(ctx, payment)
	}
	if err != nil {
		return Draft{}, walletdError(err)
	}
	return Draft{Hash: hash, Fee: w.fee}, nil
}

// waiting finds a delayed transaction that pays exactly this and belongs to no
// payout.
func (w Walletd) waiting(ctx context.Context, p walletd.Payment, mine func(string) bool) (string, error) {
	hashes, err := w.client.DelayedHashes(ctx)
	if err != nil {
		return "", err
	}
	for _, hash := range hashes {
		if mine(hash) {
			continue
		}
		t, err := w.client.Transaction(ctx, hash)
		if errors.Is(err, walletd.ErrNotFound) {
			continue
		}
		if err != nil {
			return "", err
		}
		if t.State == walletd.Created && t.Fee == p.Fee && t.PaymentID == p.PaymentID && pays(t, p.Transfers) {
			return hash, nil
		}
	}
	return "", nil
}

// pays reports whether a transaction's payees are these, and nobody else but
// the wallet itself, whose change and inputs may stand among them.
func pays(t *walletd.Transaction, want []walletd.Transfer) bool {
	rest := slices.Clone(t.Transfers)
	for _, w := range want {
		i := slices.Index(rest, w)
		if i < 0 {
			return false
		}
		rest = slices.Delete(rest, i, i+1)
	}
	spenders := make(map[string]bool)
	for _, r := range rest {
		if r.Amount < 0 {
			spenders[r.Address] = true
		}
	}
	return !slices.ContainsFunc(rest, func(r walletd.Transfer) bool { return r.Amount > 0 && r.Address != "" && !spenders[r.Address] })
}

// walletdError gives refusals the names of this package.
func walletdError(err error) error {
	for known, kind := range map[error]error{
		walletd.ErrTooLarge: ErrTooLarge, walletd.ErrNotEnough: ErrNotEnough, walletd.ErrAddress: ErrPayee, walletd.ErrPaymentID: ErrPayee,
	} {
		if errors.Is(err, known) {
			return fmt.Errorf("%w: %w", kind, err)
		}
	}
	return err
}

// Relay implements Wallet.
func (w Walletd) Relay(ctx context.Context, d Draft) error {
	err := w.client.SendDelayed(ctx, d.Hash)
	if errors.Is(err, walletd.ErrNotFound) {
		return fmt.Errorf("%w: %w", ErrLost, err)
	}
	return err
}

// Discard implements Wallet.
func (w Walletd) Discard(ctx context.Context, d Draft) error {
	err := w.client.DeleteDelayed(ctx, d.Hash)
	if errors.Is(err, walletd.ErrNotFound) {
		return nil
	}
	return err
}

// Look implements Wallet.
func (w Walletd) Look(ctx context.Context, hash string) (Sight, error) {
	t, err := w.client.Transaction(ctx, hash)
	if errors.Is(err, walletd.ErrNotFound) {
		return Sight{Place: Absent}, nil
	}
	if err != nil {
		return Sight{}, err
	}
	switch t.State {
	case walletd.Succeeded:
		if t.InBlock() {
			return w.chained(ctx, t)
		}
		return Sight{Place: Pending}, nil
	case walletd.Created:
		return Sight{Place: Absent}, nil
	}
	return Sight{Place: Dropped}, nil
}

func (w Walletd) chained(ctx context.Context, t *walletd.Transaction) (Sight, error) {
	s, err := w.client.Status(ctx)
	if err != nil {
		return Sight{}, err
	}
	return Sight{Place: Chained, Confirmations: s.BlockCount - min(s.BlockCount, t.BlockIndex)}, nil
}
