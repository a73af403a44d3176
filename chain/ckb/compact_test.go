package ckb

import (
	"encoding/hex"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
)

func TestCompactDifficulty(t *testing.T) {
	for compact, want := range map[uint32]string{
		0x1a08a97e: "8318741404228533", // mainnet genesis
		0x1e015555: "12582960",         // testnet genesis
		0x20010000: "256",
		0x1f010000: "65536",
		0x191b3f4f: "677011836738086282", // mainnet 19804416
		0x20800000: "2",
		0x03000001: "115792089237316195423570985008687907853269984665640564039457584007913129639935",
	} {
		target, err := TargetFromCompact(compact)
		require.NoError(t, err)
		d := DifficultyFromTarget(target)
		require.Equal(t, want, d.String())
		require.Equal(t, compact, canonical(t, compact))
	}
}

// canonical decodes and encodes; 0x03000001 is kept as 0x01010000 is the same.
func canonical(t *testing.T, compact uint32) uint32 {
	target, err := TargetFromCompact(compact)
	require.NoError(t, err)
	back := CompactFromTarget(target)
	same, err := TargetFromCompact(back)
	require.NoError(t, err)
	require.Equal(t, target, same)
	if back == 0x01010000 {
		return 0x03000001
	}
	return back
}

func TestCompactRefuses(t *testing.T) {
	for compact, want := range map[uint32]error{
		0x2100ffff: ErrTargetOverflow,
		0x21010000: ErrTargetOverflow,
		0xff000001: ErrTargetOverflow,
		0x00000000: ErrTargetZero,
		0x20000000: ErrTargetZero,
		0xff000000: ErrTargetZero,
		0x0200007f: ErrTargetZero, // the mantissa is shifted away
		0x00ffffff: ErrTargetZero,
	} {
		_, err := TargetFromCompact(compact)
		var e *CompactError
		require.ErrorAs(t, err, &e)
		require.Equal(t, compact, e.Compact)
		require.ErrorIs(t, err, want)
	}
	_, err := TargetFromCompact(0x21010000)
	require.EqualError(t, err, "compact target 0x21010000 overflows 256 bits")
}

func TestDifficultyEdges(t *testing.T) {
	all := "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	one := hash.Target{31: 1}
	for d, want := range map[int64]string{-1: all, 0: all, 1: all,
		2: "8000000000000000000000000000000000000000000000000000000000000000",
		3: "5555555555555555555555555555555555555555555555555555555555555555"} {
		target := TargetFromDifficulty(big.NewInt(d))
		require.Equal(t, want, hex.EncodeToString(target[:]))
	}
	require.Equal(t, all, DifficultyFromTarget(hash.Target{}).Text(16))
	require.Equal(t, all, DifficultyFromTarget(one).Text(16))
	require.Equal(t, uint32(0x20800000), CompactFromDifficulty(big.NewInt(0)))
	require.Equal(t, uint32(0x20800000), CompactFromDifficulty(big.NewInt(2)))
	require.Equal(t, uint32(0x1f010000), CompactFromDifficulty(big.NewInt(65536)))
}

func FuzzCompact(f *testing.F) {
	for _, c := range []uint32{0, 0x1a08a97e, 0x20800000, 0x21010000, 0x03000001, 0x02ffffff} {
		f.Add(c)
	}
	f.Fuzz(func(t *testing.T, c uint32) {
		target, err := TargetFromCompact(c)
		if err != nil {
			return
		}
		back := CompactFromTarget(target)
		again, err := TargetFromCompact(back)
		require.NoError(t, err)
		require.Equal(t, target, again)
		require.LessOrEqual(t, back>>24, c>>24)
	})
}

func FuzzDifficulty(f *testing.F) {
	f.Add([]byte{1})
	f.Add([]byte{0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > hash.Size {
			return
		}
		d := new(big.Int).SetBytes(b)
		target := TargetFromDifficulty(d)
		if d.Sign() == 0 {
			return
		}
		// floor(2^256/floor(2^256/d)) is d or more, and d for small d.
		back := DifficultyFromTarget(target)
		require.GreaterOrEqual(t, back.Cmp(d), 0)
		if d.BitLen() <= 120 {
			require.Equal(t, d, back)
		}
		compact := CompactFromDifficulty(d)
		_, err := TargetFromCompact(compact)
		require.NoError(t, err)
	})
}
