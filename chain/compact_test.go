package chain_test

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
)

// compactVectors are known pairs of difficulty and little-endian fields; an
// empty four means that the 4-byte form does not exist.
var compactVectors = []struct {
	d           uint64
	four, eight string
}{
	{1, "ffffffff", "ffffffffffffffff"},
	{100, "285c8f02", "5c8fc2f5285c8f02"},
	{1000, "37894100", "efa7c64b37894100"},
	{5000, "711b0d00", "96218e75711b0d00"},
	{10000, "b88d0600", "cb10c7bab88d0600"},
	{100001, "c5a70000", "eee3533ec5a70000"},
	{500054, "8d210000", "5264c9018d210000"},
	{1<<32 - 1, "01000000", "0100000001000000"},
	{1 << 32, "", "ffffffff00000000"},
	{123456789012, "", "84f2e70800000000"},
}

func TestCompactVectors(t *testing.T) {
	for _, v := range compactVectors {
		require.Equal(t, v.eight, chain.TargetHex(v.d, true), "difficulty %d", v.d)
		four, ok := chain.Compact4(v.d)
		require.Equal(t, v.four != "", ok, "difficulty %d", v.d)
		if !ok {
			require.Equal(t, v.eight, chain.TargetHex(v.d, false), "never a field of zeros")
			continue
		}
		require.Equal(t, v.four, hex.EncodeToString(binary.LittleEndian.AppendUint32(nil, four)))
		require.Equal(t, v.four, chain.TargetHex(v.d, false))
		// The 4-byte form is the top of the exact 256-bit target.
		exact := chain.TargetFromDifficulty(v.d)
		require.Equal(t, four, binary.BigEndian.Uint32(exact[:4]), "difficulty %d", v.d)
	}
}

func TestParseTargetHexShowsDifficulty(t *testing.T) {
	for _, v := range compactVectors {
		_, d, err := chain.ParseTargetHex(v.eight)
		require.NoError(t, err)
		require.InEpsilon(t, v.d, d, 1e-8, "8 bytes")
		if v.four == "" || v.d > 10000 {
			continue // above that the 4-byte form is too coarse to give d back
		}
		_, d, err = chain.ParseTargetHex(v.four)
		require.NoError(t, err)
		require.Equal(t, v.d, d, "4 bytes")
	}
}

// TestStrictlyBelow checks XMRig's rule at the boundary: the top eight bytes
// of a digest must be below the bound, and equal is not enough.
func TestStrictlyBelow(t *testing.T) {
	target, _, err := chain.ParseTargetHex("efa7c64b37894100")
	require.NoError(t, err)
	bound := uint64(0x004189374bc6a7ef)
	require.Equal(t, bound-1, binary.BigEndian.Uint64(target[:8]))

	algo := &hash.Algorithm{Name: "little-endian"}
	digest := hash.Digest{}
	for i := range 24 {
		digest[i] = 0xff
	}
	binary.LittleEndian.PutUint64(digest[24:], bound-1)
	require.True(t, algo.Meets(&digest, &target), "largest digest below the bound")
	digest = hash.Digest{}
	binary.LittleEndian.PutUint64(digest[24:], bound)
	require.False(t, algo.Meets(&digest, &target), "smallest digest at the bound")
}

func TestFourByteTargetIsWidened(t *testing.T) {
	// 0xFFFFFFFF/0x00068db8 = 10000, then (2^64-1)/10000.
	four, err := chain.TargetFromCompact4(0x00068db8)
	require.NoError(t, err)
	eight, err := chain.TargetFromCompact8(math.MaxUint64 / 10000)
	require.NoError(t, err)
	require.Equal(t, eight, four)
}

func TestNeedsCompact8(t *testing.T) {
	for d, want := range map[uint64]bool{
		0: false, 1: false, 10_000: false, 100_000: false, 1_000_000: false,
		10_000_000: true, 1_000_000_000: true, 1 << 32: true, math.MaxUint64: true,
		1<<32 - 1: false, // divides exactly
		1 << 31:   true,  // the field is 1, which stands for twice the work
	} {
		require.Equal(t, want, chain.NeedsCompact8(d), "difficulty %d", d)
	}
}

func TestBadTargets(t *testing.T) {
	for _, s := range []string{"00000000", "0000000000000000"} {
		_, _, err := chain.ParseTargetHex(s)
		require.ErrorIs(t, err, chain.ErrZeroTarget, s)
	}
	_, err := chain.TargetFromCompact4(0)
	require.ErrorIs(t, err, chain.ErrZeroTarget)
	_, err = chain.TargetFromCompact8(0)
	require.ErrorIs(t, err, chain.ErrZeroTarget)
	for _, s := range []string{"", "ff", "ffffff", "ffffffffff", "zzzzzzzz", "0xffffff", "ffffffffffffffff00"} {
		_, _, err := chain.ParseTargetHex(s)
		require.Error(t, err, s)
		require.NotErrorIs(t, err, chain.ErrZeroTarget, s)
	}
}

func FuzzParseTargetHex(f *testing.F) {
	for _, v := range compactVectors {
		f.Add(v.four)
		f.Add(v.eight)
	}
	f.Add("00000000")
	f.Fuzz(func(t *testing.T, s string) {
		target, d, err := chain.ParseTargetHex(s)
		if err != nil {
			return
		}
		require.GreaterOrEqual(t, d, uint64(1))
		// The difficulty shown and the target's own agree but for rounding.
		diff := new(big.Int).Sub(chain.DifficultyFromTarget(target), new(big.Int).SetUint64(d))
		require.True(t, diff.IsUint64() && diff.Uint64() <= 1, "%s", diff)
	})
}
