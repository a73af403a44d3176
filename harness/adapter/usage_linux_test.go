package adapter

import (
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseStat(t *testing.T) {
	p, err := parseStat("42 (a) b (c) S 7 42 42 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 9 0 1000 100000 25 1844")
	require.NoError(t, err)
	require.Equal(t, process{id: 42, parent: 7, cpu: 2 * time.Second, threads: 9, memory: 25 * uint64(os.Getpagesize())}, p)
	for _, bad := range []string{"", "42", "42 (a) S 1", "x (a) S 7 42 42 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 9 0 1000 100000 25 1844"} {
		_, err := parseStat(bad)
		require.Error(t, err, bad)
	}
}

// TestListenersAreFound looks for two ports of this very process.
func TestListenersAreFound(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		ln, err := net.Listen("tcp", at)
		if err != nil {
			t.Logf("%s: %v", at, err)
			continue
		}
		defer ln.Close()
		found := false
		for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
			text, err := os.ReadFile(table)
			if err == nil && sockets(os.Getpid())[listeners(string(text))[ln.Addr().String()]] {
				found = true
			}
		}
		require.True(t, found, ln.Addr())
	}
}
