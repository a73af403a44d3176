package execmem

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// permissions returns what may be done with the memory at an address, such as
// "r-xp", and "" where there is none.
func permissions(t *testing.T, at uintptr) string {
	t.Helper()
	f, err := os.Open("/proc/self/maps")
	require.NoError(t, err)
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var begin, end uintptr
		var may string
		n, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &begin, &end, &may)
		require.NoError(t, err)
		require.Equal(t, 3, n)
		if begin <= at && at < end {
			return may
		}
	}
	return ""
}

func TestCodeIsNotWritable(t *testing.T) {
	code := []byte(strings.Repeat("\xC3", 5000))
	c, err := New(code)
	if err != nil {
		t.Skipf("this system forbids it: %v", err)
	}
	require.GreaterOrEqual(t, c.Size(), len(code))
	require.Equal(t, code, c.memory[:len(code)])
	entry := c.Entry(4999)
	require.Equal(t, c.Entry(0)+4999, entry)
	require.Equal(t, "r-xp", permissions(t, entry))

	require.NoError(t, c.Close())
	require.NotEqual(t, "r-xp", permissions(t, entry), "closed")
	require.NoError(t, c.Close(), "closing again")
	require.Zero(t, c.Size())
}

func TestNewRefusesNothing(t *testing.T) {
	_, err := New(nil)
	require.ErrorContains(t, err, "there is none")
}
