//go:build !linux || !cgo

package nvml

import (
	"fmt"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/gpu/telemetry"
)

// Open fails: NVML takes cgo and Linux.
func Open() (telemetry.Source, error) {
	return nil, fmt.Errorf("NVML: %w: it takes Linux and a build with cgo (CGO_ENABLED=1)", gpu.ErrNotBuilt)
}
