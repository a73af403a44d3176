// Package topology says which logical processors a process may use and which
// of them share a core, and ties threads to them.
//
// It imports nothing of adit; package tune and cmd use it.
package topology

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Topology is the processors of a machine as one process may use them.
type Topology struct {
	// Processors are their numbers, one of every core before the second of any.
	Processors []int
	// Cores is how many cores they belong to.
	Cores int
	// Whole says that the process may keep all of them busy. When its time is
	// limited to less, threads are better left to the system.
	Whole bool
}

// Detect looks at the machine. On systems that do not tell, every processor is
// taken for a core and Whole is false.
func Detect() Topology {
	allowed := allowed()
	if len(allowed) == 0 {
		n := runtime.NumCPU()
		for i := range n {
			allowed = append(allowed, i)
		}
		return Topology{Processors: allowed, Cores: n}
	}
	t := arrange(allowed, siblings("/sys/devices/system/cpu"))
	t.Whole = runtime.GOMAXPROCS(0) >= len(allowed)
	return t
}

// arrange orders processors so that those of a core stand far from each other.
// core names a processor's core; "" stands for one of its own.
func arrange(allowed []int, core func(int) string) Topology {
	place := map[int]int{} // how many of its core come before it
	seen := map[string]int{}
	cores := 0
	for _, p := range allowed {
		name := core(p)
		if name == "" {
			name = "own " + strconv.Itoa(p)
		}
		place[p] = seen[name]
		seen[name]++
		if place[p] == 0 {
			cores++
		}
	}
	sorted := slices.Clone(allowed)
	slices.SortStableFunc(sorted, func(a, b int) int { return place[a] - place[b] })
	return Topology{Processors: sorted, Cores: cores}
}

// siblings reads the lists of processors that share a core from the system's
// folder of processors.
func siblings(folder string) func(int) string {
	return func(p int) string {
		name := filepath.Join(folder, "cpu"+strconv.Itoa(p), "topology", "thread_siblings_list")
		text, err := os.ReadFile(name)
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(text))
	}
}
