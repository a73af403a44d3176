package hash

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMeetsIsInclusive(t *testing.T) {
	little, big := algorithm(t, "cn/0"), algorithm(t, "eaglesong")
	low := Digest{0: 5}         // little-endian 5, big-endian 5<<248
	high := Digest{Size - 1: 5} // the other way round
	five := Target{Size - 1: 5}
	four := Target{Size - 1: 4}

	require.Equal(t, five, little.Number(&low))
	require.Equal(t, five, big.Number(&high))
	require.True(t, little.Meets(&low, &five))
	require.False(t, little.Meets(&low, &four))
	require.False(t, little.Meets(&high, &five))
	require.True(t, big.Meets(&high, &five))
	require.False(t, big.Meets(&high, &four))
	require.False(t, big.Meets(&low, &five))
	require.Equal(t, Digest{0: 5}, low, "Number must not change the digest")
}

// The parameters that reference tables of the family give.
func TestParameters(t *testing.T) {
	tests := []struct {
		name            string
		pad, iterations int
		mask            uint32
	}{
		{"cn/0", 2 << 20, 524288, 0x1FFFF0},
		{"cn/1", 2 << 20, 524288, 0x1FFFF0},
		{"cn/2", 2 << 20, 524288, 0x1FFFF0},
		{"cn/r", 2 << 20, 524288, 0x1FFFF0},
		{"cn/fast", 2 << 20, 262144, 0x1FFFF0},
		{"cn/half", 2 << 20, 262144, 0x1FFFF0},
		{"cn/xao", 2 << 20, 1048576, 0x1FFFF0},
		{"cn/rto", 2 << 20, 524288, 0x1FFFF0},
		{"cn/rwz", 2 << 20, 393216, 0x1FFFF0},
		{"cn/zls", 2 << 20, 393216, 0x1FFFF0},
		{"cn/double", 2 << 20, 1048576, 0x1FFFF0},
		{"cn/ccx", 2 << 20, 262144, 0x1FFFF0},
		{"cn/gpu", 2 << 20, 49152, 0x1FFFC0},
		{"cn-lite/0", 1 << 20, 262144, 0xFFFF0},
		{"cn-lite/1", 1 << 20, 262144, 0xFFFF0},
		{"cn-heavy/0", 4 << 20, 262144, 0x3FFFF0},
		{"cn-heavy/tube", 4 << 20, 262144, 0x3FFFF0},
		{"cn-heavy/xhv", 4 << 20, 262144, 0x3FFFF0},
		{"cn-pico", 256 << 10, 65536, 0x1FFF0},
		{"cn-pico/tlo", 256 << 10, 65536, 0x3FFF0},
		{"cn/upx2", 128 << 10, 16384, 0x1FFF0},
		{"eaglesong", 0, 43, 0},
	}
	require.Len(t, tests, len(All()))
	for i, a := range All() {
		test := tests[i]
		require.Equal(t, test.name, a.Name)
		require.Equal(t, test.pad, a.Scratchpad, a.Name)
		require.Equal(t, test.iterations, a.Iterations, a.Name)
		require.Equal(t, test.mask, a.AddressMask, a.Name)
	}
}
