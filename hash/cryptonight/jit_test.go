//go:build amd64 && !purego

package cryptonight

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime/pprof"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/internal/cpufeature"
	"github.com/aditmine/adit/hash/internal/execmem"
)

// jitLevels are the sets of features for which compiled code differs, as far as
// this machine has them.
func jitLevels() (levels []cpufeature.Features) {
	for _, level := range cpufeature.Levels()[1:] {
		if cpufeature.Detect().Has(level.Needs) {
			levels = append(levels, jitFeatures(level.Needs))
		}
	}
	return levels
}

// needJIT skips a test where compiled code cannot be run.
func needJIT(t *testing.T) {
	t.Helper()
	if missing := JITMissing(); missing != "" {
		t.Skip(missing)
	}
	if len(jitLevels()) == 0 {
		t.Skip("this processor lacks AES-NI")
	}
}

// shortR is cn/r on a small pad and with few turns.
func shortR(t *testing.T, turns int) *hash.Algorithm {
	t.Helper()
	a, err := hash.Lookup("cn/r")
	require.NoError(t, err)
	b := *a
	b.Iterations, b.Scratchpad, b.AddressMask = turns, 1<<10, 1<<10-blockSize
	return &b
}

// middleOfHash returns hashers in the middle of a hash, one for each height, and
// what the portable loop makes of them.
func middleOfHash(a *hash.Algorithm, random *rand.Rand, heights ...uint64) (lanes, want []*Hasher) {
	for _, height := range heights {
		h := &Hasher{algorithm: a, variant: variant{loop: (*Hasher).loopRandom}, pad: make(scratchpad, a.Scratchpad/lineSize)}
		randomise(h, random)
		h.programHeight, h.program = height, Generate(height)
		lanes = append(lanes, h)
		w := h.clone()
		w.loopRandom()
		want = append(want, w)
	}
	return lanes, want
}

func requireSamePads(t *testing.T, want, got []*Hasher, what ...any) {
	t.Helper()
	for i := range want {
		if !slices.Equal(want[i].pad, got[i].pad) {
			require.FailNow(t, "pads differ", "lane %d of %d, height %d, %v", i, len(want), want[i].programHeight, what)
		}
	}
}

func randomHeight(random *rand.Rand) uint64 { return 1 + random.Uint64N(4_000_000) }

func repeated(height uint64, n int) []uint64 { return slices.Repeat([]uint64{height}, n) }

func newCodeCache(limit int) *codeCache {
	return &codeCache{limit: limit, executable: execmem.New}
}

// Every number of lanes, in calls of several turns.
func TestCompiledLoopInAllLanes(t *testing.T) {
	needJIT(t)
	random := rand.New(rand.NewPCG(1, 2))
	for _, features := range jitLevels() {
		for n := 1; n <= MaxLanes; n++ {
			a := shortR(t, 3*callTurns/(2*n))
			l := newJITLoop(a, features, newCodeCache(1))
			got, want := middleOfHash(a, random, repeated(randomHeight(random), n)...)
			l.run(got)
			requireSamePads(t, want, got, features)
			require.NoError(t, l.close())
		}
	}
}

// Ten thousand programs, at each level and in different numbers of lanes.
func TestCompiledPrograms(t *testing.T) {
	needJIT(t)
	programs := 10_000
	if testing.Short() {
		programs = 500
	}
	a := shortR(t, 2)
	random := rand.New(rand.NewPCG(3, 4))
	levels := jitLevels()
	for i := range programs {
		features, n := levels[i%len(levels)], 1+i/len(levels)%vectorLanes
		got, want := middleOfHash(a, random, repeated(randomHeight(random), n)...)
		machine := compileLoop(&got[0].program, n, features)
		code, err := execmem.New(machine.bytes)
		require.NoError(t, err)
		ctx := newAligned[jitContext]()
		for lane, h := range got {
			ctx.start(lane, h)
		}
		ctx.turns = uint64(a.Iterations)
		ctx.entry = code.Entry(machine.entry)
		runCode(ctx)
		requireSamePads(t, want, got, features)
		require.NoError(t, code.Close())
	}
}

