//go:build !nocuda && ((linux && (amd64 || arm64)) || (windows && amd64))

package cuda

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/ebitengine/purego"

	"github.com/aditmine/adit/gpu"
)

// Values of the driver API that are used here (cuda.h).
const (
	attributeUnits             = 16
	attributeMajor             = 75
	attributeMinor             = 76
	contextBlockingSync        = 4 // wait without turning a processor's wheels
	streamNonBlocking          = 1 // independent of the default stream
	jitErrorLog                = 5
	jitErrorLogSize            = 6
	codeNoDevice               = 100
	codeFirstStickyFault       = 700
	codeLastStickyFault        = 720
	codeLaunchOutOfMeans       = 701 // no fault of the context: the launch was refused
	codeECCUncorrectable       = 214
	codeUnknown                = 999
	codeOK               int32 = 0
)

// driver is the library with the functions that are used. Handles of contexts,
// modules, functions and streams are pointers of the driver; addresses of the
// card's memory are numbers.
type driver struct {
	Init              func(flags uint32) int32
	DriverGetVersion  func(version *int32) int32
	GetErrorName      func(code int32, text **byte) int32
	GetErrorString    func(code int32, text **byte) int32
	DeviceGetCount    func(count *int32) int32
	DeviceGet         func(device *int32, ordinal int32) int32
	DeviceGetName     func(name *byte, size, device int32) int32
	DeviceTotalMem    func(bytes *uint64, device int32) int32
	DeviceGetAttr     func(value *int32, attribute, device int32) int32
	DeviceGetPCIBusID func(text *byte, size, device int32) int32
	CtxCreate         func(context *uintptr, flags uint32, device int32) int32
	CtxDestroy        func(context uintptr) int32
	CtxPush           func(context uintptr) int32
	CtxPop            func(context *uintptr) int32
	MemGetInfo        func(free, total *uint64) int32
	MemAlloc          func(address *uint64, bytes uint64) int32
	MemFree           func(address uint64) int32
	CopyToDevice      func(to uint64, from unsafe.Pointer, bytes uint64, stream uintptr) int32
	CopyToHost        func(to unsafe.Pointer, from, bytes uint64, stream uintptr) int32
	StreamCreate      func(stream *uintptr, flags uint32) int32
	StreamDestroy     func(stream uintptr) int32
	StreamSync        func(stream uintptr) int32
	ModuleLoad        func(module *uintptr, image unsafe.Pointer, count uint32, options *int32, values *uintptr) int32
	ModuleGetFunction func(function *uintptr, module uintptr, name *byte) int32
	ModuleUnload      func(module uintptr) int32
	LaunchKernel      func(function uintptr, gridX, gridY, gridZ, blockX, blockY, blockZ, shared uint32,
		stream uintptr, params *unsafe.Pointer, extra unsafe.Pointer) int32
}

// functions pairs the library's names with where they go.
func (d *driver) functions() map[string]any {
	return map[string]any{
		"cuInit": &d.Init, "cuDriverGetVersion": &d.DriverGetVersion,
		"cuGetErrorName": &d.GetErrorName, "cuGetErrorString": &d.GetErrorString,
		"cuDeviceGetCount": &d.DeviceGetCount, "cuDeviceGet": &d.DeviceGet, "cuDeviceGetName": &d.DeviceGetName,
		"cuDeviceTotalMem_v2": &d.DeviceTotalMem, "cuDeviceGetAttribute": &d.DeviceGetAttr,
		"cuDeviceGetPCIBusId": &d.DeviceGetPCIBusID,
		"cuCtxCreate_v2":      &d.CtxCreate, "cuCtxDestroy_v2": &d.CtxDestroy,
		"cuCtxPushCurrent_v2": &d.CtxPush, "cuCtxPopCurrent_v2": &d.CtxPop,
		"cuMemGetInfo_v2": &d.MemGetInfo, "cuMemAlloc_v2": &d.MemAlloc, "cuMemFree_v2": &d.MemFree,
		"cuMemcpyHtoDAsync_v2": &d.CopyToDevice, "cuMemcpyDtoHAsync_v2": &d.CopyToHost,
		"cuStreamCreate": &d.StreamCreate, "cuStreamDestroy_v2": &d.StreamDestroy, "cuStreamSynchronize": &d.StreamSync,
		"cuModuleLoadDataEx": &d.ModuleLoad, "cuModuleGetFunction": &d.ModuleGetFunction, "cuModuleUnload": &d.ModuleUnload,
		"cuLaunchKernel": &d.LaunchKernel,
	}
}

// load loads the driver's library and starts it. The errors that it returns
// are gpu.ErrNoDriver too.
func load(name string) (*driver, error) {
	library, err := openLibrary(name)
	if err != nil {
		return nil, unusable("NVIDIA's driver library cannot be loaded", err)
	}
	d := &driver{}
	for symbol, function := range d.functions() {
		address, err := findSymbol(library, symbol)
		if err != nil {
			return nil, unusable("NVIDIA's driver is too old, or broken", err)
		}
		purego.RegisterFunc(function, address)
	}
	if err := d.check("cuInit", d.Init(0)); err != nil {
		return nil, unusable("NVIDIA's driver does not start", err)
	}
	return d, nil
}

// unusable is an error that leaves a machine without CUDA devices.
func unusable(what string, why error) error {
	return fmt.Errorf("CUDA: %s: %w: %w", what, why, gpu.ErrNoDriver)
}

// check makes an error of what a function returned.
func (d *driver) check(call string, code int32) error {
	if code == codeOK {
		return nil
	}
	e := &Error{Code: int(code), Call: call}
	var text *byte
	if d.GetErrorName(code, &text) == codeOK && text != nil {
		e.Name = goString(text)
	}
	text = nil
	if d.GetErrorString(code, &text) == codeOK && text != nil {
		e.Text = goString(text)
	}
	return e
}

// goString copies a text of C.
func goString(text *byte) string {
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(text), n)) != 0 {
		n++
	}
	return string(unsafe.Slice(text, n))
}

// lost reports whether an error has broken the context that it came from: all
// further calls fail.
func lost(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	sticky := e.Code >= codeFirstStickyFault && e.Code <= codeLastStickyFault && e.Code != codeLaunchOutOfMeans
	return sticky || e.Code == codeECCUncorrectable || e.Code == codeUnknown
}
