package eaglesong

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash/internal/cpufeature"
)

// eachKernel runs test with every kernel that may be used on this machine.
func eachKernel(t *testing.T, test func(t *testing.T, k Kernel)) {
	allowed, err := cpufeature.Allowed()
	require.NoError(t, err)
	kernels := Kernels()
	require.Equal(t, Impl, kernels[len(kernels)-1].Name)
	for _, k := range kernels {
		t.Run(k.Name, func(t *testing.T) {
			if !allowed.Has(k.Needs) {
				t.Skipf("needs %v", k.Needs&^allowed)
			}
			test(t, k)
		})
	}
}

func randomState(random *rand.Rand) (s state) {
	for i := range s {
		s[i] = random.Uint32()
	}
	return s
}

func TestHashingEqualsPortable(t *testing.T) {
	eachKernel(t, func(t *testing.T, k Kernel) {
		if k.whole == nil {
			t.Skip("hashes without a kernel")
		}
		random := rand.New(rand.NewPCG(3, 4))
		for range 20 {
			got := kernelContext{middle: randomState(random)}
			for i := range got.messages {
				for j := range got.messages[i] {
					got.messages[i][j] = byte(random.Uint32())
				}
			}
			want := got
			wholePortable(&want, k.Lanes)
			k.whole(&got)
			require.Equal(t, want.digests, got.digests)
			tailsPortable(&want, k.Lanes)
			k.tails(&got)
			require.Equal(t, want.digests, got.digests)
			require.Equal(t, want.messages, got.messages)
			require.Equal(t, want.middle, got.middle)
		}
	})
}

// searchContext is a random search in which about half of the hashes are hits.
func searchContext(random *rand.Rand, k Kernel) *kernelContext {
	c := &kernelContext{
		rest:    randomState(random),
		limit:   1<<31 + random.Uint32N(1<<20),
		word:    random.Uint64N(4),
		batches: 1 + random.Uint64N(batchesPerCall),
		stride:  random.Uint32(),
	}
	for i := range k.Lanes {
		c.counters[i] = random.Uint32()
	}
	c.first = c.rest
	c.first.linear(0)
	return c
}

func TestSearchEqualsPortable(t *testing.T) {
	eachKernel(t, func(t *testing.T, k Kernel) {
		random := rand.New(rand.NewPCG(5, 6))
		words := map[uint64]bool{}
		for range 40 {
			got := searchContext(random, k)
			want := *got
			searchPortable(&want, k.Lanes)
			k.search(got)
			require.Equal(t, want.hits, got.hits, "word %d, %d batches", got.word, got.batches)
			require.Equal(t, want.counters, got.counters)
			words[got.word] = true
		}
		require.Len(t, words, 4)
	})
}

// A hash that equals the limit meets it, the next lower limit does not.
func TestSearchAtTheLimit(t *testing.T) {
	eachKernel(t, func(t *testing.T, k Kernel) {
		random := rand.New(rand.NewPCG(7, 8))
		c := searchContext(random, k)
		c.batches = 1
		before := *c
		for lane := range k.Lanes {
			s := c.rest
			s[c.word] ^= reverse(before.counters[lane])
			s.permute()
			first := reverse(s[0])
			for _, limit := range []uint32{first, first - 1} {
				*c = before
				c.limit = limit
				k.search(c)
				require.Equal(t, limit == first, c.hits[0]>>lane&1 == 1, "lane %d", lane)
			}
		}
	})
}

func reverse(x uint32) uint32 { return x<<24 | x>>24 | x>>8&0xff00 | x&0xff00<<8 }

func TestLimitsOfTheFirstWord(t *testing.T) {
	eachKernel(t, func(t *testing.T, k Kernel) {
		c := searchContext(rand.New(rand.NewPCG(9, 10)), k)
		c.batches, c.limit = 3, 1<<32-1
		k.search(c)
		all := uint16(1<<k.Lanes - 1)
		require.Equal(t, []uint16{all, all, all, 0}, c.hits[:4])
		c.limit = 0
		k.search(c)
		require.Equal(t, []uint16{0, 0, 0, 0}, c.hits[:4])
	})
}

func TestLinearIsPartOfARound(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		s := randomState(random)
		want := slowLinear(s, 7)
		s.linear(7)
		require.Equal(t, want, s)
	}
}
