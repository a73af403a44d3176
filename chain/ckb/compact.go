package ckb

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/aditmine/adit/hash"
)

// Reasons why a compact target is not one that a block can have.
var (
	ErrTargetZero     = errors.New("is zero, so that no hash can meet it")
	ErrTargetOverflow = errors.New("overflows 256 bits")
)

// CompactError is a compact target that no block can have.
type CompactError struct {
	Compact uint32
	Err     error // ErrTargetZero or ErrTargetOverflow
}

// Error shows the compact target and what is wrong with it.
func (e *CompactError) Error() string {
	return fmt.Sprintf("compact target %#08x %v", e.Compact, e.Err)
}

// Unwrap gives ErrTargetZero or ErrTargetOverflow.
func (e *CompactError) Unwrap() error { return e.Err }

// TargetFromCompact decodes compact_target: the top byte is an exponent in
// bytes, the lower three a mantissa without sign bit. It fails with a
// *CompactError on the two kinds that the node refuses.
func TargetFromCompact(c uint32) (hash.Target, error) {
	exponent, mantissa := uint(c>>24), c&0xffffff
	n := new(big.Int)
	if exponent <= 3 {
		n.SetUint64(uint64(mantissa >> (8 * (3 - exponent))))
	} else {
		n.Lsh(n.SetUint64(uint64(mantissa)), 8*(exponent-3))
	}
	switch {
	case n.Sign() == 0:
		return hash.Target{}, &CompactError{c, ErrTargetZero}
	case exponent > 32:
		return hash.Target{}, &CompactError{c, ErrTargetOverflow}
	}
	return toTarget(n), nil
}

// CompactFromTarget encodes a target, rounding down to three significant
// bytes.
func CompactFromTarget(t hash.Target) uint32 {
	n := new(big.Int).SetBytes(t[:])
	exponent := uint(n.BitLen()+7) / 8
	if exponent <= 3 {
		n.Lsh(n, 8*(3-exponent))
	} else {
		n.Rsh(n, 8*(exponent-3))
	}
	return uint32(exponent)<<24 | uint32(n.Uint64())
}

// DifficultyFromTarget is floor(2^256/t), and 2^256-1 for the targets 0 and 1:
// the expected number of hashes per block.
func DifficultyFromTarget(t hash.Target) *big.Int { return invert(new(big.Int).SetBytes(t[:])) }

// TargetFromDifficulty is floor(2^256/d), and 2^256-1 for difficulties of 1
// and less.
func TargetFromDifficulty(d *big.Int) hash.Target { return toTarget(invert(d)) }

// CompactFromDifficulty is the compact target for d hashes per block, as near
// as three bytes allow. Difficulties under 2, which no compact target can
// express, give that of 2.
func CompactFromDifficulty(d *big.Int) uint32 {
	two := big.NewInt(2)
	if d.Cmp(two) < 0 {
		d = two
	}
	return CompactFromTarget(TargetFromDifficulty(d))
}

// invert is floor(2^256/n) cut to 256 bits.
func invert(n *big.Int) *big.Int {
	one := big.NewInt(1)
	all := new(big.Int).Lsh(one, 8*hash.Size)
	if n.Cmp(one) <= 0 {
		return all.Sub(all, one)
	}
	return all.Div(all, n)
}

// toTarget writes a number of at most 256 bits big-endian.
func toTarget(n *big.Int) (t hash.Target) {
	n.FillBytes(t[:])
	return t
}
