package monerod

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"

	"github.com/aditmine/adit/chain/cryptonote"
)

// BlockHeader is what a node tells about a block.
type BlockHeader struct {
	Hash         cryptonote.Hash // the block's id
	PrevHash     cryptonote.Hash
	Height       uint64
	Depth        uint64 // blocks above it
	Major, Minor uint64
	Timestamp    uint64
	Nonce        uint32
	Reward       uint64 // atomic units
	Difficulty   *big.Int
	Orphan       bool // it is not in the main chain
	TxCount      int  // transactions beside the miner transaction
}

// ErrWrongBlock says that the node answered with another block than asked for.
var ErrWrongBlock = errors.New("the node answered with another block")

// ErrNotFound says that the node knows no block of this id.
var ErrNotFound = errors.New("the node does not know this block")

type headerAnswer struct {
	status
	Header rawHeader `json:"block_header"`
}

type rawHeader struct {
	Hash      string `json:"hash"`
	PrevHash  string `json:"prev_hash"`
	Height    uint64 `json:"height"`
	Depth     uint64 `json:"depth"`
	Major     uint64 `json:"major_version"`
	Minor     uint64 `json:"minor_version"`
	Timestamp uint64 `json:"timestamp"`
	Nonce     uint32 `json:"nonce"`
	Reward    uint64 `json:"reward"`
	Orphan    bool   `json:"orphan_status"`
	NumTxes   int    `json:"num_txes"`
	difficultyFields
}

// LastBlockHeader returns the header of the top block of the main chain.
func (c *Client) LastBlockHeader(ctx context.Context) (*BlockHeader, error) {
	return c.header(ctx, "get_last_block_header", nil)
}

// BlockHeaderByHeight returns the header of the main chain's block at height.
// Errors: ErrNoSuchHeight, and ErrWrongBlock from nodes that count otherwise
// (ask those by hash).
func (c *Client) BlockHeaderByHeight(ctx context.Context, height uint64) (*BlockHeader, error) {
	const method = "get_block_header_by_height"
	h, err := c.header(ctx, method, map[string]uint64{"height": height})
	if err == nil && h.Height != height {
		return nil, fmt.Errorf("%s: %w: height %d, asked for %d", method, ErrWrongBlock, h.Height, height)
	}
	return h, err
}

// BlockHeaderByHash returns the header of the block with the given id, which
// may lie in an alternative chain (Orphan). An id that the node does not know
// gives ErrNotFound.
func (c *Client) BlockHeaderByHash(ctx context.Context, id cryptonote.Hash) (*BlockHeader, error) {
	const method = "get_block_header_by_hash"
	h, err := c.header(ctx, method, map[string]string{"hash": id.String()})
	if err != nil {
		return nil, notFound(err)
	}
	if h.Hash != id {
		return nil, fmt.Errorf("%s: %w: %s, asked for %s", method, ErrWrongBlock, h.Hash, id)
	}
	return h, nil
}

// notFound recognises the node's way to say that it does not know a hash: the
// code for internal errors.
func notFound(err error) error {
	if errors.Is(err, ErrInternal) {
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return err
}

func (c *Client) header(ctx context.Context, method string, params any) (*BlockHeader, error) {
	var a headerAnswer
	if err := c.call(ctx, method, params, &a); err != nil {
		return nil, err
	}
	return a.Header.parse(method)
}

func (r *rawHeader) parse(method string) (*BlockHeader, error) {
	h := &BlockHeader{
		Height: r.Height, Depth: r.Depth, Major: r.Major, Minor: r.Minor, Timestamp: r.Timestamp,
		Nonce: r.Nonce, Reward: r.Reward, Orphan: r.Orphan, TxCount: r.NumTxes,
	}
	var err error
	if h.Hash, err = parseHash(method, "hash", r.Hash); err != nil {
		return nil, err
	}
	if h.PrevHash, err = parseHash(method, "prev_hash", r.PrevHash); err != nil {
		return nil, err
	}
	if h.Difficulty, err = r.difficulty(); err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	return h, nil
}

// Block is a block as the node stores it.
type Block struct {
	Header *BlockHeader
	Blob   []byte // cryptonote.ParseBlock reads it
}

type blockAnswer struct {
	headerAnswer
	Blob string `json:"blob"`
}

// Block returns the block with the given id, of any chain the node knows, or
// ErrNotFound.
func (c *Client) Block(ctx context.Context, id cryptonote.Hash) (*Block, error) {
	b, err := c.block(ctx, map[string]string{"hash": id.String()})
	if err != nil {
		return nil, notFound(err)
	}
	if b.Header.Hash != id {
		return nil, fmt.Errorf("get_block: %w: %s, asked for %s", ErrWrongBlock, b.Header.Hash, id)
	}
	return b, nil
}

// BlockByHeight returns the main chain's block at height, or ErrNoSuchHeight.
func (c *Client) BlockByHeight(ctx context.Context, height uint64) (*Block, error) {
	b, err := c.block(ctx, map[string]uint64{"height": height})
	if err == nil && b.Header.Height != height {
		return nil, fmt.Errorf("get_block: %w: height %d, asked for %d", ErrWrongBlock, b.Header.Height, height)
	}
	return b, err
}

func (c *Client) block(ctx context.Context, params any) (*Block, error) {
	const method = "get_block"
	var a blockAnswer
	if err := c.call(ctx, method, params, &a); err != nil {
		return nil, err
	}
	header, err := a.Header.parse(method)
	if err != nil {
		return nil, err
	}
	blob, err := hex.DecodeString(a.Blob)
	if err != nil {
		return nil, fmt.Errorf("%s: blob of the answer is not hex", method)
	}
	return &Block{Header: header, Blob: blob}, nil
}
