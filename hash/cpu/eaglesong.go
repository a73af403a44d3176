package cpu

import (
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/eaglesong"
)

// eaglesongImplementations lists the kernels, each of which has a fixed number
// of lanes.
func eaglesongImplementations(a *hash.Algorithm) (list []Implementation) {
	for _, k := range eaglesong.Kernels() {
		reason := unavailable(k.Needs)
		list = append(list, Implementation{
			Name:         k.Name,
			Available:    reason == "",
			Reason:       reason,
			Lanes:        []int{k.Lanes},
			DefaultLanes: k.Lanes,
			Make:         func(int) (hash.Hasher, error) { return k.NewHasher(a) },
			midstate:     k.NewSearch,
		})
	}
	return list
}
