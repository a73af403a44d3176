package payout

import (
	"context"
	"errors"
	"fmt"

	"github.com/aditmine/adit/pool/ledger"
)

// follow takes a payout as far as it comes now. Every state is on disk before
// the next call to the wallet.
func (p *Payer) follow(ctx context.Context, o ledger.Payout) error {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	switch o.State {
	case ledger.PayoutCreated:
		return p.begin(ctx, o)
	case ledger.PayoutPrepared:
		return p.startOver(ctx, o)
	case ledger.PayoutSending:
		return p.settle(ctx, o)
	case ledger.PayoutSent:
		return p.confirm(ctx, o)
	}
	return nil // review is for a person
}

// begin has the transaction signed, and hands it out.
func (p *Payer) begin(ctx context.Context, o ledger.Payout) error {
	draft, err := p.prepare(ctx, o)
	switch {
	case errors.Is(err, ErrTooLarge), errors.Is(err, ErrPayee), errors.Is(err, ErrNotEnough):
		return errors.Join(err, p.move(&o, ledger.PayoutReturned, err.Error(), nil))
	case err != nil:
		return errors.Join(err, p.move(&o, o.State, err.Error(), nil))
	}
	if err := p.move(&o, ledger.PayoutPrepared, "", draft); err != nil {
		return err
	}
	if err := p.move(&o, ledger.PayoutSending, "", nil); err != nil {
		return err
	}
	return p.relay(ctx, o)
}

// prepare has the wallet sign. Where the miners bear the fee, a first draft
// tells how much it is, and what is sent is less in the second.
func (p *Payer) prepare(ctx context.Context, o ledger.Payout) (*ledger.PayoutDraft, error) {
	mine, err := p.known(ctx)
	if err != nil {
		return nil, err
	}
	draft, err := p.sign(ctx, o, nil, mine)
	if err != nil || !p.cfg.MinersPayFees {
		return draft, err
	}
	withheld := shareFee(draft.Fee, o.Entries)
	if err := p.cfg.Wallet.Discard(ctx, draftOf(draft.TxHash, draft.Metadata, draft.Fee)); err != nil {
		return nil, err
	}
	return p.sign(ctx, o, withheld, mine)
}

func (p *Payer) sign(ctx context.Context, o ledger.Payout, withheld []uint64, mine func(string) bool) (*ledger.PayoutDraft, error) {
	targets := make([]Target, len(o.Entries))
	for i, e := range o.Entries {
		to, err := p.cfg.Payee(e.Login)
		if err != nil {
			return nil, fmt.Errorf("%w: %q: %w", ErrPayee, e.Login, err)
		}
		targets[i] = Target{Address: to.Address, PaymentID: to.PaymentID, Amount: e.Amount}
		if withheld != nil {
			targets[i].Amount -= withheld[i]
		}
	}
	d, err := p.cfg.Wallet.Prepare(ctx, targets, mine)
	if err != nil {
		return nil, err
	}
	return &ledger.PayoutDraft{TxHash: d.Hash, Metadata: d.Metadata, Fee: d.Fee, Withheld: withheld}, nil
}

// known tells the hashes of this coin's payouts.
func (p *Payer) known(ctx context.Context) (func(string) bool, error) {
	open, err := p.cfg.Store.Payouts(ctx, ledger.PayoutQuery{Coin: p.cfg.Coin, Open: true})
	if err != nil {
		return nil, err
	}
	hashes := make(map[string]bool)
	for _, o := range open {
		hashes[o.TxHash] = true
	}
	return func(hash string) bool { return hashes[hash] }, nil
}

// shareFee divides a fee evenly, rounded up; nobody gives more than half of his
// amount.
func shareFee(fee uint64, entries []ledger.PayoutEntry) []uint64 {
	n := uint64(len(entries))
	share := fee/n + min(fee%n, 1)
	withheld := make([]uint64, n)
	for i, e := range entries {
		withheld[i] = min(share, e.Amount/2)
	}
	return withheld
}

