//go:build opencl && cgo

package opencl

/*
#include <stdlib.h>
#include <CL/cl.h>

static cl_int adit_program_size(cl_program p, size_t *size) {
	cl_uint devices = 0;
	cl_int status = clGetProgramInfo(p, CL_PROGRAM_NUM_DEVICES, sizeof devices, &devices, NULL);
	if (status == CL_SUCCESS && devices != 1)
		return CL_INVALID_VALUE;
	return status != CL_SUCCESS ? status : clGetProgramInfo(p, CL_PROGRAM_BINARY_SIZES, sizeof *size, size, NULL);
}

static cl_int adit_program_binary(cl_program p, unsigned char *binary) {
	return clGetProgramInfo(p, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL);
}

static cl_program adit_program_load(cl_context c, cl_device_id d, const unsigned char *binary, size_t size, const char *options, cl_int *status) {
	cl_int loaded = CL_SUCCESS;
	cl_program p = clCreateProgramWithBinary(c, 1, &d, &size, &binary, &loaded, status);
	if (*status == CL_SUCCESS)
		*status = loaded != CL_SUCCESS ? loaded : clBuildProgram(p, 1, &d, options, NULL, NULL);
	if (*status != CL_SUCCESS && p != NULL) {
		clReleaseProgram(p);
		p = NULL;
	}
	return p;
}
*/
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/jgillich/go-opencl/cl"

	"github.com/aditmine/adit/gpu/internal/kernelcache"
)

// The binding has no program binaries: these functions use the handles that are
// the first fields of its objects.

// cachedBuild is build with a cache, which may be nil. A program that was kept
// and that the driver refuses is compiled again.
func cachedBuild(cache *kernelcache.Cache, ctx *cl.Context, device *cl.Device, source string) (*cl.Program, error) {
	key := kernelcache.Key(device.Name(), device.Vendor(), device.Version(), device.DriverVersion(), buildOptions, source)
	if binary, ok := cache.Get(key); ok {
		if program, err := load(ctx, device, binary); err == nil {
			return program, nil
		}
		cache.Drop(key)
	}
	program, err := build(ctx, device, source)
	if err != nil {
		return nil, err
	}
	if binary, err := binaryOf(program); err == nil {
		_ = cache.Put(key, binary) // it costs the time to compile, no more
	}
	return program, nil
}

// binaryOf is what the driver compiled a program to, for its only device.
func binaryOf(program *cl.Program) ([]byte, error) {
	defer runtime.KeepAlive(program)
	handle := *(*C.cl_program)(unsafe.Pointer(program))
	var size C.size_t
	if status := C.adit_program_size(handle, &size); status != C.CL_SUCCESS || size == 0 {
		return nil, fmt.Errorf("asking for a program's size: error %d, %d bytes", int(status), int(size))
	}
	binary := C.malloc(size) // not Go's: the driver is handed a pointer to the pointer
	defer C.free(binary)
	if status := C.adit_program_binary(handle, (*C.uchar)(binary)); status != C.CL_SUCCESS {
		return nil, fmt.Errorf("asking for a program: error %d", int(status))
	}
	return C.GoBytes(binary, C.int(size)), nil
}

// load makes a program of a binary. The binding makes programs of sources only:
// one of an empty source is given the handle of another.
func load(ctx *cl.Context, device *cl.Device, binary []byte) (*cl.Program, error) {
	program, err := ctx.CreateProgramWithSource([]string{"\n"})
	if err != nil {
		return nil, err
	}
	data, options := C.CBytes(binary), C.CString(buildOptions)
	defer C.free(data)
	defer C.free(unsafe.Pointer(options))
	var status C.cl_int
	handle := C.adit_program_load(*(*C.cl_context)(unsafe.Pointer(ctx)), *(*C.cl_device_id)(unsafe.Pointer(device)),
		(*C.uchar)(data), C.size_t(len(binary)), options, &status)
	runtime.KeepAlive(ctx)
	runtime.KeepAlive(device)
	if handle == nil {
		program.Release()
		return nil, fmt.Errorf("loading a compiled program: error %d", int(status))
	}
	inner := (*C.cl_program)(unsafe.Pointer(program))
	C.clReleaseProgram(*inner)
	*inner = handle
	return program, nil
}
