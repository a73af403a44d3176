package monerod

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"

	"github.com/aditmine/adit/chain/cryptonote"
)

// BlockTemplate is a node's block template.
type BlockTemplate struct {
	Blob           []byte // the block, its reserved bytes zero
	HashingBlob    []byte // the node's own hashing blob of it; may be absent
	ReservedOffset int    // where the reserved bytes begin in Blob, -1 without
	Height         uint64
	PrevHash       cryptonote.Hash
	Difficulty     *big.Int // of the network, 128 bits
	ExpectedReward uint64   // atomic units; 0 when the node does not say
	SeedHash       string   // for RandomX coins, else empty
	NextSeedHash   string
}

// ErrTemplateMismatch says that this program and the node read a template
// differently, so its blocks have a format that is not supported.
var ErrTemplateMismatch = errors.New("the node's template has a format that is not supported")

type templateParams struct {
	WalletAddress string `json:"wallet_address"`
	ReserveSize   int    `json:"reserve_size"`
}

type templateAnswer struct {
	status
	Blob           string `json:"blocktemplate_blob"`
	HashingBlob    string `json:"blockhashing_blob"`
	ReservedOffset int    `json:"reserved_offset"`
	Height         uint64 `json:"height"`
	PrevHash       string `json:"prev_hash"`
	ExpectedReward uint64 `json:"expected_reward"`
	SeedHash       string `json:"seed_hash"`
	NextSeedHash   string `json:"next_seed_hash"`
	difficultyFields
}

// BlockTemplate asks for a template that pays to address, a standard address
// of the node's network, and has reserve zero bytes in its miner transaction
// for the caller to vary.
func (c *Client) BlockTemplate(ctx context.Context, address string, reserve int) (*BlockTemplate, error) {
	const method = "get_block_template"
	var a templateAnswer
	if err := c.call(ctx, method, templateParams{address, reserve}, &a); err != nil {
		return nil, err
	}
	t := &BlockTemplate{
		ReservedOffset: a.ReservedOffset, Height: a.Height, ExpectedReward: a.ExpectedReward,
		SeedHash: a.SeedHash, NextSeedHash: a.NextSeedHash,
	}
	if reserve == 0 {
		t.ReservedOffset = -1 // nodes say 0, or where it would be
	}
	var err error
	if t.Blob, err = hex.DecodeString(a.Blob); err != nil || len(t.Blob) == 0 {
		return nil, fmt.Errorf("%s: blocktemplate_blob of the answer is not hex", method)
	}
	if t.HashingBlob, err = hex.DecodeString(a.HashingBlob); err != nil {
		return nil, fmt.Errorf("%s: blockhashing_blob of the answer is not hex", method)
	}
	if t.Difficulty, err = a.difficulty(); err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	if a.PrevHash != "" { // some forks leave it out; the blob has it
		t.PrevHash, err = parseHash(method, "prev_hash", a.PrevHash)
	}
	return t, err
}

// Parse parses the template and checks that the node means the same by it:
// the height, and the hashing blob where the node gave one. The error wraps
// ErrTemplateMismatch or is a *cryptonote.ParseError.
func (t *BlockTemplate) Parse() (*cryptonote.Template, error) {
	parsed, err := cryptonote.ParseTemplate(t.Blob, t.ReservedOffset)
	if err != nil {
		return nil, fmt.Errorf("block template: %w", err)
	}
	if parsed.Height() != t.Height {
		return nil, fmt.Errorf("%w: it has height %d in its miner transaction and %d beside it",
			ErrTemplateMismatch, parsed.Height(), t.Height)
	}
	if len(t.HashingBlob) > 0 && !bytes.Equal(t.HashingBlob, parsed.Block.HashingBlob()) {
		return nil, fmt.Errorf("%w: its hashing blob is not the node's (block version %d.%d)",
			ErrTemplateMismatch, parsed.Header().Major, parsed.Header().Minor)
	}
	return parsed, nil
}

// difficultyFields are the three ways in which nodes write a difficulty.
type difficultyFields struct {
	Low  uint64 `json:"difficulty"`
	High uint64 `json:"difficulty_top64"`
	Wide string `json:"wide_difficulty"`
}

// difficulty joins the fields; the wide one, 0x and hex, wins where present.
func (d *difficultyFields) difficulty() (*big.Int, error) {
	if d.Wide == "" {
		n := new(big.Int).SetUint64(d.High)
		return n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(d.Low)), nil
	}
	const hexDigits = 128 / 4
	text, ok := bytes.CutPrefix([]byte(d.Wide), []byte("0x"))
	if !ok || len(text) == 0 || len(text) > hexDigits {
		return nil, fmt.Errorf("wide_difficulty of the answer is not 0x and up to %d hex digits", hexDigits)
	}
	n, ok := new(big.Int).SetString(string(text), 16)
	if !ok || n.Sign() < 0 {
		return nil, errors.New("wide_difficulty of the answer is not hex")
	}
	return n, nil
}
