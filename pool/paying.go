package pool

import (
	"context"
	"sync"

	"github.com/aditmine/adit/pool/cluster"
	"github.com/aditmine/adit/pool/payout"
)

// payer pays the miners of one coin.
type payer struct {
	*payout.Payer
	coin   string
	wallet payout.Wallet
}

// openPayers makes a payer for each coin whose miners are to be paid.
func (p *Pool) openPayers() error {
	if !p.deps.Roles.Has(cluster.Pay) {
		return nil
	}
	for _, cfg := range p.cfg.Payouts {
		coin, ok := p.cfg.CoinNamed(cfg.Coin)
		if !ok || !cfg.Enabled {
			continue
		}
		wallet, err := p.deps.NewWallet(cfg)
		if err != nil {
			return err
		}
		p.payers = append(p.payers, payer{coin: coin.Name, wallet: wallet})
		rules, err := payout.Configured(coin, cfg, wallet, p.store, p.log, p.deps.Now)
		if err != nil {
			return err
		}
		p.payers[len(p.payers)-1].Payer = payout.New(rules)
	}
	return nil
}

// payMiners pays until ctx ends, wherever this process leads in it.
func (p *Pool) payMiners(ctx context.Context) {
	var running sync.WaitGroup
	for _, y := range p.payers {
		running.Go(func() {
			if p.machines.db == nil {
				y.Run(ctx)
				return
			}
			p.machines.Lead(ctx, "pay "+y.coin, y.Run)
		})
	}
	running.Wait()
}
