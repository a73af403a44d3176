//go:build !nocuda && (amd64 || arm64)

package cuda

import (
	"runtime"

	"github.com/ebitengine/purego"
)

// libraryName is that of the driver's library, which its packages install.
const libraryName = "libcuda.so.1"

// openLibrary loads a library. It is never unloaded: the driver keeps threads.
// The system keeps the reason of a failure for the thread that failed.
func openLibrary(name string) (uintptr, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_LOCAL)
}

// findSymbol is the address of a function of a library.
func findSymbol(library uintptr, name string) (uintptr, error) { return purego.Dlsym(library, name) }
