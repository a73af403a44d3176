package cpu_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

func TestSearcherReportsItsMemory(t *testing.T) {
	s, err := cpu.NewSearcher(cpu.SearcherOptions{Lanes: func(*hash.Algorithm) int { return 2 }})
	require.NoError(t, err)
	require.Zero(t, s.Info().Memory, "no work yet")

	a, err := hash.Lookup("cn/upx2")
	require.NoError(t, err)
	work := &hash.Work{Algorithm: a, Blob: make([]byte, 76), NonceOffset: 39, NonceSize: 4}
	require.NoError(t, s.SetWork(work))
	info := s.Info()
	require.Equal(t, info.Lanes*a.Scratchpad, info.Memory.Bytes)

	require.NoError(t, s.Close())
	require.Zero(t, s.Info().Memory, "closed")
}
