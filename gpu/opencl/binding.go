//go:build opencl && cgo

package opencl

/*
#cgo CFLAGS: -DCL_TARGET_OPENCL_VERSION=120
#cgo pkg-config: OpenCL
#include <CL/cl.h>
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unsafe"

	"github.com/jgillich/go-opencl/cl"
)

// words is the size in bytes of n 32-bit words.
func words(n int) int { return 4 * n }

// submit hands a queue's commands to the device without waiting for them,
// which the binding's Flush does. It reads the handle that is the first field
// of the binding's queue.
func submit(q *cl.CommandQueue) error {
	handle := *(*C.cl_command_queue)(unsafe.Pointer(q))
	status := C.clFlush(handle)
	runtime.KeepAlive(q)
	if status != C.CL_SUCCESS {
		return fmt.Errorf("clFlush: error %d", int(status))
	}
	return nil
}

// launch enqueues a kernel over items work-items in groups of a size.
func launch(q *cl.CommandQueue, k *cl.Kernel, items, group int) error {
	event, err := q.EnqueueNDRangeKernel(k, nil, []int{items}, []int{group}, nil)
	runtime.KeepAlive(k)
	if err != nil {
		return err // the event has no handle then
	}
	event.Release()
	return nil
}

// write copies words to a buffer and waits for that.
func write(q *cl.CommandQueue, buffer *cl.MemObject, data []uint32) error {
	event, err := q.EnqueueWriteBuffer(buffer, true, 0, words(len(data)), unsafe.Pointer(unsafe.SliceData(data)), nil)
	runtime.KeepAlive(buffer)
	if err != nil {
		return err
	}
	event.Release()
	return nil
}

// read copies words from a buffer, after all that its queue was given.
func read(q *cl.CommandQueue, buffer *cl.MemObject, data []uint32) error {
	event, err := q.EnqueueReadBuffer(buffer, true, 0, words(len(data)), unsafe.Pointer(unsafe.SliceData(data)), nil)
	runtime.KeepAlive(buffer)
	if err != nil {
		return err
	}
	event.Release()
	return nil
}

// buildOptions are what the driver's compiler is told.
const buildOptions = "-cl-std=CL1.2"

// build compiles a program for the only device of a context.
func build(ctx *cl.Context, device *cl.Device, source string) (*cl.Program, error) {
	program, err := ctx.CreateProgramWithSource([]string{source})
	if err != nil {
		return nil, err
	}
	err = program.BuildProgram([]*cl.Device{device}, buildOptions)
	var failure cl.BuildError
	switch {
	case errors.As(err, &failure):
		program.Release()
		return nil, fmt.Errorf("the driver's compiler says: %s", firstLines(string(failure), 5))
	case err != nil:
		program.Release()
		return nil, err
	}
	return program, nil
}

// firstLines cuts a compiler's output down to what a person reads.
func firstLines(text string, n int) string {
	lines := strings.Split(strings.Trim(text, "\x00\n "), "\n")
	if len(lines) > n {
		lines = append(lines[:n], fmt.Sprintf("... and %d lines more", len(lines)-n))
	}
	return strings.Join(lines, "\n")
}

// noDriver reports whether an error means that there is nothing to use.
func noDriver(err error) bool {
	const platformNotFound = -1001 // CL_PLATFORM_NOT_FOUND_KHR: no ICD is installed
	return errors.Is(err, cl.ErrDeviceNotFound) || errors.Is(err, cl.ErrOther(platformNotFound))
}
