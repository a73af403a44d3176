package amdgpu

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/gpu/telemetry"
)

// The files in testdata are made after the kernel's documentation.

// fixture copies testdata/sys, so that a test can change it.
func fixture(t *testing.T) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	dir := os.DirFS("testdata/sys")
	require.NoError(t, fs.WalkDir(dir, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(dir, path)
		out[path] = &fstest.MapFile{Data: data}
		return err
	}))
	return out
}

func read(t *testing.T, s telemetry.Source) map[string]telemetry.Reading {
	t.Helper()
	readings, err := s.Read()
	require.NoError(t, err)
	out := map[string]telemetry.Reading{}
	for _, r := range readings {
		out[r.Bus] = r
	}
	require.Len(t, out, len(readings))
	return out
}

func values(t *testing.T, r telemetry.Reading) string {
	t.Helper()
	text, err := json.Marshal(r.Values)
	require.NoError(t, err)
	return string(text)
}

func TestSeveralCards(t *testing.T) {
	s, err := Open(os.DirFS("testdata/sys"))
	require.NoError(t, err)
	cards := read(t, s)
	require.Len(t, cards, 3, "another driver's card and connectors are none of ours")

	newest := cards["0000:03:00.0"]
	require.Equal(t, telemetry.Card{Source: "amdgpu", UUID: "f4c1a53b7e4a9d21", Bus: "0000:03:00.0", Name: "AMD Radeon RX 7900 XTX",
		Driver: "6.7.0", Firmware: "113-D7020100-102"}, newest.Card)
	require.JSONEq(t, `{
	 "temperature_celsius":{"core":58,"junction":74,"memory":82.5}, "temperature_limit_celsius":{"slowdown":100,"shutdown":105},
	 "fan_rpm":{"0":1432}, "fan_speed_ratio":{"0":0.4},
	 "power_watts":213, "power_limit_watts":303, "power_default_limit_watts":339,
	 "clock_hertz":{"core":2304000000,"memory":1249000000}, "utilization_ratio":{"core":0.99,"memory":0.54},
	 "memory_used_bytes":3221225472, "memory_total_bytes":25753026560,
	 "pcie_link_generation":4, "pcie_link_generation_max":5, "pcie_link_width_lanes":8, "pcie_link_width_max_lanes":16, "pcie_replays_total":4,
	 "ecc_errors_total":{"corrected":12,"uncorrected":1}}`, values(t, newest))

	old := cards["0000:0a:00.0"]
	require.Equal(t, "AMD 67df", old.Name)
	require.JSONEq(t, `{
	 "temperature_celsius":{"core":31}, "fan_rpm":{"0":0}, "power_watts":35.5,
	 "clock_hertz":{"core":1200000000,"memory":300000000}, "utilization_ratio":{"core":0},
	 "memory_used_bytes":0, "memory_total_bytes":8589934592, "pcie_link_generation":1, "pcie_link_width_lanes":1}`, values(t, old))

	bad := cards["0000:0b:00.0"]
	require.Equal(t, "AMD card", bad.Name)
	require.Empty(t, bad.Values, "what is malformed is absent")
	require.False(t, bad.Lost)
	require.NoError(t, s.Close())
}

func TestACardThatGoesAndComesBack(t *testing.T) {
	sys := fixture(t)
	s, err := Open(sys)
	require.NoError(t, err)
	gone := fstest.MapFS{}
	for path, file := range sys {
		if strings.HasPrefix(path, "class/drm/card0/") {
			gone[path] = file
			delete(sys, path)
		}
	}
	cards := read(t, s)
	require.True(t, cards["0000:03:00.0"].Lost)
	require.Equal(t, "f4c1a53b7e4a9d21", cards["0000:03:00.0"].UUID)
	require.Empty(t, cards["0000:03:00.0"].Values)
	require.False(t, cards["0000:0a:00.0"].Lost)
	require.NotEmpty(t, cards["0000:0a:00.0"].Values)
	for path, file := range gone {
		sys[strings.Replace(path, "card0", "card7", 1)] = file
	}
	warm, ok := read(t, s)["0000:03:00.0"].Values.Get(telemetry.Temperature, telemetry.Core)
	require.True(t, ok, "it is the bus that tells cards apart, not their number")
	require.EqualValues(t, 58, warm)
}

