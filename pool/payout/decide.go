package payout

import (
	"context"
	"errors"
	"fmt"

	"github.com/aditmine/adit/pool/ledger"
)

// Return gives the money of a payout back to the miners, as a person has
// decided: of one that has not been handed out, or of one under review that
// the wallet's history does not show. Whether such a one has left all the same
// is for the person to know.
func Return(ctx context.Context, cfg Config, id int64) error {
	o, err := cfg.Store.PayoutByID(ctx, id)
	if err != nil {
		return err
	}
	switch o.State {
	case ledger.PayoutCreated, ledger.PayoutPrepared:
	case ledger.PayoutReview:
		if err := absent(ctx, cfg, o); err != nil {
			return err
		}
	case ledger.PayoutSending, ledger.PayoutSent:
		return fmt.Errorf("payout %d is %s: it may have left, and the pool finds out by itself; if it cannot, it puts it under review", id, o.State)
	default:
		return fmt.Errorf("payout %d is %s already", id, o.State)
	}
	err = cfg.Store.MovePayout(ctx, id, ledger.PayoutMove{From: o.State, To: ledger.PayoutReturned, Detail: "returned by hand", At: cfg.Now()})
	if err != nil || o.State != ledger.PayoutPrepared {
		return err
	}
	if err := cfg.Wallet.Discard(ctx, draftOf(o.TxHash, o.Metadata, o.Fee)); err != nil {
		return fmt.Errorf("payout %d is returned, but the wallet still keeps its transaction %s: %w", id, o.TxHash, err)
	}
	return nil
}

// absent makes sure that the wallet's history does not show a payout.
func absent(ctx context.Context, cfg Config, o ledger.Payout) error {
	sight, err := cfg.Wallet.Look(ctx, o.TxHash)
	if err != nil {
		return fmt.Errorf("looking for payout %d in the wallet's history: %w", o.ID, err)
	}
	if sight.Place == Pending || sight.Place == Chained {
		return errors.New("the wallet's history shows it: it has left; let the pool follow it again, with retry")
	}
	return nil
}

// Retry lets a payout under review be followed again: looked for in the
// wallet's history, and handed out again, the same transaction, where that does
// not show it.
func Retry(ctx context.Context, cfg Config, id int64) error {
	o, err := cfg.Store.PayoutByID(ctx, id)
	if err != nil {
		return err
	}
	if o.State != ledger.PayoutReview {
		return fmt.Errorf("payout %d is %s, not under review: the pool looks after it by itself", id, o.State)
	}
	return cfg.Store.MovePayout(ctx, id, ledger.PayoutMove{From: o.State, To: ledger.PayoutSending, Detail: "tried again by hand", At: cfg.Now()})
}
