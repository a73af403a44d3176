package tune

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Processors are the numbers of threads worth trying: as many as this process
// may use processors, and, where several of those share a core, one for each
// core.
func Processors() []int {
	all := runtime.GOMAXPROCS(0)
	if cores := cores("/sys/devices/system/cpu"); cores > 0 && cores < all {
		return []int{all, cores}
	}
	return []int{all}
}

// cores counts the cores that the folder of the system's processors tells
// apart, 0 when it says nothing.
func cores(folder string) int {
	lists, err := filepath.Glob(filepath.Join(folder, "cpu[0-9]*", "topology", "thread_siblings_list"))
	if err != nil {
		return 0
	}
	seen := map[string]bool{}
	for _, name := range lists {
		text, err := os.ReadFile(name)
		if err != nil {
			return 0
		}
		seen[strings.TrimSpace(string(text))] = true
	}
	return len(seen)
}
