package pool

import (
	"context"
	"math"

	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/unlock"
)

// addChain lets a feed's blocks be followed, and notes which candidates earlier
// runs have left, before there can be new ones.
func (p *Pool) addChain(f *feed) (err error) {
	if p.deps.NewChain == nil {
		return nil
	}
	if f.chain, err = p.connectChain(f); err != nil {
		return err
	}
	f.earlier, err = p.store.Candidates(context.Background(), f.cfg.Name, math.MaxInt64)
	return err
}

// unlockBlocks follows a coin's blocks until ctx ends; earlier are those that
// another run has left.
func (p *Pool) unlockBlocks(ctx context.Context, f *feed, earlier []ledger.Block) {
	cfg := p.cfg.Unlock
	unlock.New(unlock.Config{
		Coin: f.cfg.Name, Chain: f.chain, Submit: f.coin.Submit, Store: p.store, Settle: p.store.SettleBlock,
		Confirmations: cfg.ConfirmationsOf(f.cfg.Kind), Interval: cfg.Interval, Window: cfg.Window,
		Log: p.log, Now: p.deps.Now,
	}).Run(ctx, earlier)
}
