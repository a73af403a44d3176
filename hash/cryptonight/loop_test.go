package cryptonight

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash/internal/aes"
)

// bigSquareRoot computes what squareRoot promises by its definition.
func bigSquareRoot(n uint64) uint64 {
	x := new(big.Int).SetUint64(n)
	x.Add(x, new(big.Int).Lsh(big.NewInt(1), 64))
	x.Lsh(x, 2)
	x.Sqrt(x)
	return x.Sub(x, new(big.Int).Lsh(big.NewInt(1), 33)).Uint64()
}

func TestSquareRoot(t *testing.T) {
	check := func(n uint64) { require.Equal(t, bigSquareRoot(n), squareRoot(n), "n = %d", n) }
	for _, n := range []uint64{0, 1, 1 << 32, 1<<63 - 1, 1 << 63, math.MaxUint64 - 1, math.MaxUint64} {
		check(n)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		check(rng.Uint64())
		// Around the least n that has the root r: r*2^32 + r*r/4, rounded up.
		r := rng.Uint64N(bigSquareRoot(math.MaxUint64) + 1)
		least := r<<32 + (r>>1)*(r>>1+r&1) + r&1
		require.Equal(t, r, squareRoot(least))
		if r > 0 {
			require.Equal(t, r-1, squareRoot(least-1))
		}
		for d := range uint64(4) {
			check(least + d)
			check(least - d)
		}
	}
}

func TestDivide(t *testing.T) {
	// The divisor is 0x80000001 here: low 32 bits of quotient, then remainder.
	require.Equal(t, uint64(0), divide(block{}, 0))
	require.Equal(t, uint64(1), divide(block{Hi: 0x80000001}, 0))
	require.Equal(t, uint64(2|5<<32), divide(block{Hi: 2*0x80000001 + 5}, 0))
	// 2*root overflows into the bits above the divisor and is cut off.
	require.Equal(t, uint64(1), divide(block{Lo: 4, Hi: 0x80000005}, 1<<31))
	// A quotient of 2^32 or more loses its upper bits.
	hi := uint64(math.MaxUint64)
	require.Equal(t, uint64(uint32(hi/0x80000001))|hi%0x80000001<<32, divide(block{Hi: hi}, 0))
}

// The tweak as its specification words it, on byte 11.
func TestTweakStore(t *testing.T) {
	for v := range 256 {
		var raw [blockSize]byte
		for i := range raw {
			raw[i] = byte(17 * i)
		}
		raw[11] = byte(v)
		got := tweakStore(fromBytes(raw))

		table, index := 0x75310, (v>>3&6|v&1)<<1
		raw[11] ^= byte(table >> index & 0x30)
		require.Equal(t, fromBytes(raw), got, "byte %#x", v)
	}
}

func fromBytes(raw [blockSize]byte) block {
	return block{Lo: binary.LittleEndian.Uint64(raw[:]), Hi: binary.LittleEndian.Uint64(raw[8:])}
}

func TestDivideStep(t *testing.T) {
	neg := func(n int64) uint64 { return uint64(n) }
	tests := []struct {
		name        string
		n           int64
		d           uint32
		stored      uint64
		next, haven uint64
	}{
		{"by five", 100, 0, 100 ^ 20, 20, neg(^0 ^ 20)},
		{"negative", -100, 0, neg(-100 ^ -20), neg(-20), neg(^0 ^ -20)},
		{"sign of the divisor", 100, 0xFFFFFFFF, neg(100 ^ -100), neg(-1 ^ -100), neg(0 ^ -100)},
		{"overflow", math.MinInt64, 0xFFFFFFFF, 0, neg(-1 ^ math.MinInt64), neg(math.MinInt64)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			// Only the low half of the second word is the divisor.
			hi := 0xABCD<<32 | uint64(test.d)
			x := block{Lo: uint64(test.n), Hi: hi}
			require.Equal(t, test.next, divideStep(&x, false))
			require.Equal(t, block{Lo: test.stored, Hi: hi}, x)
			x.Lo = uint64(test.n)
			require.Equal(t, test.haven, divideStep(&x, true))
		})
	}
}

