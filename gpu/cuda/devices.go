//go:build !nocuda && ((linux && (amd64 || arm64)) || (windows && amd64))

package cuda

import (
	"fmt"
	"strings"
	"unsafe"

	"github.com/aditmine/adit/gpu"
)

// Devices lists the cards in the driver's order, which is what their numbers
// mean; the environment's CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER change it.
// gpu.ErrNoDriver says that there is none.
func Devices() ([]gpu.Device, error) {
	d, err := load(libraryName)
	if err != nil {
		return nil, err
	}
	return d.devices()
}

func (d *driver) devices() ([]gpu.Device, error) {
	var count int32
	if err := d.check("cuDeviceGetCount", d.DeviceGetCount(&count)); err != nil {
		return nil, unusable("listing devices", err)
	}
	if count == 0 {
		return nil, fmt.Errorf("CUDA: %w", gpu.ErrNoDriver)
	}
	list := make([]gpu.Device, count)
	for i := range list {
		var err error
		if list[i], _, err = d.describe(i); err != nil {
			return nil, fmt.Errorf("CUDA: asking about device %d: %w", i, err)
		}
	}
	return list, nil
}

// describe asks about a device, and returns the driver's handle of it too.
func (d *driver) describe(index int) (gpu.Device, int32, error) {
	out := gpu.Device{Backend: Backend, Index: index, Kind: gpu.Card, Vendor: "NVIDIA"}
	var handle, version, units int32
	var name [256]byte
	var bus [32]byte
	for _, call := range []struct {
		name string
		code func() int32
	}{
		{"cuDeviceGet", func() int32 { return d.DeviceGet(&handle, int32(index)) }},
		{"cuDeviceGetName", func() int32 { return d.DeviceGetName(&name[0], int32(len(name)), handle) }},
		{"cuDeviceTotalMem", func() int32 { return d.DeviceTotalMem(&out.Memory, handle) }},
		{"cuDeviceGetPCIBusId", func() int32 { return d.DeviceGetPCIBusID(&bus[0], int32(len(bus)), handle) }},
		{"cuDeviceGetAttribute", func() int32 { return d.DeviceGetAttr(&units, attributeUnits, handle) }},
		{"cuDriverGetVersion", func() int32 { return d.DriverGetVersion(&version) }},
	} {
		if err := d.check(call.name, call.code()); err != nil {
			return out, 0, err
		}
	}
	out.Name, out.Bus = text(name[:]), strings.ToLower(text(bus[:]))
	out.Units, out.MaxAlloc = int(units), out.Memory
	out.Driver = fmt.Sprintf("CUDA %d.%d", version/1000, version%1000/10)
	return out, handle, nil
}

// text is what comes before the zero in a buffer of C.
func text(buffer []byte) string {
	buffer[len(buffer)-1] = 0
	return goString((*byte)(unsafe.Pointer(&buffer[0])))
}
