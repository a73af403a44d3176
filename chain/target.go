package chain

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/bits"

	"github.com/aditmine/adit/hash"
)

// targetBits is the width of a target.
const targetBits = 8 * hash.Size

// maxTarget returns 2^256-1, the number that difficulties divide.
func maxTarget() *big.Int {
	one := big.NewInt(1)
	return new(big.Int).Sub(new(big.Int).Lsh(one, targetBits), one)
}

// TargetFromDifficulty returns floor((2^256-1)/d), the largest number that is
// worth difficulty d. Difficulty 0 means the same as 1: everything passes.
func TargetFromDifficulty(d uint64) hash.Target {
	var t hash.Target
	d = max(d, 1)
	// Schoolbook division of four 64-bit digits, all of them 2^64-1. The
	// remainder is below d, as Div64 asks.
	var q, rem uint64
	for i := 0; i < hash.Size; i += 8 {
		q, rem = bits.Div64(rem, math.MaxUint64, d)
		binary.BigEndian.PutUint64(t[i:], q)
	}
	return t
}

// TargetFromBig returns floor((2^256-1)/d) for a difficulty of any size, such
// as a node's 128-bit network difficulty. A difficulty below 1 counts as 1, and
// one above 2^256-1 gives the zero target, which only the number 0 meets.
func TargetFromBig(d *big.Int) hash.Target {
	if d.Sign() <= 0 {
		return TargetFromDifficulty(1)
	}
	return targetFromInt(new(big.Int).Quo(maxTarget(), d))
}

// DifficultyFromTarget returns floor((2^256-1)/t): the difficulty of the
// hardest share that t asks for. The zero target gives 2^256-1.
func DifficultyFromTarget(t hash.Target) *big.Int {
	n := new(big.Int).SetBytes(t[:])
	if n.Sign() == 0 {
		return maxTarget()
	}
	return n.Quo(maxTarget(), n)
}

// ShareDifficulty returns floor((2^256-1)/n), the difficulty that a digest is
// worth; n is the digest as (*hash.Algorithm).Number gives it. The number 0,
// which no one will see, is worth 2^256-1.
func ShareDifficulty(n hash.Target) *big.Int {
	return DifficultyFromTarget(n)
}

// Uint64 returns n, or 2^64-1 when n does not fit, or 0 when it is negative.
func Uint64(n *big.Int) uint64 {
	switch {
	case n.Sign() < 0:
		return 0
	case n.IsUint64():
		return n.Uint64()
	default:
		return math.MaxUint64
	}
}

// targetFromInt lays out a number from 0 to 2^256-1 as a target.
func targetFromInt(n *big.Int) hash.Target {
	var t hash.Target
	n.FillBytes(t[:])
	return t
}
