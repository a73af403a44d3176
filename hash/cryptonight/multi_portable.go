//go:build !amd64 || purego

package cryptonight

import (
	"fmt"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/internal/cpufeature"
)

// MaxLanes is how many hashes one Hasher can work on at once.
const MaxLanes = 1

// NewLanes always fails: this build has portable code only.
func NewLanes(a *hash.Algorithm, level cpufeature.Level, _ int) (hash.Hasher, error) {
	return nil, fmt.Errorf("hashing %s with %s: this build has portable code only", a.Name, level.Name)
}

// NewJIT always fails, like NewLanes.
func NewJIT(a *hash.Algorithm, level cpufeature.Level, lanes int) (hash.Hasher, error) {
	return NewLanes(a, level, lanes)
}

// JITImpl is the name of what NewJIT would return.
func JITImpl(level cpufeature.Level) string { return "jit-" + level.Name }

// JITMissing says why NewJIT does not work.
func JITMissing() string { return "this build has portable code only" }

// UsedFeatures returns none.
func UsedFeatures(*hash.Algorithm, cpufeature.Features) cpufeature.Features { return 0 }
