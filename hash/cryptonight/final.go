package cryptonight

import (
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/internal/blake256"
	"github.com/aditmine/adit/hash/internal/cpufeature"
	"github.com/aditmine/adit/hash/internal/groestl"
	"github.com/aditmine/adit/hash/internal/jh"
	"github.com/aditmine/adit/hash/internal/skein"
)

// finals are the four functions for the digest, in the order in which the
// state chooses among them.
type finals [4]func([]byte) [hash.Size]byte

// newFinals returns the fastest for a processor with the given features; with
// none they are portable.
func newFinals(features cpufeature.Features) finals {
	return finals{blake256.Sum256, groestl.For(features), jh.For(features), skein.Sum256}
}

// final hashes the 200 bytes of state with the function that its two lowest
// bits choose; cn/gpu's digest is the beginning of the state itself.
func (h *Hasher) final() hash.Digest {
	h.state.PutBytes(&h.bytes)
	if h.variant.float {
		return hash.Digest(h.bytes[:hash.Size])
	}
	return h.finals[h.state[0]&3](h.bytes[:])
}
