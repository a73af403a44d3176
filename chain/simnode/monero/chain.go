package monero

import (
	"bytes"
	"math/big"
	"slices"

	"github.com/aditmine/adit/chain/cryptonote"
)

// entry is a block that the node keeps, in the main chain or beside it.
type entry struct {
	id         cryptonote.Hash
	block      *cryptonote.Block
	parent     *entry // nil for genesis
	height     uint64
	difficulty uint64
	cumulative *big.Int
	own        bool // made by the node itself, without proof of work
	main       bool
}

// tree holds the blocks and knows which of them are the main chain: the
// branch with most work, the first seen of equal ones. It has no lock.
type tree struct {
	known map[cryptonote.Hash]*entry
	main  []*entry // from genesis
}

func newTree(genesis *entry) *tree {
	genesis.main = true
	genesis.cumulative = new(big.Int).SetUint64(genesis.difficulty)
	return &tree{
		known: map[cryptonote.Hash]*entry{genesis.id: genesis},
		main:  []*entry{genesis},
	}
}

func (t *tree) tip() *entry { return t.main[len(t.main)-1] }

// at returns the main chain's block at height, nil when there is none.
func (t *tree) at(height uint64) *entry {
	first := t.main[0].height
	if height < first || height-first >= uint64(len(t.main)) {
		return nil
	}
	return t.main[height-first]
}

// add stores e, whose parent is in the tree, and makes its branch the main
// chain if it has most work. It returns the blocks that left and joined the
// main chain, lowest first.
func (t *tree) add(e *entry) (left, joined []*entry) {
	e.cumulative = new(big.Int).SetUint64(e.difficulty)
	e.cumulative.Add(e.cumulative, e.parent.cumulative)
	t.known[e.id] = e
	if e.cumulative.Cmp(t.tip().cumulative) <= 0 {
		return nil, nil
	}
	for b := e; !b.main; b = b.parent {
		joined = append(joined, b)
	}
	slices.Reverse(joined)
	fork := joined[0].parent.height - t.main[0].height
	left = slices.Clone(t.main[fork+1:])
	for _, b := range left {
		b.main = false
	}
	for _, b := range joined {
		b.main = true
	}
	t.main = append(t.main[:fork+1], joined...)
	return left, joined
}

// last returns up to n blocks that end with e, oldest first.
func last(e *entry, n int) []*entry {
	var blocks []*entry
	for ; e != nil && len(blocks) < n; e = e.parent {
		blocks = append(blocks, e)
	}
	slices.Reverse(blocks)
	return blocks
}

// medianWindow is Monero's number of blocks whose median time a new block must
// exceed.
const medianWindow = 60

// medianTime returns the median timestamp of the last blocks up to e, and 0
// while there are fewer than the window.
func medianTime(e *entry) uint64 {
	blocks := last(e, medianWindow)
	if len(blocks) < medianWindow {
		return 0
	}
	times := make([]uint64, len(blocks))
	for i, b := range blocks {
		times[i] = b.block.Header().Timestamp
	}
	slices.Sort(times)
	mid := len(times) / 2
	return (times[mid-1] + times[mid]) / 2
}

// compareIDs orders hashes, so that what is made from a map is always alike.
func compareIDs(a, b cryptonote.Hash) int { return bytes.Compare(a[:], b[:]) }
