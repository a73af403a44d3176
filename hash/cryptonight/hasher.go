package cryptonight

import (
	"encoding/binary"
	"fmt"
	"runtime"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/internal/keccak"
	"github.com/aditmine/adit/hash/internal/pages"
)

// Impl is the name under which this implementation appears.
const Impl = "generic"

// Hasher computes one digest at a time in portable Go.
type Hasher struct {
	algorithm *hash.Algorithm
	variant   variant
	memory    *pages.Memory // of the pad; nil where the pad is another owner's
	pad       scratchpad
	finals    finals
	state     keccak.State
	bytes     [keccak.Bytes]byte

	// tweak is base 1's constant of the current message.
	tweak uint64
	// program is cn/r's for programHeight; consecutive hashes share it.
	program       Program
	programHeight uint64
}

// New allocates the scratchpad for one hash of a, which must be of the
// CryptoNight family. Hashing needs no further memory.
func New(a *hash.Algorithm) (hash.Hasher, error) {
	v, ok := variantOf(a)
	if !ok {
		return nil, fmt.Errorf("algorithm %s is not of the CryptoNight family", a.Name)
	}
	memory, pads, err := newScratchpads(1, a.Scratchpad)
	if err != nil {
		return nil, err
	}
	return &Hasher{algorithm: a, variant: v, memory: memory, pad: pads[0], finals: newFinals(0)}, nil
}

// Algorithm says what is computed.
func (h *Hasher) Algorithm() *hash.Algorithm { return h.algorithm }

// Impl returns "generic".
func (h *Hasher) Impl() string { return Impl }

// Lanes returns 1.
func (h *Hasher) Lanes() int { return 1 }

// Memory says what pages the scratchpad lies in.
func (h *Hasher) Memory() hash.MemoryStatus { return h.memory.Status() }

// Close frees the scratchpad.
func (h *Hasher) Close() error {
	h.pad = nil
	return h.memory.Close()
}

// Hash writes the digest of in[0] to out[0].
func (h *Hasher) Hash(out []hash.Digest, in []hash.Input) error {
	if h.pad == nil {
		return hash.ErrClosed
	}
	if err := h.algorithm.CheckCall(h.Lanes(), out, in); err != nil {
		return err
	}
	h.prepare(&in[0])
	h.explode()
	h.variant.loop(h)
	h.implode()
	h.state.Permute()
	out[0] = h.final()
	runtime.KeepAlive(h) // and with it the memory, which the pad does not keep
	return nil
}

// prepare absorbs the message and sets what the main loop needs besides.
func (h *Hasher) prepare(in *hash.Input) {
	h.state.Absorb(in.Blob)
	if h.algorithm.MinInput > 0 {
		// Base 1: 8 bytes of the message, which hold part of the nonce, and
		// the last of the state.
		h.tweak = binary.LittleEndian.Uint64(in.Blob[35:]) ^ h.state[24]
	}
	if h.algorithm.NeedsHeight && h.programHeight != in.Height {
		h.program, h.programHeight = Generate(in.Height), in.Height
	}
}

// stateBlock is the i-th of the 12 whole blocks of the state.
func (h *Hasher) stateBlock(i int) block {
	return block{Lo: h.state[2*i], Hi: h.state[2*i+1]}
}

// start is where every main loop begins: a, which gives the first address, and
// b, which the first store is mixed with.
func (h *Hasher) start() (a, b block) {
	return h.stateBlock(0).Xor(h.stateBlock(2)), h.stateBlock(1).Xor(h.stateBlock(3))
}

// mainPad is the part of the pad that the main loop works on.
func (h *Hasher) mainPad() scratchpad {
	return h.pad.window(h.algorithm.AddressMask)
}
