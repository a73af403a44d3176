package pages

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAllocate(t *testing.T) {
	for _, size := range []int{1, 4096, 128 << 10, HugeSize, 3*HugeSize + 64} {
		m, err := Allocate(size)
		require.NoError(t, err)
		bytes := m.Bytes()
		require.Len(t, bytes, size)
		require.Zero(t, uintptr(m.Pointer())%64, "alignment")
		for i := range bytes {
			if bytes[i] != 0 {
				t.Fatalf("byte %d of %d is not zero", i, size)
			}
			bytes[i] = byte(i)
		}
		status := m.Status()
		require.Equal(t, size, status.Bytes)
		require.LessOrEqual(t, status.Huge, size)
		t.Logf("%d bytes: %v", size, status)

		require.NoError(t, m.Close())
		require.Nil(t, m.Bytes())
		require.Nil(t, m.Pointer())
		require.NoError(t, m.Close(), "closing again")
	}
}

func TestAllocateRefuses(t *testing.T) {
	for _, size := range []int{0, -1} {
		_, err := Allocate(size)
		require.ErrorContains(t, err, "makes no sense")
	}
}
