package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu"
)

func TestDevices(t *testing.T) {
	status, out, errs := adit("devices")
	require.Equal(t, exitOK, status, errs)
	require.Contains(t, out, "cpu ")
	require.Contains(t, out, "opencl")

	status, out, errs = adit("devices", "--json")
	require.Equal(t, exitOK, status, errs)
	var list deviceList
	require.NoError(t, json.Unmarshal([]byte(out), &list))
	require.Positive(t, list.CPU.Processors)
}

func TestDevicesOfAMachineWithCards(t *testing.T) {
	list := findDevices(map[string]func() ([]gpu.Device, error){
		"good": func() ([]gpu.Device, error) {
			return []gpu.Device{{Backend: "good", Index: 1, Kind: gpu.Card, Name: "Card", Bus: "0000:01:00.0", Memory: 8 << 30, Units: 40, Driver: "9.9"}}, nil
		},
		"broken": func() ([]gpu.Device, error) { return nil, fmt.Errorf("listing platforms: %w", gpu.ErrNoDriver) },
		"absent": func() ([]gpu.Device, error) { return nil, gpu.ErrNotBuilt },
	})
	var out strings.Builder
	require.NoError(t, list.print(&out))
	require.Contains(t, out.String(), "good 1  Card (gpu), 0000:01:00.0, 40 units, 8.0 GiB, driver 9.9\n")
	require.Contains(t, out.String(), "broken    none: listing platforms: no driver, or no device\n")
	require.Contains(t, out.String(), "absent    none: this adit was built without it\n")
}
