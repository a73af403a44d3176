//go:build !linux

package topology

import "errors"

// allowed knows nothing here.
func allowed() []int { return nil }

// Pin is only built for Linux.
func Pin(int) error { return errors.New("pinning threads works on Linux only") }
