//go:build !linux

package execmem

// New always fails here: ErrUnsupported.
func New([]byte) (*Code, error) { return nil, ErrUnsupported }

// Close does nothing.
func (c *Code) Close() error { return nil }

func address([]byte) uintptr { return 0 }
