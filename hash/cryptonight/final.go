package cryptonight

import (
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/internal/blake256"
	"github.com/aditmine/adit/hash/internal/groestl"
	"github.com/aditmine/adit/hash/internal/jh"
	"github.com/aditmine/adit/hash/internal/skein"
)

// final hashes the 200 bytes of state with the function that its two lowest
// bits choose.
func (h *Hasher) final() hash.Digest {
	h.state.PutBytes(&h.bytes)
	msg := h.bytes[:]
	switch h.state[0] & 3 {
	case 0:
		return blake256.Sum256(msg)
	case 1:
		return groestl.Sum256(msg)
	case 2:
		return jh.Sum256(msg)
	default:
		return skein.Sum256(msg)
	}
}
