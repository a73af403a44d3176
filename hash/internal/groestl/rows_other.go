//go:build !amd64 || purego

package groestl

import "github.com/aditmine/adit/hash/internal/cpufeature"

// For returns Sum256: this build has no assembly.
func For(cpufeature.Features) func([]byte) [Size]byte { return Sum256 }
