package eaglesong

import (
	"encoding/binary"
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

	// What is nil here the build has no assembly for.
	routines
}

// routines are a kernel's code.
type routines struct {
	search func(*kernelContext) // as searchPortable
	whole  func(*kernelContext) // as wholePortable
	tails  func(*kernelContext) // as tailsPortable
}

// Kernels lists the kernels there are, the fastest first. The last is portable
// and runs everywhere; ask cpufeature.Allowed about the others.
func Kernels() []Kernel {
	return []Kernel{
		{"avx512", 16, cpufeature.AVX512, routines512()},
		{"avx2", 8, cpufeature.AVX2, routines256()},
		{Impl, 1, 0, routines{search: func(c *kernelContext) { searchPortable(c, 1) }}},
	}
}

// NewHasher returns a Hasher for an algorithm of the Eaglesong family.
func (k Kernel) NewHasher(a *hash.Algorithm) (hash.Hasher, error) {
	if k.Lanes == 1 {
		return New(a)
	}
	return newWide(a, k)
}

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

// wholePortable hashes the messages of the first lanes.
func wholePortable(c *kernelContext, lanes int) {
	for lane := range lanes {
		c.digests[lane] = Sum(c.messages[lane][:])
	}
}

// tailsPortable hashes the messages of the first lanes, which begin alike.
func tailsPortable(c *kernelContext, lanes int) {
	for lane := range lanes {
		s := c.middle
		for j := range TailSize / 4 {
			s[j] ^= binary.BigEndian.Uint32(c.messages[lane][rate+4*j:])
		}
		s.permute()
		c.digests[lane] = s.digest()
	}
}
