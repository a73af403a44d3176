package payout

import (
	"cmp"
	"slices"

	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/pool/ledger"
)

// Rules say who is paid what. Amounts are atomic units.
type Rules struct {
	// Threshold is from what a login is paid; a login's own one counts instead,
	// but for ThresholdMin at least.
	Threshold, ThresholdMin uint64
	// Denomination: amounts are multiples of it; the rest stays owed. 0 and 1
	// are the same.
	Denomination uint64
	// MaxAmount bounds one transaction; 0 is no bound.
	MaxAmount uint64
	// MaxTargets bounds the payees of one transaction.
	MaxTargets int
}

// Item is one login of a plan.
type Item struct {
	Login  string
	Payee  cryptonote.Payee
	Amount uint64
}

// Batch is what one transaction is to pay.
type Batch []Item

// Amount is the sum of a batch.
func (b Batch) Amount() (sum uint64) {
	for _, i := range b {
		sum += i.Amount
	}
	return sum
}

// Skipped is a login that is owed enough and cannot be paid.
type Skipped struct {
	Login string
	Owed  uint64
	Err   error
}

// Plan is who would be paid now.
type Plan struct {
	Batches []Batch
	Skipped []Skipped
}

// Amount is the sum of a plan.
func (p Plan) Amount() (sum uint64) {
	for _, b := range p.Batches {
		sum += b.Amount()
	}
	return sum
}

// MakePlan divides what is due into batches, largest amounts first, so that
// when money is short those who are owed most are served. payee reads a login.
func MakePlan(r Rules, list []ledger.Payable, payee func(login string) (cryptonote.Payee, error)) Plan {
	var plan Plan
	var items []Item
	for _, p := range list {
		amount := r.due(p)
		if amount == 0 {
			continue
		}
		to, err := payee(p.Login)
		if err != nil {
			plan.Skipped = append(plan.Skipped, Skipped{p.Login, p.Owed, err})
			continue
		}
		items = append(items, Item{p.Login, to, amount})
	}
	slices.SortStableFunc(items, func(a, b Item) int { return cmp.Compare(b.Amount, a.Amount) })
	plan.Batches = r.batches(items)
	return plan
}

// due is what a login is to be paid now, 0 when it has to wait.
func (r Rules) due(p ledger.Payable) uint64 {
	threshold := r.Threshold
	if p.Threshold > 0 {
		threshold = max(p.Threshold, r.ThresholdMin)
	}
	if p.Owed == 0 || p.Owed < threshold {
		return 0
	}
	amount := p.Owed
	if r.MaxAmount > 0 {
		amount = min(amount, r.MaxAmount)
	}
	return amount - amount%max(r.Denomination, 1)
}

// batches fills transactions one after the other. A payee that has to be alone
// gets its own.
func (r Rules) batches(items []Item) (list []Batch) {
	var open Batch
	flush := func() {
		if len(open) > 0 {
			list, open = append(list, open), nil
		}
	}
	for _, i := range items {
		if i.Payee.Alone {
			list = append(list, Batch{i})
			continue
		}
		if len(open) >= max(r.MaxTargets, 1) || r.MaxAmount > 0 && open.Amount()+i.Amount > r.MaxAmount {
			flush()
		}
		open = append(open, i)
	}
	flush()
	return list
}
