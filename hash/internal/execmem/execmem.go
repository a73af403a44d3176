// Package execmem holds machine code that was made at run time, in memory that
// is never writable and executable at once: it is filled first, and made
// executable and read-only before anything runs.
//
// It imports nothing of adit and serves the packages below hash only.
package execmem

import "errors"

// ErrUnsupported says that there is no way to run new code on this system.
var ErrUnsupported = errors.New("running code made at run time is only supported on Linux")

// Code is a piece of executable memory.
type Code struct {
	memory []byte
}

// Entry is the address of an offset in the code. It is valid until Close.
func (c *Code) Entry(offset int) uintptr { return address(c.memory[offset:]) }

// Size is the memory that the code takes, in bytes.
func (c *Code) Size() int { return len(c.memory) }
