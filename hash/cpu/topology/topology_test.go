package topology

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestArrangeTakesOneOfEachCoreFirst(t *testing.T) {
	for _, c := range []struct {
		allowed []int
		core    map[int]string
		want    []int
		cores   int
	}{
		{[]int{0, 1, 2, 3}, map[int]string{0: "0-1", 1: "0-1", 2: "2-3", 3: "2-3"}, []int{0, 2, 1, 3}, 2},
		{[]int{0, 1, 2, 3}, map[int]string{0: "0,2", 1: "1,3", 2: "0,2", 3: "1,3"}, []int{0, 1, 2, 3}, 2},
		{[]int{4, 6, 7}, nil, []int{4, 6, 7}, 3},
		{[]int{5, 6}, map[int]string{5: "1,5", 6: "2,6"}, []int{5, 6}, 2}, // the siblings are not ours
	} {
		got := arrange(c.allowed, func(p int) string { return c.core[p] })
		require.Equal(t, c.want, got.Processors)
		require.Equal(t, c.cores, got.Cores)
	}
}

func TestSiblings(t *testing.T) {
	folder := t.TempDir()
	for i, list := range []string{"0,2", "1,3", "0,2"} {
		dir := filepath.Join(folder, "cpu"+strconv.Itoa(i), "topology")
		require.NoError(t, os.MkdirAll(dir, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "thread_siblings_list"), []byte(list+"\n"), 0o600))
	}
	core := siblings(folder)
	require.Equal(t, core(0), core(2))
	require.NotEqual(t, core(0), core(1))
	require.Empty(t, core(9))
}

func TestDetectAndPin(t *testing.T) {
	got := Detect()
	require.NotEmpty(t, got.Processors)
	require.Positive(t, got.Cores)
	require.LessOrEqual(t, got.Cores, len(got.Processors))
	if runtime.GOOS != "linux" {
		return
	}
	done := make(chan []int)
	go func() {
		runtime.LockOSThread() // and never unlock: the thread ends with its pinning
		p := got.Processors[len(got.Processors)-1]
		if Pin(p) != nil {
			done <- nil
			return
		}
		done <- allowed()
	}()
	require.Equal(t, got.Processors[len(got.Processors)-1:], <-done)
	require.Error(t, Pin(1<<20))
}
