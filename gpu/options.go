package gpu

import (
	"fmt"
	"math/bits"
)

// MaxWorkSize is the greatest Options.WorkSize.
const MaxWorkSize = 256

// Options are what can be tuned, or a user can set, for a device. The zero
// value is the default.
type Options struct {
	// Intensity is how many nonces a batch has; two batches are under way at a
	// time. It is rounded down to whole groups. By default a batch of a
	// CryptoNight algorithm has as many as the memory allows and pay, and one of
	// Eaglesong takes about 20 ms.
	Intensity int
	// WorkSize is how many work-items (threads, in CUDA's words) make a group in
	// the kernels where that is free: a power of two of at most MaxWorkSize.
	WorkSize int
	// Unroll is how many turns of CryptoNight's main loop the compiler writes
	// out at once: 1, 2, 4 or 8. Only OpenCL compiles on this machine: for CUDA
	// it means nothing.
	Unroll int
	// Leave is how many bytes of the device's memory are left to others, such as
	// the desktop; by default 256 MiB.
	Leave uint64
}

// defaultLeave is Options.Leave when it is not given.
const defaultLeave = 256 << 20

// Check returns the first thing that is wrong with the options, for people.
func (o *Options) Check() error {
	switch {
	case o.Intensity < 0:
		return fmt.Errorf("intensity %d: it is a number of nonces, or 0 for the default", o.Intensity)
	case o.WorkSize < 0 || o.WorkSize > MaxWorkSize || bits.OnesCount(uint(o.WorkSize)) > 1:
		return fmt.Errorf("work size %d: it is a power of two up to %d, or 0 for the default", o.WorkSize, MaxWorkSize)
	case o.Unroll < 0 || o.Unroll > 8 || bits.OnesCount(uint(o.Unroll)) > 1:
		return fmt.Errorf("unroll %d: it is 1, 2, 4 or 8, or 0 for the default", o.Unroll)
	}
	return nil
}

// Left is how many bytes of memory are to be left to others.
func (o *Options) Left() uint64 {
	if o.Leave == 0 {
		return defaultLeave
	}
	return o.Leave
}
