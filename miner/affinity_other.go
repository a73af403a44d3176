//go:build !linux

package miner

import (
	"errors"
	"fmt"
)

// PinThread ties the calling thread to one logical processor; this system
// offers no way that adit knows.
func PinThread(cpu int) error {
	return fmt.Errorf("processor %d: %w", cpu, errors.ErrUnsupported)
}
