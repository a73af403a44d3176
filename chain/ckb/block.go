package ckb

import (
	"encoding/json"
	"fmt"
)

// ProposalID is the short id by which a block proposes a transaction: the
// first ten bytes of its hash.
type ProposalID [10]byte

// ProposalIDOf is the short id of the transaction with the given hash.
func ProposalIDOf(tx Hash) ProposalID { return ProposalID(tx[:10]) }

// MarshalText writes 0x-prefixed hex.
func (p ProposalID) MarshalText() ([]byte, error) { return Bytes(p[:]).MarshalText() }

// UnmarshalText reads 0x and exactly 20 hex digits.
func (p *ProposalID) UnmarshalText(text []byte) error { return unhex(p[:], text) }

// UncleBlock is an uncle as a block carries it.
type UncleBlock struct {
	Header    Header       `json:"header"`
	Proposals []ProposalID `json:"proposals"`
}

// Block is a whole block. Extension is nil when the block has none.
type Block struct {
	Header       Header
	Uncles       []UncleBlock
	Transactions []Transaction // the cellbase first
	Proposals    []ProposalID
	Extension    Bytes
}

// blockJSON is the node's JSON of a block: H, U and T have their hashes in
// what the node answers, and have none in submissions.
type blockJSON[H, U, T any] struct {
	Header       H            `json:"header"`
	Uncles       []U          `json:"uncles"`
	Transactions []T          `json:"transactions"`
	Proposals    []ProposalID `json:"proposals"`
	Extension    *Bytes       `json:"extension,omitempty"`
}

// MarshalJSON writes the node's JSON as submit_block takes it.
func (b Block) MarshalJSON() ([]byte, error) {
	return json.Marshal(blockJSON[Header, UncleBlock, Transaction]{
		Header: b.Header, Uncles: listUncles(b.Uncles), Transactions: list(b.Transactions),
		Proposals: list(b.Proposals), Extension: b.extension(),
	})
}

// extension is nil when there is none; an empty one is present.
func (b *Block) extension() *Bytes {
	if b.Extension == nil {
		return nil
	}
	return &b.Extension
}

func listUncles(uncles []UncleBlock) []UncleBlock {
	out := make([]UncleBlock, len(uncles))
	for i, u := range uncles {
		out[i] = UncleBlock{u.Header, list(u.Proposals)}
	}
	return out
}

// UnmarshalJSON reads the node's JSON, with or without hashes beside header
// and transactions. Every member but extension must be there.
func (b *Block) UnmarshalJSON(data []byte) error {
	var read Block
	var extension *Bytes
	f := readFields(data)
	f.need("header", &read.Header)
	f.need("uncles", &read.Uncles)
	f.need("transactions", &read.Transactions)
	f.need("proposals", &read.Proposals)
	f.optional("extension", &extension)
	if f.err != nil {
		return fmt.Errorf("block: %w", f.err)
	}
	if extension != nil {
		read.Extension = *extension
	}
	*b = read
	return nil
}

// Commitments are the three hashes by which a header commits to its body.
type Commitments struct {
	TransactionsRoot Hash
	ProposalsHash    Hash
	ExtraHash        Hash
}

// Commitments computes them from the body, as the node does with what it is
// given before it looks at the proof of work.
func (b *Block) Commitments() Commitments {
	txs := make([]Hash, len(b.Transactions))
	witnesses := make([]Hash, len(b.Transactions))
	for i := range b.Transactions {
		txs[i], witnesses[i] = b.Transactions[i].Hashes()
	}
	uncles := make([]Hash, len(b.Uncles))
	for i := range b.Uncles {
		uncles[i] = b.Uncles[i].Header.Hash()
	}
	return commit(txs, witnesses, uncles, b.Proposals, b.Extension)
}

// commit computes the commitments from the hashes of the parts. A nil
// extension is none; an empty one is hashed.
func commit(txs, witnesses, uncles []Hash, proposals []ProposalID, extension []byte) Commitments {
	return Commitments{
		TransactionsRoot: MerkleRoot([]Hash{MerkleRoot(txs), MerkleRoot(witnesses)}),
		ProposalsHash:    ProposalsHash(proposals),
		ExtraHash:        ExtraHash(UnclesHash(uncles), extension),
	}
}

// Apply writes the commitments into a header.
func (c Commitments) Apply(h *RawHeader) {
	h.TransactionsRoot, h.ProposalsHash, h.ExtraHash = c.TransactionsRoot, c.ProposalsHash, c.ExtraHash
}

// ProposalsHash is zero for no proposals, else the hash of them all.
func ProposalsHash(proposals []ProposalID) Hash {
	parts := make([][]byte, len(proposals))
	for i := range proposals {
		parts[i] = proposals[i][:]
	}
	return sumUnlessEmpty(parts)
}

// UnclesHash is zero for no uncles, else the hash of their block hashes.
func UnclesHash(uncles []Hash) Hash {
	parts := make([][]byte, len(uncles))
	for i := range uncles {
		parts[i] = uncles[i][:]
	}
	return sumUnlessEmpty(parts)
}

func sumUnlessEmpty(parts [][]byte) Hash {
	if len(parts) == 0 {
		return Hash{}
	}
	return Sum(parts...)
}

// ExtraHash is the uncles hash alone, or hashed together with the hash of the
// extension when that is not nil.
func ExtraHash(uncles Hash, extension []byte) Hash {
	if extension == nil {
		return uncles
	}
	e := Sum(extension)
	return Sum(uncles[:], e[:])
}

// BlockView is a block with its hashes, as the node's get_block answers.
type BlockView struct {
	Block
	Hash Hash
}

// View adds the hash.
func (b *Block) View() BlockView { return BlockView{Block: *b, Hash: b.Header.Hash()} }

type transactionView struct {
	Transaction
}

// MarshalJSON writes the transaction with its hash.
func (t transactionView) MarshalJSON() ([]byte, error) {
	plain, err := t.Transaction.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(plain[:len(plain)-1], `,"hash":%q}`, t.Transaction.Hash()), nil
}

type uncleView struct {
	Header    HeaderView   `json:"header"`
	Proposals []ProposalID `json:"proposals"`
}

// MarshalJSON writes the node's JSON.
func (v BlockView) MarshalJSON() ([]byte, error) {
	txs := make([]transactionView, len(v.Transactions))
	for i := range v.Transactions {
		txs[i] = transactionView{v.Transactions[i]}
	}
	uncles := make([]uncleView, len(v.Uncles))
	for i, u := range v.Uncles {
		uncles[i] = uncleView{u.Header.View(), list(u.Proposals)}
	}
	return json.Marshal(blockJSON[HeaderView, uncleView, transactionView]{
		Header: HeaderView{v.Header, v.Hash}, Uncles: uncles, Transactions: txs,
		Proposals: list(v.Proposals), Extension: v.extension(),
	})
}

// UnmarshalJSON reads the node's JSON and checks the header against its hash
// and the body against the header.
func (v *BlockView) UnmarshalJSON(data []byte) error {
	if err := v.Block.UnmarshalJSON(data); err != nil {
		return err
	}
	var header HeaderView
	f := readFields(data)
	f.need("header", &header)
	if f.err != nil {
		return fmt.Errorf("block: %w", f.err)
	}
	v.Hash = header.Hash
	got := v.Header
	v.Commitments().Apply(&got.RawHeader)
	if got != v.Header {
		return fmt.Errorf("block %d: the body does not match the header", v.Header.Number)
	}
	return nil
}
