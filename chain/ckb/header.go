package ckb

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
)

// Sizes of the molecule structs RawHeader and Header, in bytes.
const (
	RawHeaderSize = 192
	HeaderSize    = RawHeaderSize + NonceSize
)

// RawHeader is a block header without its nonce: what pow_hash covers.
type RawHeader struct {
	Version          uint32
	CompactTarget    uint32
	Timestamp        uint64 // milliseconds since 1970
	Number           uint64 // the block's height
	Epoch            Epoch
	ParentHash       Hash
	TransactionsRoot Hash
	ProposalsHash    Hash
	ExtraHash        Hash // uncles and extension; uncles_hash before CKB2021
	DAO              Hash // four 64-bit numbers of RFC 0023
}

// Header is a block header.
type Header struct {
	RawHeader
	Nonce Nonce
}

// Encode is the molecule form, all integers little-endian.
func (h *RawHeader) Encode() (out [RawHeaderSize]byte) {
	le := binary.LittleEndian
	le.PutUint32(out[0:], h.Version)
	le.PutUint32(out[4:], h.CompactTarget)
	le.PutUint64(out[8:], h.Timestamp)
	le.PutUint64(out[16:], h.Number)
	le.PutUint64(out[24:], uint64(h.Epoch))
	for i, field := range []*Hash{&h.ParentHash, &h.TransactionsRoot, &h.ProposalsHash, &h.ExtraHash, &h.DAO} {
		copy(out[32+32*i:], field[:])
	}
	return out
}

// ParseRawHeader reads the molecule form; it has one length only.
func ParseRawHeader(b []byte) (*RawHeader, error) {
	if len(b) != RawHeaderSize {
		return nil, fmt.Errorf("a raw header has %d bytes, not %d", RawHeaderSize, len(b))
	}
	le := binary.LittleEndian
	h := &RawHeader{
		Version:       le.Uint32(b[0:]),
		CompactTarget: le.Uint32(b[4:]),
		Timestamp:     le.Uint64(b[8:]),
		Number:        le.Uint64(b[16:]),
		Epoch:         Epoch(le.Uint64(b[24:])),
	}
	for i, field := range []*Hash{&h.ParentHash, &h.TransactionsRoot, &h.ProposalsHash, &h.ExtraHash, &h.DAO} {
		copy(field[:], b[32+32*i:])
	}
	return h, nil
}

// PowHash is the 32 bytes that miners hash together with a nonce.
func (h *RawHeader) PowHash() Hash {
	raw := h.Encode()
	return Sum(raw[:])
}

// Encode is the molecule form: the raw header, then the nonce.
func (h *Header) Encode() (out [HeaderSize]byte) {
	raw := h.RawHeader.Encode()
	copy(out[:], raw[:])
	copy(out[RawHeaderSize:], h.Nonce[:])
	return out
}

// ParseHeader reads the molecule form; it has one length only.
func ParseHeader(b []byte) (*Header, error) {
	if len(b) != HeaderSize {
		return nil, fmt.Errorf("a header has %d bytes, not %d", HeaderSize, len(b))
	}
	raw, err := ParseRawHeader(b[:RawHeaderSize])
	if err != nil {
		return nil, err
	}
	return &Header{RawHeader: *raw, Nonce: Nonce(b[RawHeaderSize:])}, nil
}

// Hash is the block hash.
func (h *Header) Hash() Hash {
	full := h.Encode()
	return Sum(full[:])
}

// headerJSON is the node's JSON of a header.
type headerJSON struct {
	CompactTarget    Uint32 `json:"compact_target"`
	DAO              Hash   `json:"dao"`
	Epoch            Uint64 `json:"epoch"`
	ExtraHash        Hash   `json:"extra_hash"`
	Nonce            Nonce  `json:"nonce"`
	Number           Uint64 `json:"number"`
	ParentHash       Hash   `json:"parent_hash"`
	ProposalsHash    Hash   `json:"proposals_hash"`
	Timestamp        Uint64 `json:"timestamp"`
	TransactionsRoot Hash   `json:"transactions_root"`
	Version          Uint32 `json:"version"`
}

// MarshalJSON writes the node's JSON.
func (h Header) MarshalJSON() ([]byte, error) { return json.Marshal(h.json()) }

func (h *Header) json() headerJSON {
	return headerJSON{
		CompactTarget: Uint32(h.CompactTarget), DAO: h.DAO, Epoch: Uint64(h.Epoch),
		ExtraHash: h.ExtraHash, Nonce: h.Nonce, Number: Uint64(h.Number),
		ParentHash: h.ParentHash, ProposalsHash: h.ProposalsHash, Timestamp: Uint64(h.Timestamp),
		TransactionsRoot: h.TransactionsRoot, Version: Uint32(h.Version),
	}
}

// UnmarshalJSON reads the node's JSON; every member must be there.
func (h *Header) UnmarshalJSON(data []byte) error {
	var j headerJSON
	f := readFields(data)
	f.need("compact_target", &j.CompactTarget)
	f.need("dao", &j.DAO)
	f.need("epoch", &j.Epoch)
	f.need("extra_hash", &j.ExtraHash)
	f.need("nonce", &j.Nonce)
	f.need("number", &j.Number)
	f.need("parent_hash", &j.ParentHash)
	f.need("proposals_hash", &j.ProposalsHash)
	f.need("timestamp", &j.Timestamp)
	f.need("transactions_root", &j.TransactionsRoot)
	f.need("version", &j.Version)
	if f.err != nil {
		return fmt.Errorf("header: %w", f.err)
	}
	*h = Header{Nonce: j.Nonce, RawHeader: RawHeader{
		Version: uint32(j.Version), CompactTarget: uint32(j.CompactTarget),
		Timestamp: uint64(j.Timestamp), Number: uint64(j.Number), Epoch: Epoch(j.Epoch),
		ParentHash: j.ParentHash, TransactionsRoot: j.TransactionsRoot,
		ProposalsHash: j.ProposalsHash, ExtraHash: j.ExtraHash, DAO: j.DAO,
	}}
	return nil
}

// HeaderView is a header with its hash, as the node's chain methods answer.
type HeaderView struct {
	Header
	Hash Hash
}

// View adds the hash.
func (h *Header) View() HeaderView { return HeaderView{Header: *h, Hash: h.Hash()} }

// MarshalJSON writes the node's JSON.
func (v HeaderView) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		headerJSON
		Hash Hash `json:"hash"`
	}{v.Header.json(), v.Hash})
}

// UnmarshalJSON reads the node's JSON and checks that the hash belongs to the
// header.
func (v *HeaderView) UnmarshalJSON(data []byte) error {
	if err := v.Header.UnmarshalJSON(data); err != nil {
		return err
	}
	f := readFields(data)
	f.need("hash", &v.Hash)
	if f.err != nil {
		return fmt.Errorf("header: %w", f.err)
	}
	if got := v.Header.Hash(); got != v.Hash {
		return fmt.Errorf("header %d hashes to %v, but the node calls it %v", v.Number, got, v.Hash)
	}
	return nil
}
