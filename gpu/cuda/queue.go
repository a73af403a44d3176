//go:build !nocuda && ((linux && (amd64 || arm64)) || (windows && amd64))

package cuda

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/aditmine/adit/gpu/internal/engine"
)

// module is a program that the driver has compiled.
type module struct {
	context *context
	handle  uintptr
}

// kernel is a function of a module.
type kernel uintptr

func (m *module) Kernel(name string) (engine.Kernel, error) {
	var function uintptr
	text := append([]byte(name), 0)
	err := m.context.call("cuModuleGetFunction", func(d *driver) int32 { return d.ModuleGetFunction(&function, m.handle, &text[0]) })
	if err != nil {
		return nil, fmt.Errorf("kernel %s: %w", name, err)
	}
	return kernel(function), nil
}

// Release passes over errors: the context's end frees the module too.
func (m *module) Release() {
	_ = m.context.call("cuModuleUnload", func(d *driver) int32 { return d.ModuleUnload(m.handle) })
}

// buffer is memory of the card.
type buffer struct {
	context *context
	address uint64
}

// Release passes over errors: the context's end frees the memory too.
func (b *buffer) Release() {
	_ = b.context.call("cuMemFree", func(d *driver) int32 { return d.MemFree(b.address) })
}

// queue is a stream.
type queue struct {
	context *context
	stream  uintptr
}

// Write waits, so that the driver keeps no pointer of Go's.
func (q *queue) Write(b engine.Buffer, data []uint32) error {
	to, from := b.(*buffer).address, unsafe.Pointer(unsafe.SliceData(data))
	err := q.context.call("cuMemcpyHtoDAsync", func(d *driver) int32 { return d.CopyToDevice(to, from, uint64(4*len(data)), q.stream) })
	if err == nil {
		err = q.wait()
	}
	runtime.KeepAlive(data)
	return err
}

func (q *queue) Read(b engine.Buffer, data []uint32) error {
	from, to := b.(*buffer).address, unsafe.Pointer(unsafe.SliceData(data))
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(to) // the copy may be under way after the call
	err := q.context.call("cuMemcpyDtoHAsync", func(d *driver) int32 { return d.CopyToHost(to, from, uint64(4*len(data)), q.stream) })
	if err == nil {
		err = q.wait()
	}
	return err
}

// wait sleeps until the stream is idle.
func (q *queue) wait() error {
	return q.context.call("cuStreamSynchronize", func(d *driver) int32 { return d.StreamSync(q.stream) })
}

func (q *queue) Launch(k engine.Kernel, items, group int, args ...engine.Arg) error {
	var pin runtime.Pinner
	defer pin.Unpin()
	values, places := make([]uint64, len(args)), make([]unsafe.Pointer, len(args))
	for i, arg := range args {
		values[i] = arg.Value // little-endian: the low half is where 32 bits are looked for
		if arg.Buffer != nil {
			values[i] = arg.Buffer.(*buffer).address
		}
		places[i] = unsafe.Pointer(&values[i])
		pin.Pin(places[i])
	}
	return q.context.call("cuLaunchKernel", func(d *driver) int32 {
		return d.LaunchKernel(uintptr(k.(kernel)), uint32(items/group), 1, 1, uint32(group), 1, 1, 0, q.stream, &places[0], nil)
	})
}

// Submit has nothing to do: streams start by themselves.
func (q *queue) Submit() error { return nil }

// Release passes over errors: a stream whose device failed has ended.
func (q *queue) Release() {
	_ = q.wait()
	_ = q.context.call("cuStreamDestroy", func(d *driver) int32 { return d.StreamDestroy(q.stream) })
}
