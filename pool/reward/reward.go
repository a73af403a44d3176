// Package reward divides money: the reward of a block among those whose work
// it is, and the price of single shares.
//
// All amounts are atomic units. Nothing is lost or made up by rounding: what
// is credited and what is kept as fee add up to the reward exactly, for every
// input. The same input gives the same result whatever order it comes in.
//
// How it rounds: the reward is divided by largest remainder, where equal
// remainders are served in the order of login and fee; a fee is rounded down,
// in the miner's favour.
//
// The package imports nothing of adit. Package ledger uses it.
package reward

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// Scheme is how the work of miners is turned into money.
type Scheme string

// The schemes.
const (
	// PPLNS divides a block's reward by the last N units of work.
	PPLNS Scheme = "pplns"
	// PROP divides a block's reward by the work since the last block.
	PROP Scheme = "prop"
	// SOLO gives a block's reward to who found it.
	SOLO Scheme = "solo"
	// PPS pays each share what it is worth on average, and keeps the blocks.
	PPS Scheme = "pps"
)

// Schemes returns all schemes.
func Schemes() []Scheme { return []Scheme{PPLNS, PROP, SOLO, PPS} }

// Valid reports whether s is a scheme.
func (s Scheme) Valid() bool { return slices.Contains(Schemes(), s) }

// Whole is a fee of 100 %, in basis points.
const Whole = 10_000

// Work is what one miner did under one fee.
type Work struct {
	Login string
	Fee   int      // basis points, 0 to Whole
	Done  *big.Int // difficulty, summed over the shares
}

// Credit is what one login gets.
type Credit struct {
	Login  string
	Amount uint64
}

// Split is a divided reward: the credits, one a login in the order of their
// names, without zeroes, and the fees add up to it.
type Split struct {
	Credits []Credit
	Fees    uint64
}

// Total is what was divided.
func (s Split) Total() uint64 {
	sum := s.Fees
	for _, c := range s.Credits {
		sum += c.Amount
	}
	return sum
}

// Errors of this package.
var (
	ErrNoWork = errors.New("there is no work to divide the reward by")
	ErrFee    = errors.New("the fee is not between 0 and 100 %")
)

// Proportional divides a reward by work: what PROP does with the work of a
// round, and PPLNS with that of a window.
func Proportional(amount uint64, work []Work) (Split, error) {
	merged, err := merge(work)
	if err != nil {
		return Split{}, err
	}
	weights := make([]*big.Int, len(merged))
	for i, w := range merged {
		weights[i] = w.Done
	}
	parts, err := Apportion(new(big.Int).SetUint64(amount), weights)
	if err != nil {
		return Split{}, err
	}
	var s Split
	for i, w := range merged {
		s.pay(w.Login, w.Fee, parts[i].Uint64())
	}
	return s, nil
}

// Solo gives a reward to the finder of a block.
func Solo(amount uint64, finder string, fee int) (Split, error) {
	if fee < 0 || fee > Whole {
		return Split{}, fmt.Errorf("%w: %d basis points", ErrFee, fee)
	}
	var s Split
	s.pay(finder, fee, amount)
	return s, nil
}

// PerShare prices work at the reward of a block of the given network
// difficulty, as PPS does: floor(work * reward / difficulty) for all of it
// together, divided like a reward. Its error says also when that does not fit
// into 64 bits.
func PerShare(amount uint64, network *big.Int, work []Work) (Split, error) {
	if network.Sign() <= 0 {
		return Split{}, fmt.Errorf("a network difficulty of %s", network)
	}
	value := new(big.Int)
	for _, w := range work {
		value.Add(value, w.Done)
	}
	value.Mul(value, new(big.Int).SetUint64(amount))
	value.Quo(value, network)
	if !value.IsUint64() {
		return Split{}, fmt.Errorf("shares worth %s atomic units: more than 64 bits", value)
	}
	return Proportional(value.Uint64(), work)
}

// pay adds a part of the reward, its fee taken off.
func (s *Split) pay(login string, fee int, amount uint64) {
	kept := new(big.Int).SetUint64(amount)
	kept.Mul(kept, big.NewInt(int64(fee))).Quo(kept, big.NewInt(Whole))
	s.Fees += kept.Uint64()
	amount -= kept.Uint64()
	if amount == 0 {
		return
	}
	if last := len(s.Credits) - 1; last >= 0 && s.Credits[last].Login == login {
		s.Credits[last].Amount += amount
		return
	}
	s.Credits = append(s.Credits, Credit{login, amount})
}

// merge checks work and sums it by login and fee.
func merge(work []Work) ([]Work, error) {
	t := NewTally()
	for _, w := range work {
		switch {
		case w.Fee < 0 || w.Fee > Whole:
			return nil, fmt.Errorf("%w: %d basis points", ErrFee, w.Fee)
		case w.Done.Sign() < 0:
			return nil, fmt.Errorf("work of %s by %q", w.Done, w.Login)
		}
		t.Add(w)
	}
	return t.Work(), nil
}

// Apportion divides total by weights, which are not negative, into whole parts
// that add up to it: each its share rounded down, and one more for those with
// the largest remainders; of equal ones the first. ErrNoWork says that the
// weights are all zero.
func Apportion(total *big.Int, weights []*big.Int) ([]*big.Int, error) {
	sum := new(big.Int)
	for _, w := range weights {
		sum.Add(sum, w)
	}
	if sum.Sign() <= 0 {
		return nil, ErrNoWork
	}
	parts, rests := make([]*big.Int, len(weights)), make([]*big.Int, len(weights))
	left := new(big.Int).Set(total)
	for i, w := range weights {
		parts[i], rests[i] = new(big.Int).QuoRem(new(big.Int).Mul(total, w), sum, new(big.Int))
		left.Sub(left, parts[i])
	}
	order := make([]int, len(weights))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return rests[b].Cmp(rests[a]) })
	one := big.NewInt(1)
	for _, i := range order[:left.Int64()] { // fewer than there are weights
		parts[i].Add(parts[i], one)
	}
	return parts, nil
}
