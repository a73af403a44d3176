//go:build opencl && cgo

package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/gpu/opencl"
)

// openCLDevice is the first device there is; PoCL is one.
func openCLDevice(t *testing.T) gpu.Device {
	t.Helper()
	list, err := opencl.Devices()
	if err != nil {
		require.Empty(t, os.Getenv("ADIT_REQUIRE_REAL"), "no OpenCL device: apt-get install pocl-opencl-icd: %v", err)
		t.Skipf("no OpenCL device: %v", err)
	}
	return list[0]
}

func TestMineWithOpenCL(t *testing.T) {
	d := openCLDevice(t)
	p := newScriptedPool(t, "cn/upx2")
	status, out, errs := adit("mine", "-o", p.listener.Addr().String(), "-u", "w", "-a", "cn/upx2",
		"--no-cpu", "--opencl-devices", fmt.Sprint(d.Index), "--shares", "2")
	require.Equal(t, exitOK, status, errs+out)
	p.requireFine(2)
	require.Contains(t, out, " * OPENCL       ")
	require.Contains(t, out, "ready: 1 x OpenCL ")
}

// A device without enough memory is dropped: with nothing left, the miner says
// so and ends with a status of its own.
func TestMineWithOpenCLOutOfMemory(t *testing.T) {
	d := openCLDevice(t)
	p := newScriptedPool(t, "cn/upx2")
	config := writeConfig(t, `{"opencl": {"*": [{"index": %d, "memory-left": 1000000}]}, "watchdog": {"reinits": 1, "command": "echo heard of $ADIT_TROUBLE"}}`, d.Index)
	status, out, errs := adit("mine", "-o", p.listener.Addr().String(), "-u", "w", "-a", "cn/upx2", "--no-cpu", "--opencl", "-c", config)
	require.Equal(t, exitDropped, status, errs+out)
	require.Contains(t, errs, "heard of error\n")
	require.Contains(t, errs, "adit: nothing is left to mine with; the last was OpenCL ")
	require.Contains(t, errs, "too little for two batches of cn/upx2")
	require.Contains(t, out, "dropped after 1 attempts to open it anew")
	require.True(t, strings.Contains(out, "SHARES"), "it still sums up")
}
