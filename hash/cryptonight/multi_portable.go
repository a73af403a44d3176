//go:build !amd64 || purego

package cryptonight

import (
	"fmt"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/internal/cpufeature"
)

// ImplAES is the name of the implementation that NewLanes returns where there
// is one.
const ImplAES = "aes"

// MaxLanes is how many hashes one Hasher can work on at once.
const MaxLanes = 1

// LanesNeed is a feature that this build never detects.
const LanesNeed = cpufeature.AES

// NewLanes always fails: this build has portable code only.
func NewLanes(a *hash.Algorithm, _ int) (hash.Hasher, error) {
	return nil, fmt.Errorf("hashing %s with several lanes: this build has portable code only", a.Name)
}