// Code must write to the lanes that are in use only, and to no other memory
// than theirs: the context lies between canaries.
func TestCompiledLoopKeepsToItself(t *testing.T) {
	needJIT(t)
	type guarded struct {
		before [64]byte
		ctx    jitContext
		after  [64]byte
	}
	a := shortR(t, 10)
	random := rand.New(rand.NewPCG(5, 6))
	for _, features := range jitLevels() {
		for _, n := range []int{1, 2, 3, 5, 15, MaxLanes} {
			g := newAligned[guarded]()
			for i := range g.before {
				g.before[i], g.after[i] = 0xAB, 0xCD
			}
			lanes, _ := middleOfHash(a, random, repeated(7, n)...)
			for i, h := range lanes {
				g.ctx.start(i, h)
			}
			g.ctx.turns = 10
			want := *g
			machine := compileLoop(&lanes[0].program, n, features)
			code, err := execmem.New(machine.bytes)
			require.NoError(t, err)
			g.ctx.entry = code.Entry(machine.entry)
			runCode(&g.ctx)
			require.NoError(t, code.Close())
			require.Equal(t, want.before, g.before)
			require.Equal(t, want.after, g.after)
			require.Equal(t, want.ctx.lanes[n:], g.ctx.lanes[n:], "lanes that are not in use")
			require.Zero(t, g.ctx.turns)
		}
	}
}

func TestContextIsLaidOutForCode(t *testing.T) {
	var ctx jitContext
	require.EqualValues(t, 128, jitLaneSize)
	require.Zero(t, unsafe.Offsetof(ctx.groups)%32)
	require.Zero(t, jitGroupSize%32)
	var g jitGroup
	for _, offset := range []uintptr{
		unsafe.Offsetof(g.mixes), unsafe.Offsetof(g.results), unsafe.Offsetof(g.variables),
	} {
		require.Zero(t, offset%32)
	}
}

// Lanes of different heights in one batch, in any order.
func TestDifferentHeightsAtOnce(t *testing.T) {
	needJIT(t)
	a := shortR(t, 100)
	random := rand.New(rand.NewPCG(7, 8))
	l := newJITLoop(a, cpufeature.Detect(), newCodeCache(4))
	for range 50 {
		heights := make([]uint64, 1+random.IntN(MaxLanes))
		for i := range heights {
			heights[i] = 1_806_260 + random.Uint64N(4)
		}
		got, want := middleOfHash(a, random, heights...)
		l.run(got)
		requireSamePads(t, want, got, heights)
	}
	require.NoError(t, l.close())
}

// The interpreter takes over where code cannot be made.
func TestWithoutExecutableMemory(t *testing.T) {
	a := shortR(t, 100)
	random := rand.New(rand.NewPCG(9, 10))
	cache := &codeCache{executable: func([]byte) (*execmem.Code, error) { return nil, fmt.Errorf("forbidden") }}
	l := newJITLoop(a, cpufeature.AES, cache)
	for range 2 {
		got, want := middleOfHash(a, random, 5, 6, 5)
		l.run(got)
		requireSamePads(t, want, got)
		require.Empty(t, cache.loops, "it is tried again")
	}
	require.NoError(t, l.close())
}

func TestCompiledHashingAllocatesNothing(t *testing.T) {
	needJIT(t)
	a := shortR(t, 100)
	l := newJITLoop(a, cpufeature.Detect(), newCodeCache(4))
	lanes, _ := middleOfHash(a, rand.New(rand.NewPCG(11, 12)), 1, 2, 1, 2, 2)
	l.run(lanes)
	l.ahead.Wait()
	require.Zero(t, testing.AllocsPerRun(10, func() { l.run(lanes) }))
	require.NoError(t, l.close())
}

// A profiler's signals arrive in code that the runtime knows nothing about.
func TestCompiledCodeUnderAProfiler(t *testing.T) {
	needJIT(t)
	a := shortR(t, 2)
	l := newJITLoop(a, cpufeature.Detect(), newCodeCache(2))
	got, _ := middleOfHash(a, rand.New(rand.NewPCG(13, 14)), repeated(8, 4)...)
	var want []*Hasher
	for _, h := range got {
		want = append(want, h.clone())
	}
	l.turns = 2_000_000
	l.run(want)
	var profile bytes.Buffer
	require.NoError(t, pprof.StartCPUProfile(&profile))
	l.run(got)
	pprof.StopCPUProfile()
	require.NotEmpty(t, profile.Bytes())
	requireSamePads(t, want, got)
	require.NoError(t, l.close())
}

func TestNewJITRefuses(t *testing.T) {
	level := cpufeature.Levels()[1]
	a, err := hash.Lookup("cn/2")
	require.NoError(t, err)
	_, err = NewJIT(a, level, 1)
	require.ErrorContains(t, err, "cn/2")
	a, err = hash.Lookup("cn/r")
	require.NoError(t, err)
	for _, lanes := range []int{0, MaxLanes + 1} {
		_, err = NewJIT(a, level, lanes)
		require.ErrorContains(t, err, "lanes")
	}
}
