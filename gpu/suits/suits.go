// Package suits tells which algorithms a device can search, without opening it.
//
// It imports gpu, gpu/internal and hash; cmd uses it.
package suits

import (
	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/gpu/internal/engine"
	"github.com/aditmine/adit/hash"
)

// Check says why a device cannot search an algorithm with its default options;
// nil where it can, as long as nobody else uses its memory.
func Check(d *gpu.Device, a *hash.Algorithm) error { return engine.Suits(d, a) }
