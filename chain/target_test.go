package chain_test

import (
	"bytes"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
)

func bigMax() *big.Int {
	return new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))
}

func number(t hash.Target) *big.Int { return new(big.Int).SetBytes(t[:]) }

func fromInt(n *big.Int) hash.Target {
	var t hash.Target
	n.FillBytes(t[:])
	return t
}

// difficulties returns the edges and a spread of random values of every size.
func difficulties() []uint64 {
	ds := []uint64{1, 2, 3, 255, 256, 257, 1000, 1<<32 - 1, 1 << 32, 1<<32 + 1, 1<<63 - 1, 1 << 63, math.MaxUint64}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		ds = append(ds, rng.Uint64()>>rng.UintN(64)|1)
	}
	return ds
}

func TestTargetFromDifficultyIsExact(t *testing.T) {
	for _, d := range difficulties() {
		want := new(big.Int).Quo(bigMax(), new(big.Int).SetUint64(d))
		require.Zero(t, want.Cmp(number(chain.TargetFromDifficulty(d))), "difficulty %d", d)
	}
	require.Equal(t, chain.TargetFromDifficulty(1), chain.TargetFromDifficulty(0))
}

func TestTargetFromBig(t *testing.T) {
	for _, d := range difficulties() {
		require.Equal(t, chain.TargetFromDifficulty(d), chain.TargetFromBig(new(big.Int).SetUint64(d)))
	}
	require.Equal(t, chain.TargetFromDifficulty(1), chain.TargetFromBig(big.NewInt(0)))
	require.Equal(t, chain.TargetFromDifficulty(1), chain.TargetFromBig(big.NewInt(-5)))
	require.Equal(t, hash.Target{}, chain.TargetFromBig(new(big.Int).Lsh(big.NewInt(1), 256)))

	wide := new(big.Int).Lsh(big.NewInt(1), 100) // wider than 64 bits
	want := new(big.Int).Quo(bigMax(), wide)
	require.Zero(t, want.Cmp(number(chain.TargetFromBig(wide))))
}

// TestTargetIsTheExactBoundary shows that the target of d is the last number
// worth d: it is, and its successor is not.
func TestTargetIsTheExactBoundary(t *testing.T) {
	for _, d := range difficulties() {
		want := new(big.Int).SetUint64(d)
		target := chain.TargetFromDifficulty(d)
		require.GreaterOrEqual(t, chain.ShareDifficulty(target).Cmp(want), 0, "difficulty %d", d)
		if d > 1 {
			next := fromInt(new(big.Int).Add(number(target), big.NewInt(1)))
			require.Negative(t, chain.ShareDifficulty(next).Cmp(want), "difficulty %d", d)
		}
	}
}

func TestShareDifficultyOfEdges(t *testing.T) {
	require.Zero(t, bigMax().Cmp(chain.ShareDifficulty(hash.Target{})), "number 0")
	require.Zero(t, bigMax().Cmp(chain.ShareDifficulty(fromInt(big.NewInt(1)))))
	require.Equal(t, "1", chain.ShareDifficulty(fromInt(bigMax())).String())
}

func TestUint64Saturates(t *testing.T) {
	require.Equal(t, uint64(0), chain.Uint64(big.NewInt(-1)))
	require.Equal(t, uint64(7), chain.Uint64(big.NewInt(7)))
	require.Equal(t, uint64(math.MaxUint64), chain.Uint64(bigMax()))
}

// TestMinerNeverWorksBelowDifficulty shows that what a miner accepts under
// either compact form is always worth the difficulty it was issued for.
func TestMinerNeverWorksBelowDifficulty(t *testing.T) {
	for _, d := range difficulties() {
		exact := chain.TargetFromDifficulty(d)
		eight, err := chain.TargetFromCompact8(chain.Compact8(d))
		require.NoError(t, err)
		require.LessOrEqual(t, bytes.Compare(eight[:], exact[:]), 0, "8 bytes, difficulty %d", d)
		if c, ok := chain.Compact4(d); ok {
			four, err := chain.TargetFromCompact4(c)
			require.NoError(t, err)
			require.LessOrEqual(t, bytes.Compare(four[:], exact[:]), 0, "4 bytes, difficulty %d", d)
		}
	}
}
