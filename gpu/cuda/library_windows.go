//go:build !nocuda && amd64

package cuda

import "golang.org/x/sys/windows"

// libraryName is that of the driver's library, in the system's folder.
const libraryName = "nvcuda.dll"

// openLibrary loads a library. It is never unloaded: the driver keeps threads.
func openLibrary(name string) (uintptr, error) {
	handle, err := windows.LoadLibraryEx(name, 0, windows.LOAD_LIBRARY_SEARCH_SYSTEM32)
	return uintptr(handle), err
}

// findSymbol is the address of a function of a library.
func findSymbol(library uintptr, name string) (uintptr, error) {
	return windows.GetProcAddress(windows.Handle(library), name)
}
