// Package gpu says what graphics cards there are. Its back ends, gpu/opencl and
// gpu/cuda, search on them behind the same hash.Searcher as the processor.
//
// It imports package hash; packages below gpu may import hash, its
// implementations, and kernels.
package gpu

import (
	"errors"
	"fmt"
)

// Errors that say why a back end has no devices. Neither is a fault: the miner
// goes on with what there is.
var (
	// ErrNotBuilt: this binary was built without the back end.
	ErrNotBuilt = errors.New("this build of adit has no such back end")
	// ErrNoDriver: no driver is installed, or it knows no device.
	ErrNoDriver = errors.New("no driver, or no device")
)

// ErrNoKernel says that there is no kernel for some work: nothing is wrong with
// the device.
var ErrNoKernel = errors.New("there is no kernel for it")

// Kind is what a device is.
type Kind string

// The kinds of device.
const (
	Card        Kind = "gpu"
	Processor   Kind = "cpu" // an OpenCL driver for processors, such as PoCL
	Accelerator Kind = "accelerator"
)

// Device is a device as one back end sees it. A card that two back ends know
// appears twice, with the same Bus.
type Device struct {
	Backend  string // "opencl" or "cuda"
	Index    int    // within the back end, as users name it
	Kind     Kind
	Name     string
	Vendor   string
	Driver   string // the driver's version
	Bus      string // PCI bus id such as "0000:01:00.0", "" where unknown
	Memory   uint64 // bytes
	MaxAlloc uint64 // bytes that one buffer may have
	Units    int    // compute units, or multiprocessors
}

// String names the device as messages do: "opencl 0 (NVIDIA T4)".
func (d *Device) String() string { return fmt.Sprintf("%s %d (%s)", d.Backend, d.Index, d.Name) }

// Title names the device as lists of workers do: "OpenCL 0 NVIDIA T4".
func (d *Device) Title() string {
	return fmt.Sprintf("%s %d %s", BackendTitle(d.Backend), d.Index, d.Name)
}

// BackendTitle names a back end for people.
func BackendTitle(name string) string {
	switch name {
	case "opencl":
		return "OpenCL"
	case "cuda":
		return "CUDA"
	}
	return name
}