// TestEachFileMayBeMissing takes every file away in turn.
func TestEachFileMayBeMissing(t *testing.T) {
	whole := fixture(t)
	for path := range whole {
		sys := fixture(t)
		delete(sys, path)
		s, err := Open(sys)
		require.NoError(t, err, path)
		require.NotEmpty(t, read(t, s), path)
	}
}

// sleeping is a card whose files open but cannot be read.
type sleeping struct{ fs.FS }

func (s sleeping) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if err == nil && strings.Contains(name, "_input") {
		return unreadable{f}, nil
	}
	return f, err
}

type unreadable struct{ fs.File }

func (unreadable) Read([]byte) (int, error) { return 0, errors.New("device or resource busy") }

func TestASleepingCard(t *testing.T) {
	s, err := Open(sleeping{fixture(t)})
	require.NoError(t, err)
	v := read(t, s)["0000:03:00.0"].Values
	_, warm := v.Get(telemetry.Temperature, telemetry.Core)
	require.False(t, warm)
	total, ok := v.Get(telemetry.MemoryTotal, "")
	require.True(t, ok)
	require.EqualValues(t, 25753026560, total)
}

func TestNoCards(t *testing.T) {
	for _, sys := range []fs.FS{fstest.MapFS{}, fstest.MapFS{"class/drm/card0/device/uevent": {Data: []byte("DRIVER=nvidia\nPCI_SLOT_NAME=0000:01:00.0\n")}}} {
		_, err := Open(sys)
		require.ErrorIs(t, err, gpu.ErrNoDriver)
	}
}

func TestEndlessFilesAreCut(t *testing.T) {
	sys := fixture(t)
	sys["class/drm/card0/device/product_name"] = &fstest.MapFile{Data: []byte(strings.Repeat("x", 1<<20))}
	s, err := Open(sys)
	require.NoError(t, err)
	require.Len(t, read(t, s)["0000:03:00.0"].Name, maxFile)
}

// FuzzSensors gives every file of a card any content.
func FuzzSensors(f *testing.F) {
	for _, text := range []string{"", "12", "-1", "0: 300Mhz *\n", "ue: 1\nce: 2", "8.0 GT/s PCIe", "edge", "sclk"} {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		sys := fstest.MapFS{"class/drm/card0/device/uevent": {Data: []byte("DRIVER=amdgpu\nPCI_SLOT_NAME=0000:01:00.0\n")}}
		for i, name := range []string{"gpu_busy_percent", "mem_info_vram_total", "current_link_speed", "pp_dpm_sclk", "ras/umc_err_count",
			"hwmon/hwmon0/temp1_label", "hwmon/hwmon0/temp1_input", "hwmon/hwmon0/temp2_label", "hwmon/hwmon0/temp2_input",
			"hwmon/hwmon0/pwm1", "hwmon/hwmon0/pwm1_max", "hwmon/hwmon0/freq1_label", "hwmon/hwmon0/freq1_input"} {
			sys["class/drm/card0/device/"+name] = &fstest.MapFile{Data: []byte([]string{a, b}[i%2])}
		}
		s, err := Open(sys)
		require.NoError(t, err)
		readings, err := s.Read()
		require.NoError(t, err)
		seen := map[telemetry.Value]bool{}
		for _, v := range readings[0].Values {
			key := telemetry.Value{Quantity: v.Quantity, Part: v.Part}
			require.False(t, seen[key], "told twice: %v", key)
			seen[key] = true
			require.GreaterOrEqual(t, v.Number, 0.0)
		}
		_, err = json.Marshal(readings) // no number that JSON cannot hold
		require.NoError(t, err)
	})
}
