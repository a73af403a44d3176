package monerod

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/cryptonote/internal/rpc"
)

// Config says where the node is and how to reach it.
type Config = rpc.Config

// Error is the node's refusal of a call; it unwraps to one of the errors
// below when its code is known.
type Error = rpc.Error

// What the node's error codes mean. Find them with errors.Is.
var (
	ErrBadParameter  = errors.New("the node does not understand a parameter")                   // -1
	ErrNoSuchHeight  = errors.New("no block at this height yet")                                // -2
	ErrReserveSize   = errors.New("the node does not reserve so many bytes")                    // -3
	ErrWrongAddress  = errors.New("the node does not take this wallet address: other network?") // -4
	ErrInternal      = errors.New("the node had an internal error")                             // -5
	ErrWrongBlob     = errors.New("the node cannot read the block")                             // -6
	ErrNotAccepted   = errors.New("the node found the block invalid")                           // -7
	ErrBusy          = errors.New("the node is busy or not synchronised yet")                   // -9
	ErrBlobSize      = errors.New("the block is too big for the node")                          // -10
	ErrSubaddress    = errors.New("blocks cannot be mined to a subaddress")                     // -12
	ErrUnknownMethod = errors.New("the node does not have this method: another kind of node?")  // -32601
)

// ErrUnauthorized says that the node's --rpc-login wants other credentials.
var ErrUnauthorized = rpc.ErrUnauthorized

// meanings maps error codes of Monero's core_rpc_server_error_codes.h.
func meanings() map[int]error {
	return map[int]error{
		-1: ErrBadParameter, -2: ErrNoSuchHeight, -3: ErrReserveSize, -4: ErrWrongAddress,
		-5: ErrInternal, -6: ErrWrongBlob, -7: ErrNotAccepted, -9: ErrBusy, -10: ErrBlobSize,
		-12: ErrSubaddress, -32601: ErrUnknownMethod,
	}
}

// Client calls one node. It is safe for concurrent use.
type Client struct {
	rpc *rpc.Caller
}

// New makes a client; it connects with the first call.
func New(cfg Config) (*Client, error) {
	c, err := rpc.New(cfg, "monerod", "is monerod running there, with --rpc-bind-port set to this port?", meanings())
	if err != nil {
		return nil, err
	}
	return &Client{rpc: c}, nil
}

// Close closes the connections kept open between calls.
func (c *Client) Close() { c.rpc.Close() }

// status is in every answer.
type status struct {
	Status string `json:"status"`
}

// call invokes method and refuses answers whose status is not OK.
func (c *Client) call(ctx context.Context, method string, params any, answer interface{ state() string }) error {
	if err := c.rpc.Call(ctx, method, params, answer); err != nil {
		return err
	}
	switch s := answer.state(); s {
	case "OK", "": // old forks leave it out
		return nil
	case "BUSY":
		return c.rpc.Refused(method, -9, s)
	default:
		return c.rpc.Refused(method, 0, s)
	}
}

func (s *status) state() string { return s.Status }

// SubmitBlock hands a block to the node. nil means that the node did not find
// fault with it, which is less than it seems: monerod also says OK to a block
// it already has, to one that loses against the present chain, and to one
// whose parent it does not know. Ask BlockHeaderByHash with the block's id to
// learn whether it is in the chain. ErrNotAccepted is the node's verdict on a
// block without enough work, ErrWrongBlob on one that it cannot read.
func (c *Client) SubmitBlock(ctx context.Context, blob []byte) error {
	var answer status
	return c.call(ctx, "submit_block", []string{hex.EncodeToString(blob)}, &answer)
}

// parseHash reads a hash of an answer and names its field if it is none.
func parseHash(method, field, s string) (cryptonote.Hash, error) {
	h, err := cryptonote.ParseHash(s)
	if err != nil {
		return h, fmt.Errorf("%s: %s of the answer: %w", method, field, err)
	}
	return h, nil
}
