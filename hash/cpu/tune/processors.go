package tune

import (
	"runtime"

	"github.com/aditmine/adit/hash/cpu/topology"
)

// Processors are the numbers of threads worth trying: as many as this process
// may use processors, and, where several of those share a core, one for each
// core.
func Processors() []int {
	all := runtime.GOMAXPROCS(0)
	if cores := topology.Detect().Cores; cores < all {
		return []int{all, cores}
	}
	return []int{all}
}
