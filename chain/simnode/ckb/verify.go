package ckb

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/hash"
)

// verifier checks proof of work. It is safe for concurrent use.
type verifier struct {
	mu     sync.Mutex
	hasher hash.Hasher
}

func (v *verifier) verify(h *ckb.Header) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return ckb.VerifyPow(h, v.hasher)
}

func (v *verifier) close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.hasher.Close()
}

// checkPow words a bad proof of work as the node does; it does the same for a
// target that is none.
func (n *Node) checkPow(h *ckb.Header) error {
	err := n.pow.verify(h)
	_, badTarget := errors.AsType[*ckb.CompactError](err)
	if badTarget || errors.Is(err, ckb.ErrInvalidNonce) {
		return errors.New(`Header(Pow(InvalidNonce: please set logger.filter to "info,ckb-pow=debug" for detailed PoW verification information))`)
	}
	return err
}

// check finds what is wrong with b below parent, all but its proof of work,
// and returns what it commits and its cellbase's witness.
func (n *Node) check(b *ckb.Block, parent *block) (ckb.CellbaseWitness, []*transaction, error) {
	var witness ckb.CellbaseWitness
	if err := n.checkHeader(&b.Header, parent); err != nil {
		return witness, nil, fmt.Errorf("Header(%w)", err)
	}
	if err := checkSize(b); err != nil {
		return witness, nil, fmt.Errorf("Block(%w)", err)
	}
	if err := n.checkUncles(b, parent); err != nil {
		return witness, nil, fmt.Errorf("Block(Uncles(%w))", err)
	}
	witness, err := n.checkCellbase(b, parent)
	if err != nil {
		return witness, nil, fmt.Errorf("Block(Cellbase(%w))", err)
	}
	commits, err := n.checkCommits(b, parent)
	if err != nil {
		return witness, nil, fmt.Errorf("Block(Commit(%w))", err)
	}
	if b.Header.DAO != n.nextDAO(parent) {
		return witness, nil, errors.New("Block(InvalidDAO)")
	}
	if err := n.checkExtension(b, parent); err != nil {
		return witness, nil, fmt.Errorf("Block(%w)", err)
	}
	return witness, commits, nil
}

func (n *Node) checkHeader(h *ckb.Header, parent *block) error {
	epoch, target := n.nextEpoch(parent)
	latest := uint64(n.cfg.Now().UnixMilli()) + maxFuture
	switch {
	case h.Number != parent.Header.Number+1:
		return fmt.Errorf("Number(NumberError(expected: %d, actual: %d))", parent.Header.Number+1, h.Number)
	case h.Epoch != epoch:
		return fmt.Errorf("Epoch(NumberMismatch(expected: %d, actual: %d))", uint64(epoch), uint64(h.Epoch))
	case h.CompactTarget != target:
		return fmt.Errorf("Epoch(TargetMismatch(expected: %x, actual: %x))", target, h.CompactTarget)
	case h.Timestamp <= parent.medianTime():
		return fmt.Errorf("Timestamp(BlockTimeTooOld(min: %d, actual: %d))", parent.medianTime()+1, h.Timestamp)
	case h.Timestamp > latest:
		return fmt.Errorf("Timestamp(BlockTimeTooNew(max: %d, actual: %d))", latest, h.Timestamp)
	}
	return nil
}

// checkSize counts and measures the body.
func checkSize(b *ckb.Block) error {
	size := ckb.HeaderSize + len(ckb.ProposalID{})*len(b.Proposals) + len(b.Extension)
	for i := range b.Transactions {
		size += len(b.Transactions[i].Encode())
	}
	seen := map[ckb.ProposalID]bool{}
	for _, p := range b.Proposals {
		seen[p] = true
	}
	switch {
	case len(b.Proposals) > maxProposals:
		return errors.New("ExceededMaximumProposalsLimit")
	case len(seen) != len(b.Proposals):
		return errors.New("ProposalDuplicate")
	case size > maxBytes:
		return errors.New("ExceededMaximumBlockBytes")
	}
	return nil
}

func (n *Node) checkUncles(b *ckb.Block, parent *block) error {
	if len(b.Uncles) > maxUncles {
		return fmt.Errorf("OverCount(max: %d, actual: %d)", maxUncles, len(b.Uncles))
	}
	for i, u := range b.Uncles {
		h := u.Header.Hash()
		known, ok := n.blocks[h]
		if !ok {
			return fmt.Errorf("unknown block %v", h)
		}
		if slices.ContainsFunc(b.Uncles[:i], func(o ckb.UncleBlock) bool { return o.Header == u.Header }) {
			return fmt.Errorf("Duplicate(%v)", h)
		}
		if ckb.ProposalsHash(u.Proposals) != u.Header.ProposalsHash {
			return errors.New("ProposalsHash")
		}
		if err := n.checkUncle(known, parent, b.Header.Epoch); err != nil {
			return err
		}
	}
	return nil
}

// checkCellbase wants the payout that the chain asks for. Who the block itself
// pays is up to its maker.
func (n *Node) checkCellbase(b *ckb.Block, parent *block) (ckb.CellbaseWitness, error) {
	if len(b.Transactions) == 0 {
		return ckb.CellbaseWitness{}, errors.New("InvalidQuantity")
	}
	cellbase := &b.Transactions[0]
	witness, err := cellbase.CellbaseWitness(b.Header.Number)
	if err != nil {
		return witness, err
	}
	want := n.payout(parent)
	same := slices.EqualFunc(cellbase.Outputs, want, func(a, b ckb.CellOutput) bool {
		return a.Capacity == b.Capacity && a.Lock.Equal(b.Lock)
	})
	if !same {
		return witness, errors.New("InvalidRewardAmount or InvalidRewardTarget")
	}
	return witness, nil
}

// checkCommits wants transactions of the mempool in their proposal window.
func (n *Node) checkCommits(b *ckb.Block, parent *block) (commits []*transaction, err error) {
	if len(b.Transactions) == 1 {
		return nil, nil
	}
	committed := committedBy(parent)
	for i := range b.Transactions[1:] {
		h := b.Transactions[1+i].Hash()
		t := n.pool.find(h)
		switch {
		case t == nil:
			return nil, fmt.Errorf("unknown transaction %v", h)
		case committed[h]:
			return nil, fmt.Errorf("transaction %v is committed already", h)
		case !proposedFor(parent, t.id()):
			return nil, fmt.Errorf("transaction %v is not proposed", h)
		}
		committed[h] = true
		commits = append(commits, t)
	}
	return commits, nil
}

// proposedFor reports whether a block proposes id in the window of the block
// after parent.
func proposedFor(parent *block, id ckb.ProposalID) bool {
	for b := range parent.chain(windowFarthest) {
		if inWindow(b.Header.Number, parent.Header.Number+1) && b.proposes(id) {
			return true
		}
	}
	return false
}

func (n *Node) checkExtension(b *ckb.Block, parent *block) error {
	want := n.extension(parent)
	switch {
	case want == nil && b.Extension != nil:
		return errors.New("UnknownFields(extension)")
	case want == nil:
		return nil
	case b.Extension == nil:
		return errors.New("NoBlockExtension")
	case len(b.Extension) < len(want) || len(b.Extension) > 96:
		return errors.New("InvalidBlockExtensionLength")
	case !slices.Equal(b.Extension[:len(want)], want):
		return errors.New("InvalidChainRoot")
	}
	return nil
}
