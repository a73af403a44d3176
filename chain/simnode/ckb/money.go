package ckb

import (
	"encoding/binary"
	"math/bits"

	"github.com/aditmine/adit/chain/ckb"
)

const (
	shannonsPerCKB = 100_000_000
	// finalization is after how many blocks a block is paid.
	finalization = 11
	// occupied is what the cell of a cellbase output occupies, in shannons.
	occupied = 61 * shannonsPerCKB
)

// dao is the header's dao field, RFC 0023, all in shannons but Rate.
type dao struct {
	Issued   uint64 // C, all money so far
	Rate     uint64 // AR, the accumulated rate
	Savings  uint64 // S, unissued secondary rewards
	Occupied uint64 // U, capacity in use
}

// genesisDAO resembles the mainnet's.
func genesisDAO() dao {
	return dao{
		Issued: 33_600_000_000 * shannonsPerCKB, Rate: 10_000_000_000_000_000,
		Savings: 0, Occupied: 5_000_000_000 * shannonsPerCKB,
	}
}

func (d dao) encode() (h ckb.Hash) {
	for i, v := range []uint64{d.Issued, d.Rate, d.Savings, d.Occupied} {
		binary.LittleEndian.PutUint64(h[8*i:], v)
	}
	return h
}

func decodeDAO(h ckb.Hash) dao {
	at := func(i int) uint64 { return binary.LittleEndian.Uint64(h[8*i:]) }
	return dao{Issued: at(0), Rate: at(1), Savings: at(2), Occupied: at(3)}
}

// share is n*a/b, where a is at most b.
func share(n, a, b uint64) uint64 {
	hi, lo := bits.Mul64(n, a)
	quo, _ := bits.Div64(hi, lo, b)
	return quo
}

// next is the field of the block after, with the given issuances.
func (d dao) next(primary, secondary uint64) dao {
	return dao{
		Issued:   d.Issued + primary + secondary,
		Rate:     d.Rate + share(d.Rate, secondary, d.Issued),
		Savings:  d.Savings + secondary - share(secondary, d.Occupied, d.Issued),
		Occupied: d.Occupied + occupied,
	}
}

// primary is the primary issuance of b. As on the mainnet, the amount is not
// the same for all blocks of an epoch.
func (n *Node) primary(b *block) uint64 {
	if b.Header.Epoch.Index() < n.cfg.Reward%n.cfg.EpochLength {
		return n.cfg.Reward + 1
	}
	return n.cfg.Reward
}

// secondary is the secondary issuance of a block, of which its miner gets a
// part.
func (n *Node) secondary() uint64 { return n.cfg.Reward / 4 }

// reward is what the miner of a block gets, in shannons.
type reward struct {
	primary, secondary  uint64
	committed, proposal uint64
	fees                uint64 // of all the block's transactions
}

func (r reward) total() uint64 { return r.primary + r.secondary + r.committed + r.proposal }

// proposerPart of a fee belongs to who proposed the transaction, the rest to
// who committed it.
func proposerPart(fee uint64) uint64 { return fee * 4 / 10 }

// reward computes the reward of b, as the chain that ends with tip has it;
// tip lies at least ten blocks above b.
func (n *Node) reward(b, tip *block) reward {
	before := decodeDAO(b.parent.Header.DAO)
	r := reward{primary: n.primary(b), secondary: share(n.secondary(), before.Occupied, before.Issued)}
	for _, t := range b.commits {
		r.fees += t.fee
		r.committed += t.fee - proposerPart(t.fee)
	}
	r.proposal = proposalReward(b, tip)
	return r
}

// proposalReward sums the proposer's part over the transactions that b was the
// first to propose, of those that the chain up to tip committed in time.
func proposalReward(b, tip *block) (sum uint64) {
	for c := tip; c.Header.Number >= b.Header.Number+windowClosest; c = c.parent {
		if !inWindow(b.Header.Number, c.Header.Number) {
			continue
		}
		for _, t := range c.commits {
			if firstProposer(c, t.id()) == b {
				sum += proposerPart(t.fee)
			}
		}
	}
	return sum
}

// firstProposer is the lowest block in the window of c that proposes id, nil
// for none.
func firstProposer(c *block, id ckb.ProposalID) (first *block) {
	for a := range c.parent.chain(windowFarthest) {
		if inWindow(a.Header.Number, c.Header.Number) && a.proposes(id) {
			first = a
		}
	}
	return first
}
