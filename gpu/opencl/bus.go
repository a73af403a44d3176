//go:build opencl && cgo

package opencl

/*
#cgo CFLAGS: -DCL_TARGET_OPENCL_VERSION=120
#cgo pkg-config: OpenCL
#include <CL/cl.h>
*/
import "C"

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/jgillich/go-opencl/cl"
)

// Three ways to ask for a device's place on the PCI bus: the Khronos group's
// (cl_khr_pci_bus_info), AMD's and NVIDIA's. Drivers have one of them, or none.
const (
	khronosBus  = 0x410F // four words: domain, bus, device, function
	amdTopology = 0x4037 // a word that is 1 for PCI, 17 bytes of nothing, bus, device, function
	nvidiaBus   = 0x4008 // a word: bus
	nvidiaSlot  = 0x4009 // a word: device and function, as PCI packs them
	nvidiaPlace = 0x400A // a word: domain
)

// busOf is a device's PCI bus id, "" where the driver does not tell.
func busOf(d *cl.Device) string {
	ask := func(what uint32, size int) []byte { return rawInfo(d, what, size) }
	return busFrom(ask)
}

// busFrom makes the id of the first answer there is. ask returns nil without
// one.
func busFrom(ask func(what uint32, size int) []byte) string {
	word := binary.NativeEndian.Uint32
	if b := ask(khronosBus, 16); b != nil {
		return busID(word(b), word(b[4:]), word(b[8:]), word(b[12:]))
	}
	if b := ask(amdTopology, 24); b != nil && word(b) == 1 {
		return busID(0, uint32(b[21]), uint32(b[22]), uint32(b[23]))
	}
	bus, slot := ask(nvidiaBus, 4), ask(nvidiaSlot, 4)
	if bus == nil || slot == nil {
		return ""
	}
	domain := uint32(0)
	if b := ask(nvidiaPlace, 4); b != nil {
		domain = word(b)
	}
	return busID(domain, word(bus), word(slot)>>3, word(slot)&7)
}

func busID(domain, bus, device, function uint32) string {
	return fmt.Sprintf("%04x:%02x:%02x.%x", domain, bus, device, function)
}

// rawInfo asks for something the binding has no getter for; nil is no answer of
// that size. It reads the handle that is the first field of the binding's
// device.
func rawInfo(d *cl.Device, what uint32, size int) []byte {
	handle := *(*C.cl_device_id)(unsafe.Pointer(d))
	out := make([]byte, size)
	var got C.size_t
	status := C.clGetDeviceInfo(handle, C.cl_device_info(what), C.size_t(size), unsafe.Pointer(&out[0]), &got)
	runtime.KeepAlive(d)
	if status != C.CL_SUCCESS || int(got) != size {
		return nil
	}
	return out
}
