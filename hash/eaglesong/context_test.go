package eaglesong

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// The assembly counts on this layout.
func TestContextLayout(t *testing.T) {
	var c kernelContext
	require.Equal(t, uintptr(0), unsafe.Offsetof(c.state))
	require.Equal(t, uintptr(1024), unsafe.Offsetof(c.spill))
	require.Equal(t, uintptr(1536), unsafe.Offsetof(c.first))
	require.Equal(t, uintptr(1600), unsafe.Offsetof(c.counters))
	require.Equal(t, uintptr(1664), unsafe.Offsetof(c.stride))
	require.Equal(t, uintptr(1668), unsafe.Offsetof(c.limit))
	require.Equal(t, uintptr(1672), unsafe.Offsetof(c.word))
	require.Equal(t, uintptr(1680), unsafe.Offsetof(c.batches))
	require.Equal(t, uintptr(1688), unsafe.Offsetof(c.hits))
}
