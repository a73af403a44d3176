//go:build !opencl || !cgo

package opencl

import (
	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/hash"
)

// Devices knows none in this build.
func Devices() ([]gpu.Device, error) { return nil, gpu.ErrNotBuilt }

// NewSearcher fails in this build.
func NewSearcher(int, gpu.Options) (hash.Searcher, error) { return nil, gpu.ErrNotBuilt }
