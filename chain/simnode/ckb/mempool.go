package ckb

import (
	"math/rand/v2"
	"slices"

	"github.com/aditmine/adit/chain/ckb"
)

// The proposal window: a transaction proposed at height h may be committed at
// h+2 to h+10.
const (
	windowClosest  = 2
	windowFarthest = 10
)

// remembered is how many blocks back committed transactions are looked for.
// After half as many, a committed transaction is forgotten.
const remembered = 400

// transaction is a made-up transaction.
type transaction struct {
	ckb.Transaction
	hash ckb.Hash
	fee  uint64 // shannons
}

func (t *transaction) id() ckb.ProposalID { return ckb.ProposalIDOf(t.hash) }

// mempool holds the transactions that came, in order. What has been proposed
// and committed is read off the chain, so that reorganisations need no
// bookkeeping.
type mempool struct {
	txs []*transaction
}

// add makes up one transaction.
func (p *mempool) add(r *rand.Rand) {
	t := &transaction{Transaction: fakeTransaction(r), fee: 1000 + r.Uint64N(9000)}
	t.hash = t.Hash()
	p.txs = append(p.txs, t)
}

// find is nil for unknown transactions.
func (p *mempool) find(h ckb.Hash) *transaction {
	i := slices.IndexFunc(p.txs, func(t *transaction) bool { return t.hash == h })
	if i < 0 {
		return nil
	}
	return p.txs[i]
}

// selection is what a block after parent may propose and commit.
func (p *mempool) selection(parent *block) (propose []ckb.ProposalID, commit []*transaction) {
	if len(p.txs) == 0 {
		return nil, nil
	}
	committed := committedBy(parent)
	for _, t := range p.txs {
		if committed[t.hash] {
			continue
		}
		switch at := lastProposal(parent, t.id()); {
		case at == nil && len(propose) < maxProposals:
			propose = append(propose, t.id())
		case at != nil && inWindow(at.Header.Number, parent.Header.Number+1) && len(commit) < maxCommits:
			commit = append(commit, t)
		}
	}
	return propose, commit
}

// inWindow reports whether a transaction proposed at height proposed may be
// committed at height number.
func inWindow(proposed, number uint64) bool {
	return proposed+windowClosest <= number && number <= proposed+windowFarthest
}

// lastProposal is the newest of the last blocks up to parent that proposes
// id; nil when the block after parent may propose it again.
func lastProposal(parent *block, id ckb.ProposalID) *block {
	for b := range parent.chain(windowFarthest) {
		if b.proposes(id) {
			return b
		}
	}
	return nil
}

// committedBy collects what the chain up to b commits, as far as it is
// remembered.
func committedBy(b *block) map[ckb.Hash]bool {
	committed := map[ckb.Hash]bool{}
	for a := range b.chain(remembered) {
		for _, t := range a.commits {
			committed[t.hash] = true
		}
	}
	return committed
}

// forget drops, now and then, transactions that were committed long before
// tip.
func (p *mempool) forget(tip *block) {
	if tip.Header.Number%(remembered/2) != 0 {
		return
	}
	old := map[*transaction]bool{}
	for b := range tip.chain(remembered) {
		if b.Header.Number+remembered/2 > tip.Header.Number {
			continue
		}
		for _, t := range b.commits {
			old[t] = true
		}
	}
	p.txs = slices.DeleteFunc(p.txs, func(t *transaction) bool { return old[t] })
}

// fakeTransaction has the shape of a transfer; it spends nothing that exists.
func fakeTransaction(r *rand.Rand) ckb.Transaction {
	signature := make(ckb.Bytes, 85)
	fill(r, signature)
	var from, dep ckb.Hash
	var to [20]byte
	fill(r, from[:])
	fill(r, dep[:])
	fill(r, to[:])
	return ckb.Transaction{
		CellDeps:    []ckb.CellDep{{OutPoint: ckb.OutPoint{TxHash: dep}, DepType: ckb.DepTypeGroup}},
		Inputs:      []ckb.CellInput{{PreviousOutput: ckb.OutPoint{TxHash: from, Index: ckb.Uint32(r.Uint32N(4))}}},
		Outputs:     []ckb.CellOutput{{Capacity: ckb.Uint64(occupied + r.Uint64N(1<<40)), Lock: ckb.SighashLock(to)}},
		OutputsData: []ckb.Bytes{{}},
		Witnesses:   []ckb.Bytes{signature},
	}
}

func fill(r *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(r.Uint32())
	}
}
