//go:build opencl && cgo

package opencl

import (
	"fmt"
	"runtime"

	"github.com/jgillich/go-opencl/cl"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/gpu/internal/engine"
	"github.com/aditmine/adit/gpu/internal/kernelcache"
	"github.com/aditmine/adit/gpu/internal/program"
	"github.com/aditmine/adit/hash"
)

// groupSize is how many hashes make a group of CryptoNight's main loop by
// default.
const groupSize = 8

// NewSearcher opens the device of a number. An error concerns that device only.
func NewSearcher(index int, options gpu.Options) (hash.Searcher, error) {
	if err := options.Check(); err != nil {
		return nil, fmt.Errorf("OpenCL device %d: %w", index, err)
	}
	all, err := handles()
	if err != nil {
		return nil, err
	}
	if index < 0 || index >= len(all) {
		return nil, fmt.Errorf("there is no OpenCL device %d: 'adit devices' lists those there are", index)
	}
	about := describe(index, all[index])
	ctx, err := cl.CreateContext([]*cl.Device{all[index]})
	if err != nil {
		return nil, fmt.Errorf("opening %v: %w", &about, err)
	}
	d := &device{handle: all[index], ctx: ctx, memory: about.Memory, cache: kernelcache.Default()}
	return engine.New(d, about, options), nil
}

// device is an open one, an engine.Runtime.
type device struct {
	handle *cl.Device
	ctx    *cl.Context
	memory uint64
	cache  *kernelcache.Cache // of compiled programs; nil keeps none
}

// Memory is all there is: OpenCL does not tell what others use.
func (d *device) Memory() (uint64, error) { return d.memory, nil }

func (d *device) GroupSize() int { return groupSize }

func (d *device) Build(p *program.Program) (engine.Module, error) {
	text, err := p.Source()
	if err != nil {
		return nil, err
	}
	built, err := cachedBuild(d.cache, d.ctx, d.handle, text)
	if err != nil {
		return nil, err
	}
	return &module{program: built}, nil
}

func (d *device) Alloc(bytes int) (engine.Buffer, error) {
	object, err := d.ctx.CreateEmptyBuffer(cl.MemReadWrite, bytes)
	if err != nil {
		return nil, fmt.Errorf("%d bytes of memory: %w", bytes, err)
	}
	return buffer{object}, nil
}

func (d *device) NewQueue() (engine.Queue, error) {
	q, err := d.ctx.CreateCommandQueue(d.handle, 0)
	if err != nil {
		return nil, fmt.Errorf("making a queue: %w", err)
	}
	return &queue{handle: q}, nil
}

func (d *device) Close() error {
	d.ctx.Release()
	return nil
}

// module is a program with the kernels that were made of it.
type module struct {
	program *cl.Program
	kernels []*cl.Kernel
}

func (m *module) Kernel(name string) (engine.Kernel, error) {
	k, err := m.program.CreateKernel(name)
	if err != nil {
		return nil, err
	}
	m.kernels = append(m.kernels, k)
	return k, nil
}

func (m *module) Release() {
	for _, k := range m.kernels {
		k.Release()
	}
	m.program.Release()
}

type buffer struct{ object *cl.MemObject }

func (b buffer) Release() { b.object.Release() }

// queue is a command queue.
type queue struct{ handle *cl.CommandQueue }

func (q *queue) Write(b engine.Buffer, data []uint32) error {
	return write(q.handle, b.(buffer).object, data)
}

func (q *queue) Read(b engine.Buffer, data []uint32) error {
	return read(q.handle, b.(buffer).object, data)
}

// Launch sets all arguments each time: slots share their kernels, and a kernel
// keeps what it was given last.
func (q *queue) Launch(k engine.Kernel, items, group int, args ...engine.Arg) error {
	kernel := k.(*cl.Kernel)
	for i, arg := range args {
		if err := setArg(kernel, i, arg); err != nil {
			return fmt.Errorf("argument %d: %w", i, err)
		}
	}
	return launch(q.handle, kernel, items, group)
}

func setArg(k *cl.Kernel, i int, arg engine.Arg) error {
	defer runtime.KeepAlive(arg.Buffer)
	switch {
	case arg.Buffer != nil:
		return k.SetArgBuffer(i, arg.Buffer.(buffer).object)
	case arg.Bytes == 8:
		return k.SetArgUint64(i, arg.Value)
	}
	return k.SetArgUint32(i, uint32(arg.Value))
}

func (q *queue) Submit() error { return submit(q.handle) }

func (q *queue) Release() {
	_ = q.handle.Finish() // what it was doing is of no use any more
	q.handle.Release()
}
