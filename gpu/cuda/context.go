//go:build !nocuda && ((linux && (amd64 || arm64)) || (windows && amd64))

package cuda

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/gpu/internal/engine"
	"github.com/aditmine/adit/gpu/internal/program"
	"github.com/aditmine/adit/gpu/internal/ptx"
	"github.com/aditmine/adit/hash"
)

// groupSize is how many hashes make a block of CryptoNight's main loop by
// default: two warps.
const groupSize = 64

// NewSearcher opens the device of a number. An error concerns that device only.
func NewSearcher(index int, options gpu.Options) (hash.Searcher, error) {
	if err := options.Check(); err != nil {
		return nil, fmt.Errorf("CUDA device %d: %w", index, err)
	}
	d, err := load(libraryName)
	if err != nil {
		return nil, err
	}
	return d.newSearcher(index, options)
}

func (d *driver) newSearcher(index int, options gpu.Options) (hash.Searcher, error) {
	all, err := d.devices()
	if err != nil {
		return nil, err
	}
	if index < 0 || index >= len(all) {
		return nil, fmt.Errorf("there is no CUDA device %d: 'adit devices' lists those there are", index)
	}
	c, err := d.open(index)
	if err != nil {
		return nil, fmt.Errorf("opening %v: %w", &all[index], err)
	}
	return engine.New(c, all[index], options), nil
}

// context is a device in use, an engine.Runtime.
type context struct {
	driver *driver
	handle uintptr
	lost   atomic.Bool // nothing works in it any more
}

func (d *driver) open(index int) (*context, error) {
	_, device, err := d.describe(index)
	if err != nil {
		return nil, err
	}
	if err := d.suits(device); err != nil {
		return nil, err
	}
	c := &context{driver: d}
	runtime.LockOSThread() // a new context is current on the thread
	defer runtime.UnlockOSThread()
	if err := d.check("cuCtxCreate", d.CtxCreate(&c.handle, contextBlockingSync, device)); err != nil {
		return nil, err
	}
	var popped uintptr
	if err := d.check("cuCtxPopCurrent", d.CtxPop(&popped)); err != nil {
		return nil, errors.Join(err, d.check("cuCtxDestroy", d.CtxDestroy(c.handle)))
	}
	return c, nil
}

// suits reports why the kernels cannot run on a card.
func (d *driver) suits(device int32) error {
	var major, minor int32
	if err := d.check("cuDeviceGetAttribute", d.DeviceGetAttr(&major, attributeMajor, device)); err != nil {
		return err
	}
	if err := d.check("cuDeviceGetAttribute", d.DeviceGetAttr(&minor, attributeMinor, device)); err != nil {
		return err
	}
	if 10*major+minor < ptx.Capability {
		return fmt.Errorf("its compute capability is %d.%d; the kernels need %d.%d", major, minor, ptx.Capability/10, ptx.Capability%10)
	}
	return nil
}

// call makes the context current on this thread for a function of the driver.
func (c *context) call(name string, f func(d *driver) int32) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	d := c.driver
	err := d.check("cuCtxPushCurrent", d.CtxPush(c.handle))
	if err == nil {
		err = d.check(name, f(d))
		var popped uintptr
		if pop := d.check("cuCtxPopCurrent", d.CtxPop(&popped)); err == nil {
			err = pop
		}
	}
	if lost(err) {
		c.lost.Store(true)
	}
	return err
}

// Memory is what no program uses.
func (c *context) Memory() (free uint64, err error) {
	var total uint64
	err = c.call("cuMemGetInfo", func(d *driver) int32 { return d.MemGetInfo(&free, &total) })
	return free, err
}

func (c *context) GroupSize() int { return groupSize }

func (c *context) Alloc(bytes int) (engine.Buffer, error) {
	b := &buffer{context: c}
	err := c.call("cuMemAlloc", func(d *driver) int32 { return d.MemAlloc(&b.address, uint64(bytes)) })
	if err != nil {
		return nil, fmt.Errorf("%d bytes of memory: %w", bytes, err)
	}
	return b, nil
}

func (c *context) NewQueue() (engine.Queue, error) {
	q := &queue{context: c}
	err := c.call("cuStreamCreate", func(d *driver) int32 { return d.StreamCreate(&q.stream, streamNonBlocking) })
	if err != nil {
		return nil, err
	}
	return q, nil
}

func (c *context) Build(p *program.Program) (engine.Module, error) {
	text, err := ptx.Text(p)
	if err != nil {
		return nil, err
	}
	return c.load(text)
}

// load has the driver compile PTX. What its compiler says comes with the error.
func (c *context) load(text string) (engine.Module, error) {
	image, log := append([]byte(text), 0), make([]byte, 4096)
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&log[0])
	options := [2]int32{jitErrorLog, jitErrorLogSize}
	values := [2]uintptr{uintptr(unsafe.Pointer(&log[0])), uintptr(len(log))}
	m := &module{context: c}
	err := c.call("cuModuleLoadDataEx", func(d *driver) int32 {
		return d.ModuleLoad(&m.handle, unsafe.Pointer(&image[0]), uint32(len(options)), &options[0], &values[0])
	})
	said := strings.TrimSpace(goString(&append(log[:len(log)-1:len(log)-1], 0)[0]))
	switch {
	case err != nil && said != "":
		return nil, fmt.Errorf("%w; the driver's compiler says: %s", err, firstLine(said))
	case err != nil:
		return nil, err
	}
	return m, nil
}

// firstLine is what a person reads of a compiler's output.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// Close gives up the context and with it all that was made in it. A context
// that is lost says nothing new.
func (c *context) Close() error {
	err := c.driver.check("cuCtxDestroy", c.driver.CtxDestroy(c.handle))
	if c.lost.Load() {
		return nil
	}
	return err
}
