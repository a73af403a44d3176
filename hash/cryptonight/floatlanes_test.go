//go:build amd64 && !purego

package cryptonight

import (
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash/internal/cpufeature"
)

func TestFloatContextLayout(t *testing.T) {
	var c floatContext
	require.Zero(t, unsafe.Offsetof(c.inputs))
	require.EqualValues(t, 1024, unsafe.Offsetof(c.vectors))
	require.EqualValues(t, 1280, unsafe.Offsetof(c.scaled))
	require.EqualValues(t, 1536, unsafe.Offsetof(c.feedback))
	require.EqualValues(t, 1600, unsafe.Offsetof(c.pad))
	require.EqualValues(t, 1608, unsafe.Offsetof(c.mask))
	require.EqualValues(t, 1616, unsafe.Offsetof(c.address))
	require.EqualValues(t, 1624, unsafe.Offsetof(c.turns))
}

// floatPad fills a pad with numbers of all sizes, among them those that give
// zeros, equal sums, and both signs.
func floatPad(pad scratchpad, random *rand.Rand) {
	word := func() uint32 {
		switch random.IntN(4) {
		case 0:
			return uint32(random.IntN(5) - 2)
		case 1:
			return uint32(1<<31) >> random.IntN(2)
		default:
			return random.Uint32() >> random.IntN(32)
		}
	}
	for i := range pad {
		for j := range pad[i] {
			pad[i][j] = block{Lo: join(word(), word()), Hi: join(word(), word())}
		}
	}
}

// Every kernel must leave pads as the portable loop does, on random pads and on
// those that are hard on the arithmetic, and for two lanes in turn.
func TestFloatKernelsEqualPortable(t *testing.T) {
	sets := map[string]cpufeature.Features{
		"SSE":    cpufeature.AES,
		"AVX2":   cpufeature.AVX2,
		"AVX512": cpufeature.AVX2 | cpufeature.AVX512,
	}
	for name, features := range sets {
		t.Run(name, func(t *testing.T) {
			if !cpufeature.Detect().Has(features) {
				t.Skipf("this processor has %v", cpufeature.Detect())
			}
			a := shortened(t, "cn/gpu")
			a.AddressMask = uint32(a.Scratchpad - lineSize)
			a.Iterations = 2*floatCall + 7
			loop := newFloatLoop(a, features)
			random := rand.New(rand.NewPCG(1, 2))
			for range 8 {
				got, want := randomLanes(t, a, 2, random)
				floatPad(got[1].pad, random)
				copy(want[1].pad, got[1].pad)
				loop.run(got)
				for i := range want {
					want[i].loopFloat()
					require.True(t, slices.Equal(want[i].pad, got[i].pad), "lane %d", i)
				}
			}
		})
	}
}
