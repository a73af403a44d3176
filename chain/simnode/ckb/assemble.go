package ckb

import (
	"fmt"
	"slices"

	"github.com/aditmine/adit/chain/ckb"
)

// The chain's limits.
const (
	maxUncles    = 2
	maxProposals = 1500
	maxCommits   = 500 // of the node's own templates
	maxBytes     = 597_000
	maxCycles    = 3_500_000_000
	maxFuture    = 15_000 // milliseconds
)

// assemble makes the next block after parent, all but its nonce. message goes
// into the cellbase, whose witness names lock.
func (n *Node) assemble(parent *block, lock ckb.Script, message []byte) ckb.Block {
	epoch, target := n.nextEpoch(parent)
	propose, commit := n.pool.selection(parent)
	b := ckb.Block{
		Header: ckb.Header{RawHeader: ckb.RawHeader{
			CompactTarget: target, Timestamp: n.nextTime(parent), Number: parent.Header.Number + 1,
			Epoch: epoch, ParentHash: parent.hash, DAO: n.nextDAO(parent),
		}},
		Uncles:       n.uncles(parent, epoch),
		Transactions: []ckb.Transaction{n.cellbase(parent, lock, message)},
		Proposals:    propose,
		Extension:    n.extension(parent),
	}
	for _, t := range commit {
		b.Transactions = append(b.Transactions, t.Transaction)
	}
	b.Commitments().Apply(&b.Header.RawHeader)
	return b
}

// nextTime is now, in milliseconds, but later than the median before.
func (n *Node) nextTime(parent *block) uint64 {
	return max(uint64(n.cfg.Now().UnixMilli()), parent.medianTime()+1)
}

// nextDAO is the dao field of the block after parent.
func (n *Node) nextDAO(parent *block) ckb.Hash {
	return decodeDAO(parent.Header.DAO).next(n.primary(parent), n.secondary()).encode()
}

// extension stands for the chain root of RFC 0044, which it is not: a hash of
// all that came before.
func (n *Node) extension(parent *block) ckb.Bytes {
	if !n.cfg.Extension {
		return nil
	}
	root := ckb.Sum(parent.hash[:], parent.Extension)
	return root[:]
}

// cellbase pays the block eleven back and names who is paid for this one.
func (n *Node) cellbase(parent *block, lock ckb.Script, message []byte) ckb.Transaction {
	number := parent.Header.Number + 1
	outputs := n.payout(parent)
	return ckb.Transaction{
		Inputs:      []ckb.CellInput{{Since: ckb.Uint64(number), PreviousOutput: ckb.NullOutPoint()}},
		Outputs:     outputs,
		OutputsData: slices.Repeat([]ckb.Bytes{{}}, len(outputs)),
		Witnesses:   []ckb.Bytes{ckb.CellbaseWitness{Lock: lock, Message: message}.Encode()},
	}
}

// payout is the cellbase output of the block after parent; the first blocks
// have none.
func (n *Node) payout(parent *block) []ckb.CellOutput {
	number := parent.Header.Number + 1
	if number <= finalization {
		return nil
	}
	paid := parent.at(number - finalization)
	return []ckb.CellOutput{{Capacity: ckb.Uint64(n.reward(paid, parent).total()), Lock: paid.witness.Lock}}
}

// uncles picks blocks beside the chain up to parent that the next block may
// take in.
func (n *Node) uncles(parent *block, epoch ckb.Epoch) (out []ckb.UncleBlock) {
	for _, side := range n.side {
		if len(out) == maxUncles {
			break
		}
		if n.checkUncle(side, parent, epoch) == nil {
			out = append(out, ckb.UncleBlock{Header: side.Header, Proposals: side.Proposals})
		}
	}
	return out
}

// checkUncle says why the block after parent, of the given epoch, cannot take
// u in as an uncle.
func (n *Node) checkUncle(u, parent *block, epoch ckb.Epoch) error {
	switch {
	case u.parent == nil || u.Header.Epoch.Number() != epoch.Number():
		return fmt.Errorf("InvalidDifficultyEpoch")
	case u.Header.Number > parent.Header.Number:
		return fmt.Errorf("InvalidNumber")
	case parent.at(u.Header.Number) == u:
		return fmt.Errorf("DoubleInclusion(%v)", u.hash)
	case parent.at(u.Header.Number-1) != u.parent:
		return fmt.Errorf("DescendantLimit")
	}
	for b := parent; b != nil && b.Header.Epoch.Number() == epoch.Number(); b = b.parent {
		if slices.ContainsFunc(b.Uncles, func(o ckb.UncleBlock) bool { return o.Header == u.Header }) {
			return fmt.Errorf("DoubleInclusion(%v)", u.hash)
		}
	}
	return nil
}
