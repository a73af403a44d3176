package cpu

import (
	"slices"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cryptonight"
	"github.com/aditmine/adit/hash/internal/cpufeature"
)

// cryptoNightImplementations lists the levels of the assembly, the highest
// first, and the portable code. A level that would run the same code as a
// lower one on this machine is left out. Algorithms with a program are
// compiled at each level; only where that is not possible are they left to an
// interpreter at its side.
func cryptoNightImplementations(a *hash.Algorithm) []Implementation {
	list := []Implementation{{
		Name:         cryptonight.Impl,
		Available:    true,
		Lanes:        []int{1},
		DefaultLanes: 1,
		Make:         func(int) (hash.Hasher, error) { return cryptonight.New(a) },
	}}
	missing := ""
	if a.NeedsHeight {
		missing = cryptonight.JITMissing()
	}
	if !a.NeedsHeight || missing != "" {
		list = append(list, cryptoNightLevels(a, cryptoNightLanes)...)
	}
	if a.NeedsHeight {
		compiled := cryptoNightLevels(a, cryptoNightJIT)
		for i := range compiled {
			if missing != "" && compiled[i].Available {
				compiled[i].Available, compiled[i].Reason = false, missing
			}
		}
		list = append(list, compiled...)
	}
	slices.Reverse(list)
	return list
}

// cryptoNightLevels lists what describe makes of each level, the lowest first.
func cryptoNightLevels(
	a *hash.Algorithm, describe func(*hash.Algorithm, cpufeature.Level) Implementation,
) (list []Implementation) {
	used := cpufeature.Features(0)
	for _, level := range cpufeature.Levels()[1:] {
		impl := describe(a, level)
		if impl.Available {
			now := cryptonight.UsedFeatures(a, cpufeature.Detect()&level.May)
			if now == used {
				continue
			}
			used = now
		}
		list = append(list, impl)
	}
	return list
}

// cryptoNightLanes is one level of the assembly, which does several hashes at
// once.
func cryptoNightLanes(a *hash.Algorithm, level cpufeature.Level) Implementation {
	reason := unavailable(level.Needs)
	most := cryptonight.UsefulLanes(a)
	return Implementation{
		Name:         level.Name,
		Available:    reason == "",
		Reason:       reason,
		Lanes:        upTo(most),
		DefaultLanes: min(cryptoNightDefault(a), most),
		Make:         func(lanes int) (hash.Hasher, error) { return cryptonight.NewLanes(a, level, lanes) },
	}
}

// cryptoNightJIT is the same with a main loop that is compiled at run time.
func cryptoNightJIT(a *hash.Algorithm, level cpufeature.Level) Implementation {
	impl := cryptoNightLanes(a, level)
	impl.Name = cryptonight.JITImpl(level)
	impl.Make = func(lanes int) (hash.Hasher, error) { return cryptonight.NewJIT(a, level, lanes) }
	return impl
}

// upTo lists the numbers from 1 to n.
func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i + 1
	}
	return all
}

// cryptoNightDefault is a number of lanes that does well on most machines. Pads
// of up to 1 MiB are best kept in the caches nearest to the core. Larger ones
// are not in them anyway: then the more accesses are under way, the better. It
// is a multiple of the four lanes that some loops work on together.
func cryptoNightDefault(a *hash.Algorithm) int {
	if a.Scratchpad > 1<<20 {
		return 12
	}
	return 8
}
