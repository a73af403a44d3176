//go:build amd64 && !purego

package cryptonight

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/internal/cpufeature"
)

func TestPadLayout(t *testing.T) {
	var l padLane
	require.EqualValues(t, 640, unsafe.Offsetof(l.text))
	require.EqualValues(t, 768, unsafe.Offsetof(l.end))
	require.EqualValues(t, 832, unsafe.Sizeof(l))
	require.EqualValues(t, 1664, unsafe.Offsetof(padContext{}.size))
	require.Zero(t, uintptr(unsafe.Pointer(newAligned[padContext]()))%64)
}

// eachPadCipher runs a test with every cipher that this machine runs.
func eachPadCipher(t *testing.T, test func(t *testing.T, p *padCipher)) {
	sets := map[string]cpufeature.Features{
		"AES":     cpufeature.AES,
		"VAES256": cpufeature.AES | cpufeature.AVX2 | cpufeature.VAES,
		"VAES512": cpufeature.AES | cpufeature.AVX2 | cpufeature.VAES | cpufeature.AVX512,
	}
	for name, features := range sets {
		t.Run(name, func(t *testing.T) {
			if !cpufeature.Detect().Has(features) {
				t.Skipf("this processor has %v", cpufeature.Detect())
			}
			test(t, newPadCipher(features))
		})
	}
}

// padAlgorithms are with and without stirring, on pads of one call, of two, and
// of one and a half.
func padAlgorithms(t *testing.T) (all []*hash.Algorithm) {
	t.Helper()
	for _, name := range []string{"cn/upx2", "cn-heavy/0"} {
		for _, size := range []int{padStep, 16 << 10, 2 * padCall, padCall + padCall/2} {
			a, err := hash.Lookup(name)
			require.NoError(t, err)
			b := *a
			b.Scratchpad = size
			all = append(all, &b)
		}
	}
	return all
}

// TestPadCiphersEqualPortable compares pads and states of every number of lanes
// with those of the portable steps.
func TestPadCiphersEqualPortable(t *testing.T) {
	eachPadCipher(t, func(t *testing.T, p *padCipher) {
		random := rand.New(rand.NewPCG(5, 6))
		for _, a := range padAlgorithms(t) {
			for n := 1; n <= 5; n++ {
				name := fmt.Sprintf("%s with %d bytes, %d lanes", a.Name, a.Scratchpad, n)
				got, want := randomLanes(t, a, n, random)
				p.explode(got)
				for i := range n {
					want[i].explode()
					requireSameLane(t, want[i], got[i], name+": explode")
				}
				p.implode(got)
				for i := range n {
					want[i].implode()
					requireSameLane(t, want[i], got[i], name+": implode")
				}
			}
		}
	})
}

func randomLanes(t *testing.T, a *hash.Algorithm, n int, random *rand.Rand) (lanes, copies []*Hasher) {
	t.Helper()
	for range n {
		lane := newHeapHasher(t, a)
		randomise(lane, random)
		lanes, copies = append(lanes, lane), append(copies, lane.clone())
	}
	return lanes, copies
}

func requireSameLane(t *testing.T, want, got *Hasher, name string) {
	t.Helper()
	require.Equal(t, want.state, got.state, name)
	require.True(t, slices.Equal(want.pad, got.pad), name)
}

func TestPadCiphersAllocateNothing(t *testing.T) {
	eachPadCipher(t, func(t *testing.T, p *padCipher) {
		lanes, _ := randomLanes(t, padAlgorithms(t)[1], 3, rand.New(rand.NewPCG(7, 8)))
		require.Zero(t, testing.AllocsPerRun(10, func() {
			p.explode(lanes)
			p.implode(lanes)
		}))
	})
}
