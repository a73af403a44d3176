package unlock

import (
	"context"
	"errors"
	"fmt"

	"github.com/aditmine/adit/pool/coin"
	"github.com/aditmine/adit/pool/ledger"
)

// reconcile settles candidates of which an earlier run does not say what
// became of them. It returns those that could not be asked about yet.
func (u *Unlocker) reconcile(ctx context.Context, blocks []ledger.Block) (open []ledger.Block) {
	for _, b := range blocks {
		if b.State != ledger.BlockFound && b.State != ledger.BlockUnsure {
			continue
		}
		if err := u.reconcileOne(ctx, b); err != nil {
			if ctx.Err() == nil {
				u.cfg.Log.Warn("a block of an earlier run could not be looked up; trying again", "coin", u.cfg.Coin, "height", b.Height, "hash", b.Hash, "err", err)
			}
			open = append(open, b)
		}
	}
	return open
}

// reconcileOne asks for a block, and hands it in once more if the node does
// not know it and its parent is still the tip. That this is done is written
// down first, so that no crash makes it happen twice.
func (u *Unlocker) reconcileOne(ctx context.Context, b ledger.Block) error {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	sight, err := u.cfg.Chain.Look(ctx, b.Hash, b.Height)
	if err != nil {
		return err
	}
	switch sight.Place {
	case InChain:
		return u.settle(ctx, b, ledger.BlockAccepted, "")
	case Unclear:
		return errors.New("the chain is changing")
	case Ahead:
		return u.again(ctx, b)
	}
	return u.settle(ctx, b, ledger.BlockUnsure, fmt.Sprintf("after a restart: %s, the chain has %s at its height", sight.Place, sight.Other))
}

// again hands a block in for the second and last time.
func (u *Unlocker) again(ctx context.Context, b ledger.Block) error {
	tip, err := u.cfg.Chain.Tip(ctx)
	if err != nil {
		return err
	}
	if tip.Hash != b.Parent || b.Resubmitted {
		return u.settle(ctx, b, ledger.BlockUnsure, "after a restart: the node does not have it")
	}
	if err := u.cfg.Store.MarkResubmitted(ctx, b.ID); err != nil {
		return err
	}
	err = u.cfg.Submit(ctx, coin.Block{Hash: b.Hash, Payload: b.Payload})
	var refused *coin.RefusedError
	switch {
	case err == nil:
		return u.settle(ctx, b, ledger.BlockAccepted, "")
	case errors.As(err, &refused):
		return u.settle(ctx, b, ledger.BlockRefused, refused.Reason)
	}
	return u.settle(ctx, b, ledger.BlockUnsure, err.Error())
}

func (u *Unlocker) settle(ctx context.Context, b ledger.Block, state ledger.BlockState, detail string) error {
	err := u.cfg.Settle(context.WithoutCancel(ctx), b.ID, state, detail, u.cfg.Now())
	if errors.Is(err, ledger.ErrSettled) {
		return nil // it has been unlocked meanwhile
	}
	if err != nil {
		return err
	}
	u.cfg.Log.Info("block of an earlier run", "coin", u.cfg.Coin, "height", b.Height, "hash", b.Hash, "state", state, "detail", detail)
	return nil
}
