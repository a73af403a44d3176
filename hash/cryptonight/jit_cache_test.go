//go:build amd64 && !purego

package cryptonight

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash/internal/cpufeature"
	"github.com/aditmine/adit/hash/internal/execmem"
)

func key(height uint64) codeKey { return codeKey{height, 1, cpufeature.AES} }

func (c *codeCache) has(height uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.loops[key(height)] != nil
}

func TestCacheKeepsWhatWasUsedLast(t *testing.T) {
	needJIT(t)
	c := newCodeCache(2)
	c.open()
	for _, height := range []uint64{1, 2, 1, 3} {
		loop, _, err := c.acquire(key(height), true)
		require.NoError(t, err)
		c.release(loop)
	}
	require.True(t, c.has(1))
	require.False(t, c.has(2), "used the longest ago")
	require.True(t, c.has(3))
	require.NoError(t, c.close())
	require.Empty(t, c.loops)
}

func TestCacheNeverFreesCodeInUse(t *testing.T) {
	needJIT(t)
	c := newCodeCache(0)
	c.open()
	used, first, err := c.acquire(key(1), true)
	require.NoError(t, err)
	require.True(t, first)
	for height := range uint64(10) {
		loop, _, err := c.acquire(key(2+height), true)
		require.NoError(t, err)
		c.release(loop)
	}
	again, first, err := c.acquire(key(1), true)
	require.NoError(t, err)
	require.False(t, first)
	require.Same(t, used, again)
	c.release(again)
	require.NotZero(t, used.code.Size())
	require.True(t, c.has(1))
	c.release(used)
	require.Zero(t, used.code.Size(), "freed")
	require.NoError(t, c.close())
}

func TestCacheIsFreedByTheLastToClose(t *testing.T) {
	needJIT(t)
	c := newCodeCache(5)
	c.open()
	c.open()
	loop, _, err := c.acquire(key(1), true)
	require.NoError(t, err)
	c.release(loop)
	require.NoError(t, c.close())
	require.True(t, c.has(1))
	require.NoError(t, c.close())
	require.False(t, c.has(1))
	require.Zero(t, loop.code.Size())

	c.open()
	loop, first, err := c.acquire(key(1), true)
	require.NoError(t, err, "opened again")
	require.True(t, first)
	c.release(loop)
	require.NoError(t, c.close())
}

// The loop for the next height is there before it is needed.
func TestNextHeightIsCompiledAhead(t *testing.T) {
	needJIT(t)
	a := shortR(t, 10)
	c := newCodeCache(5)
	l := newJITLoop(a, cpufeature.AES, c)
	lanes, _ := middleOfHash(a, rand.New(rand.NewPCG(1, 2)), 100)
	l.run(lanes)
	l.run(lanes)
	l.ahead.Wait()
	require.True(t, c.has(101))
	require.False(t, c.has(102))
	c.executable = func([]byte) (*execmem.Code, error) { panic("compiled too late") }
	loop, first, err := c.acquire(key(101), true)
	require.NoError(t, err)
	require.True(t, first, "it has not been run")
	c.release(loop)
	require.NoError(t, l.close())
}

// Many hashers that share a cache too small for them, all at different heights.
func TestCacheUnderLoad(t *testing.T) {
	needJIT(t)
	const heights = 6
	a := shortR(t, 20)
	c := newCodeCache(2)
	var hashers sync.WaitGroup
	for seed := range uint64(6) {
		hashers.Go(func() {
			random := rand.New(rand.NewPCG(seed, 1))
			for range 3 {
				l := newJITLoop(a, cpufeature.Detect(), c)
				for range 40 {
					height := 1 + random.Uint64N(heights)
					got, want := middleOfHash(a, random, height, height, 1+random.Uint64N(heights))
					l.run(got)
					requireSamePads(t, want, got)
				}
				require.NoError(t, l.close())
			}
		})
	}
	hashers.Wait()
	require.Empty(t, c.loops)
}
