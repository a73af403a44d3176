package reward

import (
	"math/big"
	"slices"
)

// Window gathers the newest work up to a limit, for PPLNS. Work comes in
// slices, newest first: all that was done while one block was looked for. The
// slice that would exceed the limit counts in part, each of its miners for the
// same fraction, by largest remainder; what is older does not count.
type Window struct {
	left *big.Int
	work *Tally
}

// NewWindow makes an empty window of a size.
func NewWindow(limit *big.Int) *Window {
	return &Window{left: new(big.Int).Set(limit), work: NewTally()}
}

// Full reports that nothing more fits.
func (w *Window) Full() bool { return w.left.Sign() <= 0 }

// Add takes the next older slice in.
func (w *Window) Add(slice []Work) error {
	if w.Full() {
		return nil
	}
	slice = slices.Clone(slice)
	slices.SortStableFunc(slice, byLogin)
	total, weights := new(big.Int), make([]*big.Int, len(slice))
	for i, s := range slice {
		weights[i] = s.Done
		total.Add(total, s.Done)
	}
	if total.Cmp(w.left) > 0 {
		parts, err := Apportion(w.left, weights)
		if err != nil {
			return err
		}
		for i := range slice {
			slice[i].Done = parts[i]
		}
		total = w.left
	}
	for _, s := range slice {
		w.work.Add(s)
	}
	w.left = new(big.Int).Sub(w.left, total)
	return nil
}

// Work is what the window holds, in the order of login and fee.
func (w *Window) Work() []Work {
	return slices.DeleteFunc(w.work.Work(), func(m Work) bool { return m.Done.Sign() == 0 })
}
