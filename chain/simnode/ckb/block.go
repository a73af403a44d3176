package ckb

import (
	"iter"
	"math/big"
	"slices"

	"github.com/aditmine/adit/chain/ckb"
)

// block is a block in the tree of all that the node took.
type block struct {
	ckb.Block
	hash       ckb.Hash
	parent     *block // nil for the genesis block
	epochStart *block // the first block of its epoch
	work       *big.Int
	witness    ckb.CellbaseWitness
	commits    []*transaction // all but the cellbase
	own        bool
}

// newBlock hangs b below parent.
func newBlock(b ckb.Block, parent *block) *block {
	nb := &block{Block: b, hash: b.Header.Hash(), parent: parent, work: new(big.Int)}
	nb.epochStart = nb
	if parent == nil {
		return nb
	}
	if b.Header.Epoch.Number() == parent.Header.Epoch.Number() {
		nb.epochStart = parent.epochStart
	}
	nb.work.Add(parent.work, nb.difficulty())
	return nb
}

// difficulty is that of the block's target. A block in the tree has a sound
// one.
func (b *block) difficulty() *big.Int {
	target, err := ckb.TargetFromCompact(b.Header.CompactTarget)
	if err != nil {
		return new(big.Int)
	}
	return ckb.DifficultyFromTarget(target)
}

// chain yields b and what lies below it, n blocks at most. b may be nil.
func (b *block) chain(n int) iter.Seq[*block] {
	return func(yield func(*block) bool) {
		for a := b; a != nil && n > 0; a, n = a.parent, n-1 {
			if !yield(a) {
				return
			}
		}
	}
}

// at is the block of the chain up to b at a height; nil above b.
func (b *block) at(number uint64) *block {
	for a := b; a != nil && a.Header.Number >= number; a = a.parent {
		if a.Header.Number == number {
			return a
		}
	}
	return nil
}

func (b *block) proposes(id ckb.ProposalID) bool { return slices.Contains(b.Proposals, id) }

// medianTime is the median of the timestamps of the last 37 blocks up to b,
// in milliseconds; a block's timestamp must lie above its parent's.
func (b *block) medianTime() uint64 {
	const blocks = 37
	var times []uint64
	for a := range b.chain(blocks) {
		times = append(times, a.Header.Timestamp)
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// nextEpoch is the epoch field and the target of the block after parent. The
// target changes with the epoch only, and at most by a factor of two.
func (n *Node) nextEpoch(parent *block) (ckb.Epoch, uint32) {
	h := &parent.Header
	if h.Epoch.Index()+1 < n.cfg.EpochLength {
		return ckb.NewEpoch(h.Epoch.Number(), h.Epoch.Index()+1, n.cfg.EpochLength), h.CompactTarget
	}
	epoch := ckb.NewEpoch(h.Epoch.Number()+1, 0, n.cfg.EpochLength)
	if n.cfg.Fixed {
		return epoch, h.CompactTarget
	}
	first := parent.epochStart
	if first.parent != nil {
		first = first.parent
	}
	return epoch, retarget(parent.difficulty(), h.Number-first.Header.Number,
		h.Timestamp-first.Header.Timestamp, uint64(n.cfg.BlockInterval.Milliseconds()))
}

// retarget scales a difficulty at which blocks took elapsed milliseconds to
// one at which each takes interval.
func retarget(d *big.Int, blocks, elapsed, interval uint64) uint32 {
	next := new(big.Int).SetUint64(interval)
	next.Mul(next, new(big.Int).SetUint64(max(blocks, 1)))
	next.Mul(next, d)
	next.Div(next, new(big.Int).SetUint64(max(elapsed, 1)))
	low, high := new(big.Int).Rsh(d, 1), new(big.Int).Lsh(d, 1)
	if next.Cmp(low) < 0 {
		next = low
	}
	if next.Cmp(high) > 0 {
		next = high
	}
	return ckb.CompactFromDifficulty(next)
}
