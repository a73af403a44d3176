package execmem

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// New copies code into executable memory. A system may be set up to refuse
// that, for example by SELinux, PaX or a filter of system calls.
func New(code []byte) (*Code, error) {
	if len(code) == 0 {
		return nil, errors.New("making code executable: there is none")
	}
	page := os.Getpagesize()
	size := (len(code) + page - 1) / page * page
	memory, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, fmt.Errorf("mapping %d bytes for code: %w", size, err)
	}
	copy(memory, code)
	if err := unix.Mprotect(memory, unix.PROT_READ|unix.PROT_EXEC); err != nil {
		return nil, errors.Join(fmt.Errorf("making memory executable, which this system may forbid: %w", err), unix.Munmap(memory))
	}
	return &Code{memory: memory}, nil
}

// Close gives the memory back. Nothing may be running in it, or run it later.
// Closing again does nothing.
func (c *Code) Close() error {
	memory := c.memory
	if memory == nil {
		return nil
	}
	c.memory = nil
	if err := unix.Munmap(memory); err != nil {
		return fmt.Errorf("unmapping code: %w", err)
	}
	return nil
}

func address(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }
