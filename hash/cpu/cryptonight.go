package cpu

import (
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cryptonight"
)

// cryptoNightLanes is the assembly for several lanes.
func cryptoNightLanes(a *hash.Algorithm) Implementation {
	reason := unavailable(cryptonight.LanesNeed)
	return Implementation{
		Name:         cryptonight.ImplAES,
		Available:    reason == "",
		Reason:       reason,
		Lanes:        upTo(cryptonight.MaxLanes),
		DefaultLanes: min(cryptoNightDefault(a), cryptonight.MaxLanes),
		Make:         func(lanes int) (hash.Hasher, error) { return cryptonight.NewLanes(a, lanes) },
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
