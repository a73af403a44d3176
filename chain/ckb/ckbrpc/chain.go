package ckbrpc

import (
	"context"
	"fmt"

	"github.com/aditmine/adit/chain/ckb"
)

// TipHeader is the best chain's last header.
func (c *Client) TipHeader(ctx context.Context) (ckb.HeaderView, error) {
	var h ckb.HeaderView
	err := c.call(ctx, &h, "get_tip_header")
	return h, err
}

// TipNumber is the height of the best chain.
func (c *Client) TipNumber(ctx context.Context) (uint64, error) {
	var n ckb.Uint64
	err := c.call(ctx, &n, "get_tip_block_number")
	return uint64(n), err
}

// Header looks a header up by its hash. The node may know headers beside the
// best chain too, so finding one proves nothing about the chain.
func (c *Client) Header(ctx context.Context, hash ckb.Hash) (h ckb.HeaderView, found bool, err error) {
	const method = "get_header"
	found, err = c.optional(ctx, &h, method, hash)
	if found && h.Hash != hash {
		return h, false, c.nonsense(method, fmt.Errorf("it is header %v, asked for %v", h.Hash, hash))
	}
	return h, found, err
}

// HeaderByNumber gives the header that the best chain has at a height now.
func (c *Client) HeaderByNumber(ctx context.Context, number uint64) (h ckb.HeaderView, found bool, err error) {
	const method = "get_header_by_number"
	found, err = c.optional(ctx, &h, method, ckb.Uint64(number))
	if found && h.Number != number {
		return h, false, c.nonsense(method, fmt.Errorf("it is header %d, asked for %d", h.Number, number))
	}
	return h, found, err
}

// Block looks a block up by its hash.
func (c *Client) Block(ctx context.Context, hash ckb.Hash) (b ckb.BlockView, found bool, err error) {
	const method = "get_block"
	found, err = c.optional(ctx, &b, method, hash)
	if found && b.Hash != hash {
		return b, false, c.nonsense(method, fmt.Errorf("it is block %v, asked for %v", b.Hash, hash))
	}
	return b, found, err
}

// BlockByNumber gives the block that the best chain has at a height now.
func (c *Client) BlockByNumber(ctx context.Context, number uint64) (b ckb.BlockView, found bool, err error) {
	const method = "get_block_by_number"
	found, err = c.optional(ctx, &b, method, ckb.Uint64(number))
	if found && b.Header.Number != number {
		return b, false, c.nonsense(method, fmt.Errorf("it is block %d, asked for %d", b.Header.Number, number))
	}
	return b, found, err
}

// EconomicState is what a block earned, in shannons (10^-8 CKB).
type EconomicState struct {
	FinalizedAt ckb.Hash    `json:"finalized_at"` // the block whose cellbase pays
	Issuance    Issuance    `json:"issuance"`
	MinerReward MinerReward `json:"miner_reward"`
	TxsFee      ckb.Uint64  `json:"txs_fee"`
}

// Issuance is the new money of a block, of which the miner gets a part.
type Issuance struct {
	Primary   ckb.Uint64 `json:"primary"`
	Secondary ckb.Uint64 `json:"secondary"`
}

// MinerReward is what the block's miner is paid.
type MinerReward struct {
	Primary   ckb.Uint64 `json:"primary"`
	Secondary ckb.Uint64 `json:"secondary"`
	Committed ckb.Uint64 `json:"committed"`
	Proposal  ckb.Uint64 `json:"proposal"`
}

// Total is the whole reward in shannons.
func (r MinerReward) Total() uint64 {
	return uint64(r.Primary) + uint64(r.Secondary) + uint64(r.Committed) + uint64(r.Proposal)
}

// BlockEconomicState says what a block of the best chain earned. It is not
// found before eleven more blocks have been mined, nor off the best chain.
func (c *Client) BlockEconomicState(ctx context.Context, hash ckb.Hash) (s EconomicState, found bool, err error) {
	found, err = c.optional(ctx, &s, "get_block_economic_state", hash)
	return s, found, err
}
