package ckb

import (
	"encoding/hex"

	"github.com/aditmine/adit/chain/ckb/internal/blake2b"
)

// Hash is a ckb-blake2b digest, or another 32 bytes that a header carries.
type Hash [32]byte

// Sum is ckb-blake2b over the concatenation of parts: BLAKE2b-256,
// personalized with "ckb-default-hash".
func Sum(parts ...[]byte) Hash {
	person := [blake2b.PersonSize]byte([]byte("ckb-default-hash"))
	d := blake2b.New(&person)
	for _, p := range parts {
		d.Write(p) //nolint:errcheck // never fails
	}
	return d.Sum()
}

// String is 0x-prefixed hex, as the node writes it.
func (h Hash) String() string { return "0x" + hex.EncodeToString(h[:]) }

// IsZero reports whether all bytes are zero, which stands for "none" in many
// places.
func (h Hash) IsZero() bool { return h == Hash{} }

// MarshalText writes 0x-prefixed hex.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads 0x and exactly 64 hex digits.
func (h *Hash) UnmarshalText(text []byte) error { return unhex(h[:], text) }

// ParseHash reads 0x and exactly 64 hex digits.
func ParseHash(s string) (Hash, error) {
	var h Hash
	err := h.UnmarshalText([]byte(s))
	return h, err
}

// MerkleRoot is the root of the complete binary Merkle tree of RFC 0006 over
// leaves: zero for none, the leaf itself for one.
func MerkleRoot(leaves []Hash) Hash {
	n := len(leaves)
	if n == 0 {
		return Hash{}
	}
	// Node i has children 2i+1 and 2i+2; the leaves are the last n nodes.
	nodes := make([]Hash, 2*n-1)
	copy(nodes[n-1:], leaves)
	for i := n - 2; i >= 0; i-- {
		nodes[i] = Sum(nodes[2*i+1][:], nodes[2*i+2][:])
	}
	return nodes[0]
}
