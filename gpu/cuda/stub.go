//go:build nocuda || !((linux && (amd64 || arm64)) || (windows && amd64))

package cuda

import (
	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/hash"
)

// Devices knows none in this build.
func Devices() ([]gpu.Device, error) { return nil, gpu.ErrNotBuilt }

// NewSearcher fails in this build.
func NewSearcher(int, gpu.Options) (hash.Searcher, error) { return nil, gpu.ErrNotBuilt }
