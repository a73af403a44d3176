package ckb

import (
	"encoding/hex"
	"fmt"
	"slices"
)

// NonceSize is the length of a nonce in bytes.
const NonceSize = 16

// Nonce is a block's nonce as the raw bytes that are hashed, which is also the
// order of stratum: extranonce1 || nonce2. The header holds them as they are;
// JSON shows them as a 128-bit number that they are the little-endian form of,
// so its digits run backwards and its leading zeros are gone.
type Nonce [NonceSize]byte

// String is the JSON form: 0x and the number's minimal hex.
func (n Nonce) String() string {
	be := n
	slices.Reverse(be[:])
	digits := hex.EncodeToString(be[:])
	for len(digits) > 1 && digits[0] == '0' {
		digits = digits[1:]
	}
	return "0x" + digits
}

// MarshalText writes the JSON form.
func (n Nonce) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads the JSON form; like the node, it refuses redundant
// leading zeros.
func (n *Nonce) UnmarshalText(text []byte) error {
	digits, err := minimalDigits(text)
	if err != nil {
		return err
	}
	if len(digits) > 2*NonceSize {
		return fmt.Errorf("%s is not a number of at most 128 bits", quote(text))
	}
	padded := slices.Concat(slices.Repeat([]byte{'0'}, 2*NonceSize-len(digits)), digits)
	var be Nonce
	if _, err := hex.Decode(be[:], padded); err != nil {
		return fmt.Errorf("%s is not a number: %w", quote(text), err)
	}
	slices.Reverse(be[:])
	*n = be
	return nil
}
