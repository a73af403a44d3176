// Package pages gives scratchpads their memory. CryptoNight reads and writes
// all over a pad at random, so that with pages of 4 KiB the processor walks
// page tables at every access; with pages of 2 MiB it hardly ever does.
//
// On Linux the memory is a mapping of its own, outside of Go's heap: of huge
// pages set aside by the administrator, or of those that the kernel puts
// together where it is asked to, or else of plain ones. Elsewhere it is plain
// memory from the heap.
//
// It imports hash and serves the packages below hash only.
package pages

import (
	"fmt"
	"unsafe"

	"github.com/aditmine/adit/hash"
)

// HugeSize is the size of a huge page.
const HugeSize = 2 << 20

// Memory is a run of bytes that does not move, and begins at a multiple of 64
// bytes, of HugeSize on Linux. Assembly may keep its address: the owner must
// keep the Memory itself reachable until the assembly is done.
type Memory struct {
	bytes  []byte
	status hash.MemoryStatus
	free   func() error
}

// Allocate returns size bytes of zeros, present in memory, in the largest pages
// that can be had.
func Allocate(size int) (*Memory, error) {
	if size <= 0 {
		return nil, fmt.Errorf("allocating scratchpads: a size of %d bytes makes no sense", size)
	}
	m, err := allocate(size)
	if err != nil {
		return nil, fmt.Errorf("allocating %d KiB for scratchpads: %w", size>>10, err)
	}
	return m, nil
}

// Bytes is the memory; nil once closed.
func (m *Memory) Bytes() []byte { return m.bytes }

// Pointer is where the memory begins; nil once closed.
func (m *Memory) Pointer() unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(m.bytes)) }

// Status says what pages the memory is made of.
func (m *Memory) Status() hash.MemoryStatus { return m.status }

// Close gives the memory back to the system. What was in it must not be used
// any more. Closing again does nothing.
func (m *Memory) Close() error {
	if m.bytes == nil {
		return nil
	}
	m.bytes = nil
	return m.free()
}
