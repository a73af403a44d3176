//go:build amd64 && !purego

package cryptonight

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/internal/aes"
	"github.com/aditmine/adit/hash/internal/cpufeature"
)

// kernelTests are all kernels, each with an algorithm that it is for.
var kernelTests = []struct {
	name, algorithm string
	kernel          func(*loopContext)
	needs           cpufeature.Features
}{
	{"lanes0", "cn/0", lanes0, cpufeature.AES},
	{"lanesConceal", "cn/ccx", lanesConceal, cpufeature.AES},
	{"lanes1", "cn/1", lanes1, cpufeature.AES},
	{"lanes1Fold", "cn/rto", lanes1Fold, cpufeature.AES},
	{"lanes2", "cn/2", lanes2, cpufeature.AES},
	{"lanes2AVX2", "cn/2", lanes2AVX2, cpufeature.AVX2},
	{"lanes2Reverse", "cn/rwz", lanes2Reverse, cpufeature.AES},
	{"lanes2ReverseAVX2", "cn/rwz", lanes2ReverseAVX2, cpufeature.AVX2},
	{"lanesHeavy", "cn-heavy/0", lanesHeavy, cpufeature.AES},
	{"lanesHeavyInvert", "cn-heavy/xhv", lanesHeavyInvert, cpufeature.AES},
	{"lanesTube", "cn-heavy/tube", lanesTube, cpufeature.AES},
}

// shortened is the named algorithm on a small pad, with few turns.
func shortened(t *testing.T, name string) *hash.Algorithm {
	a, err := hash.Lookup(name)
	require.NoError(t, err)
	short := *a
	short.Iterations = 5000
	short.Scratchpad = 16 << 10
	short.AddressMask = uint32(short.Scratchpad - blockSize)
	return &short
}

// randomise gives h a pad and a state as after the explode step.
func randomise(h *Hasher, random *rand.Rand) {
	for i := range h.pad {
		for j := range h.pad[i] {
			h.pad[i][j] = block{Lo: random.Uint64(), Hi: random.Uint64()}
		}
	}
	for i := range h.state {
		h.state[i] = random.Uint64()
	}
	h.tweak = random.Uint64()
}

func (h *Hasher) clone() *Hasher {
	c := *h
	c.pad = append(scratchpad(nil), h.pad...)
	return &c
}

// Every main loop in every number of lanes must leave the pads as the portable
// loop does.
func TestLanesEqualThePortableLoops(t *testing.T) {
	for _, test := range kernelTests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if !cpufeature.Detect().Has(test.needs) {
				t.Skipf("this processor lacks %v", test.needs)
			}
			a := shortened(t, test.algorithm)
			random := rand.New(rand.NewPCG(1, 2))
			ctx := newLoopContext(a.AddressMask)
			for n := 1; n <= MaxLanes; n++ {
				testLanes(t, a, ctx, test.kernel, n, random)
			}
		})
	}
}

// Every algorithm has a kernel for one lane and for several, whatever the
// processor's features: but cn/r, whose loop is made at run time, and cn/gpu,
// whose kernels are of another kind.
func TestEveryLoopHasKernels(t *testing.T) {
	for _, a := range family() {
		if a.Name == "cn/gpu" {
			continue
		}
		for _, level := range cpufeature.Levels()[1:] {
			kernels := laneLoop(a, level.May)
			require.Equal(t, a.NeedsHeight, kernels.several == nil, "%s %s", a.Name, level.Name)
			require.Equal(t, a.NeedsHeight, kernels.one == nil, "%s %s", a.Name, level.Name)
		}
	}
}

func testLanes(t *testing.T, a *hash.Algorithm, ctx *loopContext, kernel func(*loopContext), n int, random *rand.Rand) {
	got, want := make([]*Hasher, n), make([]*Hasher, n)
	for i := range n {
		got[i] = newHeapHasher(t, a)
		randomise(got[i], random)
		want[i] = got[i].clone()
		want[i].variant.loop(want[i])
		ctx.start(i, got[i])
	}
	ctx.run(kernel, n, a.Iterations)
	for i := range n {
		require.True(t, slices.Equal(want[i].pad, got[i].pad), "lane %d of %d", i, n)
	}
}

func TestLoopContextIsAligned(t *testing.T) {
	ctx := newAligned[loopContext]()
	require.Zero(t, uintptr(unsafe.Pointer(ctx))%blockSize)
	require.Equal(t, uintptr(128), unsafe.Sizeof(ctx.lanes[0]))
}

// oneTurn makes one turn of loop on a pad full of x, starting with a, and a
// root of 0.
func oneTurn(loop func(*loopContext), pad scratchpad, x, a block) *loopContext {
	fill(pad, x)
	ctx := newLoopContext(uint32(len(pad)*lineSize - blockSize))
	start := uintptr(unsafe.Pointer(&pad[0]))
	ctx.lanes[0] = loopLane{a: a, pad: start, at: start + uintptr(a.Lo&ctx.mask)}
	ctx.run(loop, 1, 1)
	return ctx
}

