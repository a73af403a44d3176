package unlock

import (
	"context"
	"errors"
	"fmt"

	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/cryptonote/monerod"
	"github.com/aditmine/adit/pool/coin"
)

// CryptoNote is the chain behind a node that speaks monerod's RPC.
type CryptoNote struct{ node *monerod.Client }

var _ Chain = CryptoNote{}

// NewCryptoNote looks at a chain through a client, which it closes in the end.
func NewCryptoNote(node *monerod.Client) CryptoNote { return CryptoNote{node} }

// Close implements Chain.
func (c CryptoNote) Close() { c.node.Close() }

// Tip implements Chain.
func (c CryptoNote) Tip(ctx context.Context) (coin.Tip, error) {
	h, err := c.node.LastBlockHeader(ctx)
	if err != nil {
		return coin.Tip{}, err
	}
	return coin.Tip{Height: h.Height, Hash: h.Hash.String()}, nil
}

// Look implements Chain. The node says "internal error" of hashes that it does
// not know, and also when it has one: so not knowing a block counts only
// together with another block at its height.
func (c CryptoNote) Look(ctx context.Context, hash string, height uint64) (Sight, error) {
	id, err := cryptonote.ParseHash(hash)
	if err != nil {
		return Sight{}, fmt.Errorf("block hash %q: %w", hash, err)
	}
	tip, err := c.node.LastBlockHeader(ctx)
	if err != nil {
		return Sight{}, err
	}
	named, err := c.node.BlockHeaderByHash(ctx, id)
	if err != nil && !errors.Is(err, monerod.ErrNotFound) {
		return Sight{}, err
	}
	if tip.Height < height {
		if named != nil && !named.Orphan {
			return Sight{Place: Unclear}, nil
		}
		return Sight{Place: Ahead}, nil
	}
	there, err := c.node.BlockHeaderByHeight(ctx, height)
	if err != nil {
		return Sight{}, err
	}
	s := Sight{Depth: tip.Height - height, Other: there.Hash.String()}
	switch same := there.Hash == id; {
	case same && named != nil && !named.Orphan && named.Height == height:
		return c.inChain(ctx, id, s)
	case same || named != nil && !named.Orphan:
		s.Place = Unclear
	case named != nil:
		s.Place = Beside
	default:
		s.Place = Unknown
	}
	return s, nil
}

// inChain adds the reward: what the block's own coinbase pays.
func (c CryptoNote) inChain(ctx context.Context, id cryptonote.Hash, s Sight) (Sight, error) {
	s.Place, s.Other, s.Mature = InChain, "", true
	reward, err := c.coinbase(ctx, id)
	s.Reward = reward
	return s, err
}

func (c CryptoNote) coinbase(ctx context.Context, id cryptonote.Hash) (uint64, error) {
	stored, err := c.node.Block(ctx, id)
	if err != nil {
		return 0, err
	}
	block, err := cryptonote.ParseBlock(stored.Blob)
	if err != nil {
		return 0, fmt.Errorf("reading block %s: %w", id, err)
	}
	if got := block.ID(); got != id {
		return 0, fmt.Errorf("the node gave block %s, asked for %s", got, id)
	}
	return block.Reward(), nil
}

// Price implements Chain.
func (c CryptoNote) Price(ctx context.Context, height uint64) (Price, bool, error) {
	h, err := c.node.BlockHeaderByHeight(ctx, height)
	if errors.Is(err, monerod.ErrNoSuchHeight) {
		return Price{}, false, nil
	}
	if err != nil {
		return Price{}, false, err
	}
	reward, err := c.coinbase(ctx, h.Hash)
	return Price{Hash: h.Hash.String(), Reward: reward, Difficulty: h.Difficulty}, err == nil, err
}
