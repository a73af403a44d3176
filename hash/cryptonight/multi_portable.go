//go:build !amd64 || purego

package cryptonight

import (
	"fmt"

	"github.com/aditmine/adit/hash"
)

// ImplAES is the name of the implementation that NewLanes returns where there
// is one.
const ImplAES = "aes"

// MaxLanes is how many hashes one Hasher can work on at once.
const MaxLanes = 1

// LanesMissing says why NewLanes does not work in this build.
func LanesMissing() string { return "needs a build for amd64 with assembly" }

// NewLanes always fails: this build has portable code only.
func NewLanes(a *hash.Algorithm, _ int) (hash.Hasher, error) {
	return nil, fmt.Errorf("hashing %s with several lanes: %s", a.Name, LanesMissing())
}
