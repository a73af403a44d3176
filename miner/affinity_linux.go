package miner

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// PinThread ties the calling thread to one logical processor. The caller has
// locked its goroutine to the thread.
func PinThread(cpu int) error {
	var set unix.CPUSet
	set.Set(cpu)
	if set.Count() == 0 {
		return fmt.Errorf("processor %d: out of range", cpu)
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("processor %d: %w", cpu, err)
	}
	return nil
}
