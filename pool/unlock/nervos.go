package unlock

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/chain/ckb/ckbrpc"
	"github.com/aditmine/adit/pool/coin"
)

// payDelay is how many blocks later a CKB block is paid: the cellbase of block
// H+11 has the reward of block H.
const payDelay = 11

// Nervos is the CKB chain.
type Nervos struct {
	node  *ckbrpc.Client
	close func()
}

var _ Chain = Nervos{}

// NewNervos looks at the chain through a client; close is called in the end.
func NewNervos(node *ckbrpc.Client, close func()) Nervos { return Nervos{node, close} }

// Close implements Chain.
func (c Nervos) Close() { c.close() }

// Tip implements Chain.
func (c Nervos) Tip(ctx context.Context) (coin.Tip, error) {
	h, err := c.node.TipHeader(ctx)
	if err != nil {
		return coin.Tip{}, err
	}
	return coin.Tip{Height: h.Number, Hash: hex.EncodeToString(h.Hash[:])}, nil
}

// Look implements Chain.
func (c Nervos) Look(ctx context.Context, hash string, height uint64) (Sight, error) {
	var id ckb.Hash
	raw, err := hex.DecodeString(hash)
	if err != nil || len(raw) != len(id) {
		return Sight{}, fmt.Errorf("block hash %q is not 32 bytes of hex", hash)
	}
	copy(id[:], raw)
	tip, err := c.node.TipHeader(ctx)
	if err != nil {
		return Sight{}, err
	}
	named, known, err := c.node.Header(ctx, id)
	if err != nil {
		return Sight{}, err
	}
	if tip.Number < height {
		return Sight{Place: Ahead}, nil
	}
	there, found, err := c.node.HeaderByNumber(ctx, height)
	if err != nil {
		return Sight{}, err
	}
	if !found {
		return Sight{Place: Unclear}, nil
	}
	s := Sight{Depth: tip.Number - height, Other: hex.EncodeToString(there.Hash[:])}
	switch {
	case there.Hash == id && known && named.Number == height:
		return c.inChain(ctx, id, height, tip, s)
	case there.Hash == id:
		s.Place = Unclear
	case known:
		s.Place = Beside
	default:
		s.Place = Unknown
	}
	return s, nil
}

// inChain adds the reward, once the block that pays it is in the chain, and
// whether that has matured by epochs.
func (c Nervos) inChain(ctx context.Context, id ckb.Hash, height uint64, tip ckb.HeaderView, s Sight) (Sight, error) {
	s.Place, s.Other = InChain, ""
	economics, found, err := c.node.BlockEconomicState(ctx, id)
	if err != nil || !found {
		return s, err
	}
	pays, found, err := c.node.HeaderByNumber(ctx, height+payDelay)
	if err != nil || !found || pays.Hash != economics.FinalizedAt {
		return s, err // the chain has just changed: ask again
	}
	rules, err := c.node.Consensus(ctx)
	if err != nil {
		return s, err
	}
	maturity := ckb.Epoch(rules.CellbaseMaturity).Number()
	s.Reward = economics.MinerReward.Total()
	s.Mature = pays.Epoch.Matured(tip.Epoch, maturity)
	return s, nil
}

// Price implements Chain.
func (c Nervos) Price(ctx context.Context, height uint64) (Price, bool, error) {
	h, found, err := c.node.HeaderByNumber(ctx, height)
	if err != nil || !found {
		return Price{}, false, err
	}
	economics, found, err := c.node.BlockEconomicState(ctx, h.Hash)
	if err != nil || !found {
		return Price{}, false, err
	}
	target, err := ckb.TargetFromCompact(h.CompactTarget)
	if err != nil {
		return Price{}, false, err
	}
	return Price{
		Hash: hex.EncodeToString(h.Hash[:]), Reward: economics.MinerReward.Total(), Difficulty: ckb.DifficultyFromTarget(target),
	}, true, nil
}
