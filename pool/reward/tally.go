package reward

import (
	"cmp"
	"math/big"
	"slices"
)

// Tally sums work by login and fee.
type Tally struct {
	index map[tallyKey]int
	work  []Work
}

type tallyKey struct {
	login string
	fee   int
}

// NewTally makes an empty tally.
func NewTally() *Tally { return &Tally{index: make(map[tallyKey]int)} }

// Add adds work.
func (t *Tally) Add(w Work) {
	key := tallyKey{w.Login, w.Fee}
	i, known := t.index[key]
	if !known {
		t.index[key] = len(t.work)
		t.work = append(t.work, Work{w.Login, w.Fee, new(big.Int).Set(w.Done)})
		return
	}
	t.work[i].Done.Add(t.work[i].Done, w.Done)
}

// Work is what was added, in the order of login and fee.
func (t *Tally) Work() []Work {
	list := slices.Clone(t.work)
	slices.SortFunc(list, byLogin)
	return list
}

func byLogin(a, b Work) int { return cmp.Or(cmp.Compare(a.Login, b.Login), a.Fee-b.Fee) }
