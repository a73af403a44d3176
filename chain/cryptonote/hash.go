package cryptonote

import (
	"encoding/hex"
	"fmt"

	"golang.org/x/crypto/sha3"
)

// HashSize is the length of a block id, transaction hash or tree hash.
const HashSize = 32

// Hash is a Keccak-256 value: a block id, a transaction hash, a tree hash.
// Its bytes and its hex form have the same order.
type Hash [HashSize]byte

// String returns the hash as 64 lower-case hex characters.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes the hash as hex, so that it may stand in JSON.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (h *Hash) UnmarshalText(text []byte) error {
	parsed, err := ParseHash(string(text))
	if err == nil {
		*h = parsed
	}
	return err
}

// ParseHash reads 64 hex characters.
func ParseHash(s string) (Hash, error) {
	var h Hash
	if len(s) != hex.EncodedLen(HashSize) {
		return h, fmt.Errorf("hash has %d characters, not %d", len(s), hex.EncodedLen(HashSize))
	}
	if _, err := hex.Decode(h[:], []byte(s)); err != nil {
		return Hash{}, fmt.Errorf("hash %q is not hex", s)
	}
	return h, nil
}

// Keccak256 is Keccak with the padding it had before SHA-3 was standardised,
// which is what CryptoNote calls its fast hash. The parts are hashed as if
// joined.
func Keccak256(parts ...[]byte) Hash {
	k := sha3.NewLegacyKeccak256()
	for _, p := range parts {
		k.Write(p) // never fails
	}
	var h Hash
	k.Sum(h[:0])
	return h
}
