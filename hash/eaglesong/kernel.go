package eaglesong

import (
	"math/bits"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/internal/cpufeature"
)

// Kernel is one way of computing Eaglesong on the processor.
type Kernel struct {
	// Name is what the Hashers say that use it.
	Name string
	// Lanes is how many messages or nonces it works on at once.
	Lanes int
	// Needs are the features without which the processor cannot run it.
	Needs cpufeature.Features

	// search and permute do what searchPortable and permutePortable do. They
	// are nil where the build has no assembly.
	search, permute func(*kernelContext)
}

// Kernels lists the kernels there are, the fastest first. The last is portable
// and runs everywhere; ask cpufeature.Allowed about the others.
func Kernels() []Kernel {
	asm := assembly()
	return []Kernel{
		{"avx512", 16, cpufeature.AVX512, asm.search512, asm.permute512},
		{"avx2", 8, cpufeature.AVX2, asm.search256, asm.permute256},
		{Impl, 1, 0, searchOne, permuteOne},
	}
}

// routines is the assembly; all are nil in builds without.
type routines struct {
	search512, permute512, search256, permute256 func(*kernelContext)
}

// NewHasher returns a Hasher for an algorithm of the Eaglesong family.
func (k Kernel) NewHasher(a *hash.Algorithm) (hash.Hasher, error) {
	if k.Lanes == 1 {
		return New(a)
	}
	return newWide(a, k)
}

func searchOne(c *kernelContext)  { searchPortable(c, 1) }
func permuteOne(c *kernelContext) { permutePortable(c, 1) }

// searchPortable tries a nonce in each of the first lanes of each batch.
func searchPortable(c *kernelContext, lanes int) {
	for batch := range c.batches {
		c.hits[batch] = 0
		for lane := range lanes {
			s := c.rest
			s[c.word] ^= bits.ReverseBytes32(c.counters[lane])
			s.permute()
			if bits.ReverseBytes32(s[0]) <= c.limit {
				c.hits[batch] |= 1 << lane
			}
			c.counters[lane] += c.stride
		}
	}
}

// permutePortable permutes the states of the first lanes.
func permutePortable(c *kernelContext, lanes int) {
	for lane := range lanes {
		var s state
		for j := range s {
			s[j] = c.start[j][lane]
		}
		s.permute()
		for j, word := range s {
			c.state[j][lane] = word
		}
	}
}
