package cryptonight

import (
	"slices"
	"unsafe"

	"github.com/aditmine/adit/hash/internal/aes"
	"github.com/aditmine/adit/hash/internal/pages"
)

// block is the unit of the main loop: 16 bytes, two little-endian words.
type block = aes.Block

// line is 64 bytes of pad, one cache line. Base 2 works on whole lines; the
// other variants merely find their block in one.
type line [4]block

const (
	blockSize = 16
	lineSize  = 64
)

// scratchpad is a pad whose length in lines is a power of two.
type scratchpad []line

// newScratchpads allocates n pads of size bytes each. They last as long as the
// memory, which the owner must keep reachable, and close.
func newScratchpads(n, size int) (*pages.Memory, []scratchpad, error) {
	memory, err := pages.Allocate(n * size)
	if err != nil {
		return nil, nil, err
	}
	lines := unsafe.Slice((*line)(memory.Pointer()), n*size/lineSize)
	return memory, slices.Collect(slices.Chunk(scratchpad(lines), size/lineSize)), nil
}

// window is the part of the pad that addresses under mask reach.
func (p scratchpad) window(mask uint32) scratchpad { return p[:(mask+blockSize)/lineSize] }

// at finds the block at a byte address: its line, and its index there. The
// address wraps at the end of the pad and is rounded down to a whole block.
func (p scratchpad) at(address uint64) (*line, uint64) {
	return &p[address/lineSize&uint64(len(p)-1)], address / blockSize & 3
}

// add is two independent 64-bit additions.
func add(x, y block) block { return block{Lo: x.Lo + y.Lo, Hi: x.Hi + y.Hi} }
