package eaglesong

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// The assembly counts on this layout.
func TestContextLayout(t *testing.T) {
	var c kernelContext
	require.Equal(t, uintptr(0), unsafe.Offsetof(c.start))
	require.Equal(t, uintptr(1024), unsafe.Offsetof(c.state))
	require.Equal(t, uintptr(2048), unsafe.Offsetof(c.spill))
	require.Equal(t, uintptr(2560), unsafe.Offsetof(c.first))
	require.Equal(t, uintptr(2624), unsafe.Offsetof(c.counters))
	require.Equal(t, uintptr(2688), unsafe.Offsetof(c.stride))
	require.Equal(t, uintptr(2692), unsafe.Offsetof(c.limit))
	require.Equal(t, uintptr(2696), unsafe.Offsetof(c.word))
	require.Equal(t, uintptr(2704), unsafe.Offsetof(c.batches))
	require.Equal(t, uintptr(2712), unsafe.Offsetof(c.hits))
}
