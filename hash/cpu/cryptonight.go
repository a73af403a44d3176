package cpu

import (
	"slices"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cryptonight"
	"github.com/aditmine/adit/hash/internal/cpufeature"
)

// cryptoNightImplementations lists the levels of the assembly, the highest
// first, and the portable code. A level that would run the same code as a
// lower one on this machine is left out.
func cryptoNightImplementations(a *hash.Algorithm) []Implementation {
	list := []Implementation{{
		Name:         cryptonight.Impl,
		Available:    true,
		Lanes:        []int{1},
		DefaultLanes: 1,
		Make:         func(int) (hash.Hasher, error) { return cryptonight.New(a) },
	}}
	used := cpufeature.Features(0)
	for _, level := range cpufeature.Levels()[1:] {
		impl := cryptoNightLanes(a, level)
		if impl.Available {
			now := cryptonight.UsedFeatures(cpufeature.Detect() & level.May)
			if now == used {
				continue
			}
			used = now
		}
		list = append(list, impl)
	}
	slices.Reverse(list)
	return list
}

// cryptoNightLanes is one level of the assembly, which does several hashes at
// once.
func cryptoNightLanes(a *hash.Algorithm, level cpufeature.Level) Implementation {
	reason := unavailable(level.Needs)
	return Implementation{
		Name:         level.Name,
		Available:    reason == "",
		Reason:       reason,
		Lanes:        upTo(cryptonight.MaxLanes),
		DefaultLanes: min(cryptoNightDefault(a), cryptonight.MaxLanes),
		Make:         func(lanes int) (hash.Hasher, error) { return cryptonight.NewLanes(a, level, lanes) },
	}
}

// upTo lists the numbers from 1 to n.
func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i + 1
	}
	return all
}

// cryptoNightDefault is a number of lanes that does well on most machines.
func cryptoNightDefault(a *hash.Algorithm) int {
	if a.Name == "cn/r" {
		return 1
	}
	return 8
}
