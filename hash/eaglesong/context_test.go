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
	require.Equal(t, uintptr(1536), unsafe.Offsetof(c.messages))
	require.Equal(t, uintptr(2304), unsafe.Offsetof(c.digests))
	require.Equal(t, uintptr(2816), unsafe.Offsetof(c.middle))
	require.Equal(t, uintptr(2880), unsafe.Offsetof(c.first))
	require.Equal(t, uintptr(2944), unsafe.Offsetof(c.counters))
	require.Equal(t, uintptr(3008), unsafe.Offsetof(c.stride))
	require.Equal(t, uintptr(3012), unsafe.Offsetof(c.limit))
	require.Equal(t, uintptr(3016), unsafe.Offsetof(c.word))
	require.Equal(t, uintptr(3024), unsafe.Offsetof(c.batches))
	require.Equal(t, uintptr(3032), unsafe.Offsetof(c.hits))
}
