//go:build opencl && cgo

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu/opencl"
)

// The whole of gpu-check on a real driver: PoCL's, where there is no card.
func TestGPUCheckOnOpenCL(t *testing.T) {
	if _, err := opencl.Devices(); err != nil && os.Getenv("ADIT_REQUIRE_REAL") == "" {
		t.Skip("no OpenCL device: apt-get install pocl-opencl-icd")
	}
	output := filepath.Join(t.TempDir(), "rig.json")
	status, out, errs := adit("gpu-check", "--device", "opencl:0", "-a", "cn/upx2", "--budget", "10m", "--seconds", "0.1", "-o", output)
	require.Equal(t, exitOK, status, "%s%s", out, errs)
	require.Contains(t, out, "5 checks, 0 failed")
	report, err := readBench(output)
	require.NoError(t, err)
	require.Len(t, report.Rows, 1)
	require.Positive(t, report.Rows[0].Hits.Verified)
	kept, err := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "adit", "kernels", "*.kernel"))
	require.NoError(t, err)
	require.NotEmpty(t, kept, "what the driver compiled was kept")

	status, out, errs = adit("bench", "--device", "opencl:0", "-a", "cn/upx2", "--seconds", "0.1", "--compare", output, "--tolerance", "0.99")
	require.Equal(t, exitOK, status, "%s%s", out, errs)
}
