package cpu_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// resident is how many bytes of memory the process has.
func resident(t *testing.T) (bytes int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	for line := range strings.Lines(string(status)) {
		if value, found := strings.CutPrefix(line, "VmRSS:"); found {
			_, err := fmt.Sscanf(value, "%d kB", &bytes)
			require.NoError(t, err)
			return bytes << 10
		}
	}
	require.Fail(t, "no VmRSS in /proc/self/status")
	return 0
}

// TestSearcherReturnsItsMemory goes from one algorithm to another and back:
// scratchpads of the one before must not stay, nor anything after Close.
func TestSearcherReturnsItsMemory(t *testing.T) {
	const margin = 24 << 20
	before := resident(t)
	s, err := cpu.NewSearcher(cpu.SearcherOptions{Lanes: func(*hash.Algorithm) int { return 16 }})
	require.NoError(t, err)
	for range 4 {
		for _, name := range []string{"cn-heavy/0", "cn/0"} {
			a, err := hash.Lookup(name)
			require.NoError(t, err)
			work := &hash.Work{Algorithm: a, Blob: make([]byte, 76), NonceOffset: 39, NonceSize: 4}
			require.NoError(t, s.SetWork(work))
			pads := s.Info().Memory.Bytes
			require.Equal(t, s.Info().Lanes*a.Scratchpad, pads)
			require.Less(t, resident(t), before+pads+margin, name)
		}
	}
	require.NoError(t, s.Close())
	require.Less(t, resident(t), before+margin)
}
