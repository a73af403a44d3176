//go:build linux && cgo

package nvml

import (
	"errors"
	"fmt"

	lib "github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/gpu/telemetry"
)

// Open loads the driver's library. gpu.ErrNoDriver says that there is none.
func Open() (telemetry.Source, error) { return open(lib.New()) }

func open(l lib.Interface) (telemetry.Source, error) {
	if ret := l.Init(); ret != lib.SUCCESS {
		return nil, explainInit(ret)
	}
	s := &source{lib: l, has: symbols(l)}
	if err := s.enumerate(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// explainInit says why there is no NVML. It must not ask the library.
func explainInit(ret lib.Return) error {
	switch ret {
	case lib.ERROR_LIBRARY_NOT_FOUND:
		return fmt.Errorf("NVML: %w: libnvidia-ml.so.1 is not installed (NVIDIA's driver brings it)", gpu.ErrNoDriver)
	case lib.ERROR_DRIVER_NOT_LOADED:
		return fmt.Errorf("NVML: %w: NVIDIA's kernel module is not loaded", gpu.ErrNoDriver)
	case lib.ERROR_LIB_RM_VERSION_MISMATCH:
		return errors.New("NVML: the driver was updated but the old kernel module is still loaded: reboot")
	case lib.ERROR_NO_PERMISSION:
		return errors.New("NVML: no permission to use the driver: see who may open /dev/nvidiactl")
	}
	return fmt.Errorf("NVML does not start: error %d of the driver's", int(ret))
}

// symbols finds which of the functions that are used the library has.
func symbols(l lib.Interface) map[string]bool {
	has := map[string]bool{}
	check := func(name string) { has[name] = l.Extensions().LookupSymbol(name) == nil }
	for _, name := range []string{symDriver, symCount1, symCount2, symHandle1, symHandle2, symUUIDHandle, symName, symUUID, symVBIOS,
		symPCI1, symPCI2, symPCI3} {
		check(name)
	}
	for _, p := range probes() {
		check(p.symbol)
		if p.also != "" {
			check(p.also)
		}
	}
	return has
}

// Functions by which cards are found and named. Of those with versions the
// binding takes the newest that it finds.
const (
	symDriver     = "nvmlSystemGetDriverVersion"
	symCount1     = "nvmlDeviceGetCount"
	symCount2     = "nvmlDeviceGetCount_v2"
	symHandle1    = "nvmlDeviceGetHandleByIndex"
	symHandle2    = "nvmlDeviceGetHandleByIndex_v2"
	symUUIDHandle = "nvmlDeviceGetHandleByUUID"
	symName       = "nvmlDeviceGetName"
	symUUID       = "nvmlDeviceGetUUID"
	symVBIOS      = "nvmlDeviceGetVbiosVersion"
	symPCI1       = "nvmlDeviceGetPciInfo"
	symPCI2       = "nvmlDeviceGetPciInfo_v2"
	symPCI3       = "nvmlDeviceGetPciInfo_v3"
)
