//go:build !linux

package execmem

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnsupported(t *testing.T) {
	_, err := New([]byte{0xC3})
	require.ErrorIs(t, err, ErrUnsupported)
}
