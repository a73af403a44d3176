package api

import (
	"context"
	"errors"
	"time"

	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/reward"
)

// How much of the ledger is kept at hand.
const (
	keptBlocks   = 500
	keptPayments = 500
	keptRounds   = 1000
)

// account is a login on a coin.
type account struct{ coin, login string }

// money is what a login has and had.
type money struct{ owed, inflight, paid int64 }

// sum is what a login has done since the ledger began.
type sum struct {
	shares, blocks uint64
	work           float64
	last           time.Time
}

// books are the ledger as it was at one moment, arranged for questions. They
// do not change once they are made.
type books struct {
	at       time.Time
	sums     map[account]sum
	everyone []account // in the order of the ledger
	workers  map[ledger.Miner]sum
	money    map[account]money
	own      map[account]uint64 // own payout thresholds, of logins that are owed something
	blocks   []ledger.Block     // newest first
	counts   []ledger.BlockCount
	work     map[int64]ledger.RoundWork // by round
	payments []ledger.Payout
	payouts  []ledger.PayoutCount
	pauses   []ledger.Pause
	paid     map[string]Atomic // by coin
	fees     map[string]int64
	fund     map[string]int64
}

// readBooks reads them.
func readBooks(ctx context.Context, r ledger.Reader, coins []string, now time.Time) (*books, error) {
	b := &books{
		at: now, sums: make(map[account]sum), workers: make(map[ledger.Miner]sum), money: make(map[account]money),
		own: make(map[account]uint64), work: make(map[int64]ledger.RoundWork), paid: make(map[string]Atomic), fees: make(map[string]int64), fund: make(map[string]int64),
	}
	var err, lists error
	if err = b.readSums(ctx, r); err != nil {
		return nil, err
	}
	if err = b.readMoney(ctx, r, coins); err != nil {
		return nil, err
	}
	b.blocks, err = r.BlocksBefore(ctx, "", 0, keptBlocks)
	lists = errors.Join(lists, err)
	b.counts, err = r.BlockCounts(ctx)
	lists = errors.Join(lists, err)
	b.payments, err = r.Payouts(ctx, ledger.PayoutQuery{Limit: keptPayments})
	lists = errors.Join(lists, err)
	b.payouts, err = r.PayoutCounts(ctx)
	lists = errors.Join(lists, err)
	b.pauses, err = r.PayoutPauses(ctx)
	return b, errors.Join(lists, err)
}

func (b *books) readSums(ctx context.Context, r ledger.Reader) error {
	totals, err := r.Totals(ctx)
	if err != nil {
		return err
	}
	for _, t := range totals {
		work, _ := t.Difficulty.Float64()
		one := sum{t.Shares, t.Blocks, work, t.Last}
		b.workers[t.Miner] = one
		a := account{t.Coin, t.Login}
		all, known := b.sums[a]
		if !known {
			b.everyone = append(b.everyone, a)
		}
		all.shares += one.shares
		all.blocks += one.blocks
		all.work += work
		if one.last.After(all.last) {
			all.last = one.last
		}
		b.sums[a] = all
	}
	rounds, err := r.RoundWork(ctx, keptRounds)
	for _, w := range rounds {
		b.work[w.Round] = w
	}
	return err
}

func (b *books) readMoney(ctx context.Context, r ledger.Reader, coins []string) error {
	balances, err := r.Balances(ctx)
	if err != nil {
		return err
	}
	for _, l := range balances {
		a := account{l.Coin, l.Login}
		m := b.money[a]
		switch l.Kind {
		case ledger.Owed:
			m.owed = l.Amount
		case ledger.Inflight:
			m.inflight = l.Amount
		case ledger.Paid:
			m.paid = l.Amount
		case ledger.Fees:
			b.fees[l.Coin] = l.Amount
		case ledger.Fund:
			b.fund[l.Coin] = l.Amount
		}
		if l.Login != "" {
			b.money[a] = m
			if l.Kind == ledger.Paid {
				b.paid[l.Coin] += units(l.Amount)
			}
		}
	}
	for _, coin := range coins {
		payables, err := r.Payables(ctx, coin)
		if err != nil {
			return err
		}
		for _, p := range payables {
			if p.Threshold > 0 {
				b.own[account{coin, p.Login}] = p.Threshold
			}
		}
	}
	return nil
}

// live lists the rounds of a coin that are not over.
func (b *books) live(coin string) (list []ledger.RoundWork) {
	for _, scheme := range []reward.Scheme{reward.PPLNS, reward.PROP, reward.SOLO, reward.PPS} {
		for _, w := range b.work {
			if w.Live && w.Coin == coin && w.Scheme == scheme {
				list = append(list, w)
			}
		}
	}
	return list
}

// blocksOf counts a coin's blocks in a state; of SOLO, or of all others.
func (b *books) blocksOf(coin string, solo bool, states ...ledger.BlockState) (n int) {
	for _, c := range b.counts {
		for _, state := range states {
			if c.Coin == coin && c.State == state && (c.Scheme == reward.SOLO) == solo {
				n += c.Count
			}
		}
	}
	return n
}