func TestPadAddresses(t *testing.T) {
	pad := newScratchpad(128 << 10).window(0xFFF0)
	require.Len(t, pad, 64<<10/lineSize)
	for _, test := range []struct {
		address uint64
		line    int
		index   uint64
	}{
		{0, 0, 0}, {15, 0, 0}, {16, 0, 1}, {63, 0, 3}, {64, 1, 0},
		{0xFFFF, 1023, 3}, {0x10000, 0, 0}, {math.MaxUint64, 1023, 3},
	} {
		l, i := pad.at(test.address)
		require.Same(t, &pad[test.line], l)
		require.Equal(t, test.index, i)
	}
}

func TestShuffle(t *testing.T) {
	start := line{{Lo: 1, Hi: 2}, {Lo: 10, Hi: 20}, {Lo: 100, Hi: 200}, {Lo: 1000, Hi: math.MaxUint64}}
	a, b0, b1 := block{Lo: 3, Hi: 4}, block{Lo: 5, Hi: 6}, block{Lo: 7, Hi: 8}
	tests := []struct {
		index   uint64
		reverse bool
		want    line
	}{
		{0, false, line{start[0], add(start[3], b1), add(start[1], b0), add(start[2], a)}},
		{0, true, line{start[0], add(start[1], b1), add(start[3], b0), add(start[2], a)}},
		{1, false, line{add(start[2], b1), start[1], add(start[3], a), add(start[0], b0)}},
		{2, false, line{add(start[3], b0), add(start[0], a), start[2], add(start[1], b1)}},
		{3, true, line{add(start[1], a), add(start[0], b0), add(start[2], b1), start[3]}},
	}
	for _, test := range tests {
		l := start
		shuffle(&l, test.index, a, b0, b1, test.reverse)
		require.Equal(t, test.want, l, "index %d", test.index)
	}
	// The halves do not carry into each other.
	require.Equal(t, block{Lo: 0, Hi: 5}, add(block{Lo: math.MaxUint64, Hi: 2}, block{Lo: 1, Hi: 3}))
}

func TestStir(t *testing.T) {
	var in text
	for i := range in {
		in[i] = block{Lo: 1 << i, Hi: 3 << i}
	}
	out := in
	out.stir()
	for i := range in {
		require.Equal(t, in[i].Xor(in[(i+1)%len(in)]), out[i], "block %d", i)
	}
}

// With a key that makes every fed-back column 0 only the complement remains of
// what sets BitTube's round apart.
func TestTubeRoundWithoutFeedback(t *testing.T) {
	x := block{Lo: 0x0123456789ABCDEF, Hi: 0xFEDCBA9876543210}
	inverted := x.Xor(block{Lo: math.MaxUint64, Hi: math.MaxUint64})
	key := aes.Round(inverted, block{})
	require.Equal(t, block{}, tubeRound(x, key))
}

// Values worked out by hand from the definition, at a sum of 0: the first mix
// adds trunc(2 * 536870880), and the new sum is the clamped cube.
func TestMixFloat(t *testing.T) {
	var sum float32
	require.Equal(t, uint32(3^1073741760), mixFloat(&sum, 3))
	require.Equal(t, float32(27.0/8), sum) // 27 = 1.6875 * 2^4, at the exponent of 2

	sum = 0
	minusTwo := int32(-2)
	mixFloat(&sum, uint32(minusTwo))
	require.Equal(t, float32(-2), sum) // -8
	require.Equal(t, uint32(0^-1073741760&math.MaxUint32), mixFloat(&sum, 0))
}

func TestClamp(t *testing.T) {
	for _, test := range []struct{ in, want float32 }{
		{0, 2}, {1, 2}, {1.5, 3}, {-1.5, -3}, {3, 3}, {-1e30, -2 * 1.5777218104420236}, {1e-20, 2 * 1.4757395258967641},
	} {
		require.Equal(t, test.want, clamp(test.in), "%g", test.in)
	}
}
