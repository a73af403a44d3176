package cpu

import (
	"fmt"
	"os"

	"github.com/aditmine/adit/hash/internal/cpufeature"
)

// unavailable says why code that needs some features of the processor may not
// run, "" if it may.
func unavailable(needs cpufeature.Features) string {
	allowed, err := cpufeature.Allowed()
	if err != nil {
		return err.Error()
	}
	if missing := needs &^ cpufeature.Detect(); missing != 0 {
		return fmt.Sprintf("this processor, or this build, lacks %v", missing)
	}
	if !allowed.Has(needs) {
		return fmt.Sprintf("%s=%s", cpufeature.Env, os.Getenv(cpufeature.Env))
	}
	return ""
}