// Division and square root where rounding is delicate. One turn of base 2 gets
// the c that is wanted by way of the key.
func TestLanesDivideAndRootExactly(t *testing.T) {
	pad := scratchpad(newAligned[[16]line]()[:])
	random := rand.New(rand.NewPCG(3, 4))
	avx2 := cpufeature.Detect().Has(cpufeature.AVX2)
	check := func(c block) {
		x := block{Lo: random.Uint64(), Hi: random.Uint64()}
		a := aes.Round(x, block{}).Xor(c)
		quotient := divide(c, 0)
		root := squareRoot(c.Lo + quotient)
		for _, loop := range []func(*loopContext){lanes2, lanes2Reverse} {
			l := oneTurn(loop, pad, x, a).lanes[0]
			require.Equal(t, root, l.root, "%x", c)
			require.Equal(t, quotient^root<<32, l.mixed, "%x", c)
		}
		for _, loop := range []func(*loopContext){lanes2AVX2, lanes2ReverseAVX2} {
			if !avx2 {
				break
			}
			g := oneTurn(loop, pad, x, a).groups[0]
			require.Equal(t, root, g.root[0]<<12>>(12+19), "%x", c)
			require.Equal(t, quotient, g.quotient[0], "%x", c)
		}
	}
	for _, n := range []uint64{0, 1, 1 << 31, 1 << 32, 1<<63 - 1, 1 << 63, math.MaxUint64} {
		for _, hi := range []uint64{0, 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<63 - 1, 1 << 63, math.MaxUint64} {
			check(block{Lo: n, Hi: hi})
		}
	}
	for range 2000 {
		check(block{Lo: random.Uint64(), Hi: random.Uint64()})
		// The least n with the root r, and its neighbours.
		r := random.Uint64N(bigSquareRoot(math.MaxUint64) + 1)
		least := r<<32 + (r>>1)*(r>>1+r&1) + r&1
		for d := range uint64(3) {
			check(block{Lo: least + d})
			check(block{Lo: least - d - 1})
		}
		// A dividend next to a multiple of the divisor.
		lo := random.Uint64()
		multiple := uint64(uint32(lo)|0x80000001) * uint64(random.Uint32())
		check(block{Lo: lo, Hi: multiple})
		check(block{Lo: lo, Hi: multiple - 1})
	}
}

// The heavy loops' division of every pair of delicate numbers, which are all
// over the pad. Its result is stored, and its address is used in a second turn.
func TestLanesDivideSignedExactly(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	dividends := []int64{0, 1, 4, 5, 6, 1<<31 - 1, 1 << 31, 1<<53 - 1, 1<<53 + 1, math.MaxInt64 - 1, math.MaxInt64}
	divisors := []int32{0, 1, 5, 7, 1 << 30, math.MaxInt32 - 1, math.MaxInt32}
	for range 40 {
		d := int32(random.Uint32() >> random.IntN(32))
		q := random.Int64() / (int64(d) | 5)
		dividends = append(dividends, q*(int64(d)|5), q*(int64(d)|5)+1)
		divisors = append(divisors, d)
	}
	for _, name := range []string{"cn-heavy/0", "cn-heavy/xhv"} {
		h := tinyHasher(t, name)
		ctx := newLoopContext(h.algorithm.AddressMask)
		check := func(n int64, d int32) {
			x := block{Lo: uint64(n), Hi: random.Uint64()<<32 | uint64(uint32(d))}
			fill(h.pad, x)
			h.state[0], h.state[2] = random.Uint64(), random.Uint64()
			want := h.clone()
			want.variant.loop(want)
			ctx.start(0, h)
			ctx.run(laneLoop(h.algorithm, cpufeature.AES).one, 1, h.algorithm.Iterations)
			require.True(t, slices.Equal(want.pad, h.pad), "%d / (%d|5)", n, d)
		}
		for _, n := range dividends {
			for _, d := range divisors {
				check(n, d)
				check(-n, d)
				check(n, ^d)
				check(^n, ^d)
			}
		}
	}
}

// tinyHasher makes two turns on a pad of 1 KiB.
func tinyHasher(t *testing.T, name string) *Hasher {
	t.Helper()
	a, err := hash.Lookup(name)
	require.NoError(t, err)
	tiny := *a
	tiny.Iterations, tiny.Scratchpad, tiny.AddressMask = 2, 1<<10, 1<<10-blockSize
	return newHeapHasher(t, &tiny)
}

func fill(pad scratchpad, x block) {
	for i := range pad {
		pad[i] = line{x, x, x, x}
	}
}