func draftOf(hash, metadata string, fee uint64) Draft {
	return Draft{Hash: hash, Metadata: metadata, Fee: fee}
}

// startOver has a transaction signed anew that an earlier run had signed and
// never handed out: what it spends may be gone by now. The ledger comes first:
// once it says so, no other payer hands that transaction out.
func (p *Payer) startOver(ctx context.Context, o ledger.Payout) error {
	if err := p.move(&o, ledger.PayoutCreated, "", nil); err != nil {
		return err
	}
	if err := p.cfg.Wallet.Discard(ctx, draftOf(o.TxHash, o.Metadata, o.Fee)); err != nil {
		return fmt.Errorf("forgetting a transaction that was not sent: %w", err)
	}
	return p.begin(ctx, o)
}

// settle finds out whether a payout has left. If the history does not show it,
// the same transaction is handed out again.
func (p *Payer) settle(ctx context.Context, o ledger.Payout) error {
	sight, err := p.cfg.Wallet.Look(ctx, o.TxHash)
	if err != nil {
		return fmt.Errorf("looking for it in the wallet's history: %w", err)
	}
	if sight.Place == Pending || sight.Place == Chained {
		return p.move(&o, ledger.PayoutSent, "", nil)
	}
	return p.relay(ctx, o)
}

// relay hands a payout's transaction out. An error decides nothing: the next
// look at the history does.
func (p *Payer) relay(ctx context.Context, o ledger.Payout) error {
	err := p.cfg.Wallet.Relay(ctx, draftOf(o.TxHash, o.Metadata, o.Fee))
	switch {
	case err == nil:
		return p.move(&o, ledger.PayoutSent, "", nil)
	case errors.Is(err, ErrLost), o.Attempts+1 >= maxAttempts:
		return errors.Join(err, p.move(&o, ledger.PayoutReview, err.Error(), nil))
	}
	return errors.Join(err, p.move(&o, o.State, err.Error(), nil))
}

// confirm looks how deep a payout is. One that the network has dropped is
// handed out again, until nobody can tell any more.
func (p *Payer) confirm(ctx context.Context, o ledger.Payout) error {
	sight, err := p.cfg.Wallet.Look(ctx, o.TxHash)
	switch {
	case err != nil:
		return fmt.Errorf("looking for it in the wallet's history: %w", err)
	case sight.Place == Chained && sight.Confirmations >= p.cfg.Confirmations:
		return p.move(&o, ledger.PayoutConfirmed, "", nil)
	case sight.Place == Chained, sight.Place == Pending:
		return nil
	case p.cfg.Now().Sub(o.Created) > forgetAfter:
		return p.move(&o, ledger.PayoutReview, "it was sent, and the wallet's history does not show it any more", nil)
	}
	return p.move(&o, ledger.PayoutSending, "the wallet's history does not show it any more", nil)
}

// move writes a change down, and logs it.
func (p *Payer) move(o *ledger.Payout, to ledger.PayoutState, detail string, draft *ledger.PayoutDraft) error {
	// What has happened is written down also when the pool is ending.
	err := p.cfg.Store.MovePayout(context.Background(), o.ID, ledger.PayoutMove{
		From: o.State, To: to, Detail: detail, Draft: draft, At: p.cfg.Now(),
	})
	if err != nil || o.State == to {
		return err
	}
	o.State, o.Attempts = to, 0
	if draft != nil {
		o.TxHash, o.Metadata, o.Fee = draft.TxHash, draft.Metadata, draft.Fee
	}
	level := p.cfg.Log.Info
	if to == ledger.PayoutReview {
		level = p.cfg.Log.Error
	}
	if to != ledger.PayoutPrepared && to != ledger.PayoutCreated {
		level("payout "+string(to), "coin", p.cfg.Coin, "payout", o.ID, "payees", len(o.Entries), "amount", o.Amount(), "tx", o.TxHash, "detail", detail)
	}
	return nil
}
