package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/hash"
)

func TestDevices(t *testing.T) {
	status, out, errs := adit("devices")
	require.Equal(t, exitOK, status, errs)
	require.Contains(t, out, "cpu ")

	status, out, errs = adit("devices", "--json")
	require.Equal(t, exitOK, status, errs)
	var list deviceList
	require.NoError(t, json.Unmarshal([]byte(out), &list))
	require.Positive(t, list.CPU.Processors)
}

func TestDevicesOfAMachineWithCards(t *testing.T) {
	t4 := gpu.Device{Backend: "cuda", Kind: gpu.Card, Name: "T4", Bus: "0000:01:00.0", Memory: 8 << 30, MaxAlloc: 8 << 30, Units: 40, Driver: "CUDA 12.4"}
	view := t4
	view.Backend, view.Index, view.Driver, view.MaxAlloc = "opencl", 1, "550.1", 2<<30
	small := gpu.Device{Backend: "opencl", Index: 0, Kind: gpu.Card, Name: "Small", Memory: 270 << 20, MaxAlloc: 270 << 20, Units: 2, Driver: "1.0"}
	list := findDevices(fakeBackends([]gpu.Device{t4}, []gpu.Device{small, view}))
	var out strings.Builder
	require.NoError(t, list.print(&out))
	require.Contains(t, out.String(), fmt.Sprintf(`gpu  T4, 0000:01:00.0, 40 units, 8.0 GiB
     cuda 0, driver CUDA 12.4
     opencl 1, driver 550.1
     can mine all %d algorithms
gpu  Small, bus unknown, 2 units, 0.3 GiB
     opencl 0, driver 1.0
     can mine `, len(hash.All())))
	require.Contains(t, out.String(), "     not cn-heavy/0: 270 MiB of free memory are too little for two batches of cn-heavy/0\n")
	require.Len(t, list.Devices, 2, "a card that both know is listed once")
	require.Contains(t, list.Devices[1].Algorithms, "eaglesong")
	require.Empty(t, list.Missing)
}

func TestBackEndsWithoutDevices(t *testing.T) {
	list := findDevices(fakeBackends(fmt.Errorf("listing\nplatforms: %w", gpu.ErrNoDriver), gpu.ErrNotBuilt))
	var out strings.Builder
	require.NoError(t, list.print(&out))
	require.Contains(t, out.String(), "no CUDA devices: listing platforms: no driver, or no device\nno OpenCL devices: this adit was built without it\n")
}
