// Package engine is the part of a search on a device that is the same for all
// runtimes: batches, of which two are under way, work layouts, lists of hits.
// What differs, OpenCL or CUDA, is behind Runtime.
//
// It imports gpu, hash and its implementations, and gpu/internal/program; the
// back ends gpu/opencl and gpu/cuda use it.
package engine

import "github.com/aditmine/adit/gpu/internal/program"

// Runtime is one open device. One goroutine uses it and all that it made at a
// time, except that others may build and release modules meanwhile. Everything
// made is released before Close.
type Runtime interface {
	// Memory is how many bytes of the device's memory can be had now.
	Memory() (uint64, error)
	// Build makes a program ready to run.
	Build(p *program.Program) (Module, error)
	// Alloc makes a buffer of that many bytes.
	Alloc(bytes int) (Buffer, error)
	// NewQueue makes a queue, which is independent of others.
	NewQueue() (Queue, error)
	// GroupSize is the number of items in a group where nobody says another.
	GroupSize() int
	Close() error
}

// Module is a program that was built.
type Module interface {
	Kernel(name string) (Kernel, error)
	// Release gives up the module and its kernels. They may not be in use.
	Release()
}

// Kernel is a kernel of a Module.
type Kernel any

// Buffer is memory of the device.
type Buffer interface{ Release() }

// Queue runs what it is given in order.
type Queue interface {
	// Write copies words to the start of a buffer and waits for that.
	Write(b Buffer, data []uint32) error
	// Read copies words from the start of a buffer, after all that came before,
	// and waits for that.
	Read(b Buffer, data []uint32) error
	// Launch starts a kernel over items, in groups of a size, without waiting.
	Launch(k Kernel, items, group int, args ...Arg) error
	// Submit hands what was launched to the device, without waiting.
	Submit() error
	// Release waits for the queue to be idle, or its device to have failed, and
	// gives it up.
	Release()
}

// Arg is an argument of a kernel: a buffer, or a number of Bytes bytes.
type Arg struct {
	Buffer Buffer
	Value  uint64
	Bytes  int // 4 or 8
}

// Mem is an argument that is a buffer.
func Mem(b Buffer) Arg { return Arg{Buffer: b} }

// U32 is an argument of 32 bits.
func U32(v uint32) Arg { return Arg{Value: uint64(v), Bytes: 4} }

// U64 is an argument of 64 bits.
func U64(v uint64) Arg { return Arg{Value: v, Bytes: 8} }
