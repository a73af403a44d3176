package cpu_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// TestHashingDoesNotBlockTheRuntime checks that garbage collections go through
// while one long call of Hash runs. Assembly cannot be preempted: were it one
// piece, a collection would wait for its end.
func TestHashingDoesNotBlockTheRuntime(t *testing.T) {
	if slow || runtime.GOMAXPROCS(0) < 2 {
		t.Skip("needs a second processor, and time")
	}
	for _, name := range []string{"cn/xao", "cn/r"} {
		t.Run(name, func(t *testing.T) {
			a, err := hash.Lookup(name)
			require.NoError(t, err)
			impl, err := cpu.Best(a)
			require.NoError(t, err)
			if impl.Name == "generic" {
				t.Skip("no assembly at this level: the runtime preempts Go code anywhere")
			}
			h, err := impl.New(8)
			require.NoError(t, err)
			collections, longest := collectDuring(t, h)
			require.NoError(t, h.Close())
			t.Logf("%d collections during one call, the longest took %v", collections, longest)
			require.Greater(t, collections, 8)
		})
	}
}

// collectDuring collects garbage for as long as one call of Hash runs.
func collectDuring(t *testing.T, h hash.Hasher) (collections int, longest time.Duration) {
	t.Helper()
	in, out := make([]hash.Input, h.Lanes()), make([]hash.Digest, h.Lanes())
	for i := range in {
		in[i] = hash.Input{Blob: make([]byte, 76), Height: 1806260}
	}
	started, ended := make(chan struct{}), make(chan error)
	go func() {
		close(started)
		ended <- h.Hash(out, in)
	}()
	<-started
	for {
		select {
		case err := <-ended:
			require.NoError(t, err)
			return collections, longest
		default:
		}
		begun := time.Now()
		runtime.GC()
		longest = max(longest, time.Since(begun))
		collections++
	}
}
