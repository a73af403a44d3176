// Package opencl searches with OpenCL devices. It is built with the tag opencl
// and with cgo, against the ICD loader's libOpenCL; other builds have a stub
// that knows no devices. A binary built with it does not start where that
// library is missing, which is why the tag is not on by default.
//
// The binding is github.com/jgillich/go-opencl. What it does wrong, or lacks,
// is worked around in file binding.go: its Flush waits for all work; it panics
// on empty slices; its finalizers do not keep objects alive during calls.
// Transfers are blocking, so that drivers never keep a Go pointer.
//
// It is a binding only: the search itself is in gpu/internal/engine. It imports
// gpu, gpu/internal and hash; cmd uses it.
package opencl

// Backend is the name under which devices appear.
const Backend = "opencl"
