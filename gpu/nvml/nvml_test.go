//go:build linux && cgo

package nvml

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	lib "github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock"
	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu"
	tm "github.com/aditmine/adit/gpu/telemetry"
)

// bare is a card every function of which returns nothing but ret.
func bare(ret lib.Return) *mock.Device {
	d := &mock.Device{}
	v := reflect.ValueOf(d).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Func {
			f.Set(refusal(f.Type(), ret))
		}
	}
	return d
}

// refusal is a function that returns zeros and ret.
func refusal(f reflect.Type, ret lib.Return) reflect.Value {
	return reflect.MakeFunc(f, func([]reflect.Value) []reflect.Value {
		out := make([]reflect.Value, f.NumOut())
		for i := range out {
			out[i] = reflect.Zero(f.Out(i))
			if out[i].Type() == reflect.TypeFor[lib.Return]() {
				out[i] = reflect.ValueOf(ret)
			}
		}
		return out
	})
}

// named is a bare card that says who it is.
func named(uuid string, bus uint32) *mock.Device {
	d := bare(lib.ERROR_NOT_SUPPORTED)
	d.GetNameFunc = func() (string, lib.Return) { return "NVIDIA Test", lib.SUCCESS }
	d.GetUUIDFunc = func() (string, lib.Return) { return uuid, lib.SUCCESS }
	d.GetVbiosVersionFunc = func() (string, lib.Return) { return "94.02", lib.SUCCESS }
	d.GetPciInfoFunc = func() (lib.PciInfo, lib.Return) { return lib.PciInfo{Bus: bus}, lib.SUCCESS }
	return d
}

// full is a card with every sensor.
func full(uuid string, bus uint32) *mock.Device {
	d := named(uuid, bus)
	give := func(n uint32) func() (uint32, lib.Return) {
		return func() (uint32, lib.Return) { return n, lib.SUCCESS }
	}
	count := func(n int) func() (int, lib.Return) { return func() (int, lib.Return) { return n, lib.SUCCESS } }
	d.GetTemperatureFunc = func(lib.TemperatureSensors) (uint32, lib.Return) { return 61, lib.SUCCESS }
	d.GetFieldValuesFunc = func(v []lib.FieldValue) lib.Return {
		v[0].ValueType = uint32(lib.VALUE_TYPE_UNSIGNED_INT)
		binary.NativeEndian.PutUint32(v[0].Value[:4], 78)
		return lib.SUCCESS
	}
	d.GetTemperatureThresholdFunc = func(t lib.TemperatureThresholds) (uint32, lib.Return) {
		return map[lib.TemperatureThresholds]uint32{lib.TEMPERATURE_THRESHOLD_SLOWDOWN: 90, lib.TEMPERATURE_THRESHOLD_SHUTDOWN: 95}[t], lib.SUCCESS
	}
	d.GetNumFansFunc = count(2)
	d.GetFanSpeed_v2Func = func(fan int) (uint32, lib.Return) { return uint32(40 + fan), lib.SUCCESS }
	d.GetFanSpeedFunc = give(44)
	d.GetFanSpeedRPMFunc = func() (lib.FanSpeedInfo, lib.Return) { return lib.FanSpeedInfo{Speed: 1500}, lib.SUCCESS }
	d.GetPowerUsageFunc, d.GetEnforcedPowerLimitFunc, d.GetPowerManagementDefaultLimitFunc = give(123_500), give(150_000), give(200_000)
	d.GetTotalEnergyConsumptionFunc = func() (uint64, lib.Return) { return 5_000_500, lib.SUCCESS }
	d.GetClockInfoFunc = func(c lib.ClockType) (uint32, lib.Return) {
		return map[lib.ClockType]uint32{lib.CLOCK_SM: 1410, lib.CLOCK_MEM: 7001}[c], lib.SUCCESS
	}
	d.GetUtilizationRatesFunc = func() (lib.Utilization, lib.Return) { return lib.Utilization{Gpu: 99, Memory: 40}, lib.SUCCESS }
	d.GetMemoryInfo_v2Func = func() (lib.Memory_v2, lib.Return) { return lib.Memory_v2{Used: 3 << 30, Total: 8 << 30}, lib.SUCCESS }
	d.GetMemoryInfoFunc = func() (lib.Memory, lib.Return) { return lib.Memory{Used: 4 << 30, Total: 8 << 30}, lib.SUCCESS }
	why := func() (uint64, lib.Return) {
		return lib.ClocksEventReasonSwPowerCap | lib.ClocksEventReasonApplicationsClocksSetting, lib.SUCCESS
	}
	d.GetCurrentClocksEventReasonsFunc, d.GetCurrentClocksThrottleReasonsFunc = why, why
	d.GetPerformanceStateFunc = func() (lib.Pstates, lib.Return) { return lib.PSTATE_2, lib.SUCCESS }
	d.GetCurrPcieLinkGenerationFunc, d.GetMaxPcieLinkGenerationFunc = count(1), count(4)
	d.GetCurrPcieLinkWidthFunc, d.GetMaxPcieLinkWidthFunc = count(8), count(16)
	d.GetPcieThroughputFunc = func(c lib.PcieUtilCounter) (uint32, lib.Return) { return 100 + uint32(c), lib.SUCCESS }
	d.GetPcieReplayCounterFunc = count(3)
	d.GetEccModeFunc = func() (lib.EnableState, lib.EnableState, lib.Return) {
		return lib.FEATURE_ENABLED, lib.FEATURE_DISABLED, lib.SUCCESS
	}
	d.GetTotalEccErrorsFunc = func(e lib.MemoryErrorType, c lib.EccCounterType) (uint64, lib.Return) {
		if c != lib.AGGREGATE_ECC {
			return 0, lib.ERROR_INVALID_ARGUMENT
		}
		return 7 + uint64(e), lib.SUCCESS
	}
	return d
}

// library is a driver with cards; the symbols in without are missing.
func library(cards []*mock.Device, without ...string) *mock.Interface {
	gone := map[string]bool{}
	for _, s := range without {
		gone[s] = true
	}
	return &mock.Interface{
		InitFunc:     func() lib.Return { return lib.SUCCESS },
		ShutdownFunc: func() lib.Return { return lib.SUCCESS },
		ExtensionsFunc: func() lib.ExtendedInterface {
			return &mock.ExtendedInterface{LookupSymbolFunc: func(s string) error {
				if gone[s] {
					return errors.New("undefined symbol")
				}
				return nil
			}}
		},
		ErrorStringFunc:            func(lib.Return) string { return "text of the error" },
		SystemGetDriverVersionFunc: func() (string, lib.Return) { return "550.54", lib.SUCCESS },
		DeviceGetCountFunc:         func() (int, lib.Return) { return len(cards), lib.SUCCESS },
		DeviceGetHandleByIndexFunc: func(i int) (lib.Device, lib.Return) { return cards[i], lib.SUCCESS },
		DeviceGetHandleByUUIDFunc: func(uuid string) (lib.Device, lib.Return) {
			for _, c := range cards {
				if name, _ := c.GetUUIDFunc(); name == uuid {
					return c, lib.SUCCESS
				}
			}
			return nil, lib.ERROR_NOT_FOUND
		},
	}
}

// readAll opens a library and reads it once.
func readAll(t *testing.T, l lib.Interface) []tm.Reading {
	t.Helper()
	s, err := open(l)
	require.NoError(t, err)
	readings, err := s.Read()
	require.NoError(t, err)
	require.NoError(t, s.Close())
	return readings
}

func TestEverySensor(t *testing.T) {
	r := readAll(t, library([]*mock.Device{full("GPU-1", 0x1a)}))
	require.Len(t, r, 1)
	require.Equal(t, tm.Card{Source: "nvml", UUID: "GPU-1", Bus: "0000:1a:00.0", Name: "NVIDIA Test", Driver: "550.54", Firmware: "94.02"}, r[0].Card)
	text, err := json.Marshal(r[0].Values)
	require.NoError(t, err)
	require.JSONEq(t, `{
	 "temperature_celsius":{"core":61,"memory":78}, "temperature_limit_celsius":{"slowdown":90,"shutdown":95},
	 "fan_speed_ratio":{"0":0.4,"1":0.41}, "fan_rpm":{"0":1500},
	 "power_watts":123.5, "power_limit_watts":150, "power_default_limit_watts":200, "energy_joules_total":5000.5,
	 "clock_hertz":{"core":1410000000,"memory":7001000000}, "utilization_ratio":{"core":0.99,"memory":0.4},
	 "memory_used_bytes":3221225472, "memory_total_bytes":8589934592,
	 "throttle_active":{"idle":0,"application_clocks":1,"power_cap":1,"hardware_slowdown":0,"sync_boost":0,"software_thermal":0,
	  "hardware_thermal":0,"power_brake":0,"display_clocks":0},
	 "performance_state":2, "pcie_link_generation":1, "pcie_link_generation_max":4, "pcie_link_width_lanes":8, "pcie_link_width_max_lanes":16,
	 "pcie_throughput_bytes_per_second":{"send":100000,"receive":101000}, "pcie_replays_total":3,
	 "ecc_enabled":1, "ecc_errors_total":{"corrected":7,"uncorrected":8}}`, string(text))
}

func TestASensorThatIsNotThereIsAbsent(t *testing.T) {
	for _, ret := range []lib.Return{lib.ERROR_NOT_SUPPORTED, lib.ERROR_NO_PERMISSION, lib.ERROR_UNKNOWN, lib.ERROR_FUNCTION_NOT_FOUND} {
		r := readAll(t, library([]*mock.Device{bare(ret)}))
		require.Equal(t, tm.Card{Source: "nvml", Driver: "550.54", Name: "NVIDIA card 0"}, r[0].Card)
		require.False(t, r[0].Lost)
		require.Empty(t, r[0].Values)
	}
}

// TestEveryFunctionIsLookedUp takes each function away in turn: the mock panics
// when one that is missing is called.
func TestEveryFunctionIsLookedUp(t *testing.T) {
	wholeCard := readAll(t, library([]*mock.Device{full("GPU-1", 1)}))[0].Values
	for _, p := range probes() {
		for _, symbol := range []string{p.symbol, p.also} {
			if symbol == "" {
				continue
			}
			d := full("GPU-1", 1)
			field := strings.TrimPrefix(symbol, "nvmlDevice") + "Func"
			f := reflect.ValueOf(d).Elem().FieldByName(field)
			require.True(t, f.IsValid(), "the mock has no %s", field)
			f.SetZero()
			r := readAll(t, library([]*mock.Device{d}, symbol))
			require.LessOrEqual(t, len(r[0].Values), len(wholeCard), symbol)
			require.NotEmpty(t, r[0].Values)
		}
	}
	for _, symbol := range []string{symDriver, symName, symUUID, symVBIOS, symUUIDHandle} {
		l := library([]*mock.Device{full("GPU-1", 1)}, symbol)
		l.SystemGetDriverVersionFunc = unless(symbol == symDriver, l.SystemGetDriverVersionFunc)
		require.Len(t, readAll(t, l), 1)
	}
	r := readAll(t, library([]*mock.Device{full("GPU-1", 1)}, symPCI1, symPCI2, symPCI3))
	require.Empty(t, r[0].Bus)
}

// unless is f, or a missing function.
func unless[F any](missing bool, f F) F {
	if missing {
		var none F
		return none
	}
	return f
}

func TestOlderFunctionsStandIn(t *testing.T) {
	v := readAll(t, library([]*mock.Device{full("GPU-1", 1)}, "nvmlDeviceGetNumFans", "nvmlDeviceGetMemoryInfo_v2",
		"nvmlDeviceGetCurrentClocksEventReasons"))[0].Values
	for _, c := range []struct {
		quantity tm.Quantity
		part     string
		want     float64
	}{{tm.FanSpeed, "0", 0.44}, {tm.MemoryUsed, "", 4 << 30}, {tm.Throttle, "power_cap", 1}} {
		got, ok := v.Get(c.quantity, c.part)
		require.True(t, ok)
		require.InDelta(t, c.want, got, 1e-9)
	}
	_, ok := v.Get(tm.FanSpeed, "1")
	require.False(t, ok)
}

func TestAnOldLibraryIsNamed(t *testing.T) {
	l := library([]*mock.Device{full("GPU-1", 1)}, symCount1, symCount2)
	l.DeviceGetCountFunc = nil
	_, err := open(l)
	require.ErrorContains(t, err, "too old")
	require.Len(t, l.ShutdownCalls(), 1, "what was opened is closed")
}

// TestALostCardDisturbsNoOther loses a card in each of its functions in turn.
func TestALostCardDisturbsNoOther(t *testing.T) {
	for _, p := range probes() {
		if p.instead != "" {
			continue // not called here
		}
		bad, good := full("GPU-1", 1), full("GPU-2", 2)
		f := reflect.ValueOf(bad).Elem().FieldByName(strings.TrimPrefix(p.symbol, "nvmlDevice") + "Func")
		works := f.Interface()
		f.Set(refusal(f.Type(), lib.ERROR_GPU_IS_LOST))
		l := library([]*mock.Device{bad, good})
		find := l.DeviceGetHandleByUUIDFunc
		l.DeviceGetHandleByUUIDFunc = func(string) (lib.Device, lib.Return) { return nil, lib.ERROR_GPU_IS_LOST }
		s, err := open(l)
		require.NoError(t, err)
		for range 2 {
			r, err := s.Read()
			require.NoError(t, err)
			require.True(t, r[0].Lost, p.symbol)
			require.Empty(t, r[0].Values, p.symbol)
			require.Equal(t, "GPU-1", r[0].UUID, "it is still known which card it was")
			require.False(t, r[1].Lost)
			require.NotEmpty(t, r[1].Values)
		}
		f.Set(reflect.ValueOf(works))
		l.DeviceGetHandleByUUIDFunc = find
		r, err := s.Read()
		require.NoError(t, err)
		require.False(t, r[0].Lost, "%s: a card that is back is read again", p.symbol)
		require.NotEmpty(t, r[0].Values)
	}
}

func TestACardThatIsLostFromTheStart(t *testing.T) {
	l := library([]*mock.Device{nil, full("GPU-2", 2)})
	handle := l.DeviceGetHandleByIndexFunc
	l.DeviceGetHandleByIndexFunc = func(i int) (lib.Device, lib.Return) {
		if i == 0 {
			return nil, lib.ERROR_GPU_IS_LOST
		}
		return handle(i)
	}
	r := readAll(t, l)
	require.True(t, r[0].Lost)
	require.Equal(t, "NVIDIA card 0", r[0].Name)
	require.NotEmpty(t, r[1].Values)
}

func TestInitFailures(t *testing.T) {
	for _, c := range []struct {
		ret      lib.Return
		noDriver bool
		says     string
	}{
		{lib.ERROR_LIBRARY_NOT_FOUND, true, "libnvidia-ml.so.1 is not installed"},
		{lib.ERROR_DRIVER_NOT_LOADED, true, "kernel module is not loaded"},
		{lib.ERROR_LIB_RM_VERSION_MISMATCH, false, "reboot"},
		{lib.ERROR_NO_PERMISSION, false, "/dev/nvidiactl"},
		{lib.ERROR_UNKNOWN, false, "error 999"},
	} {
		// Every other function of this mock panics.
		_, err := open(&mock.Interface{InitFunc: func() lib.Return { return c.ret }})
		require.ErrorContains(t, err, c.says)
		require.Equal(t, c.noDriver, errors.Is(err, gpu.ErrNoDriver), c.says)
	}
}

func TestNoCards(t *testing.T) {
	l := library(nil)
	_, err := open(l)
	require.ErrorIs(t, err, gpu.ErrNoDriver)
	require.Len(t, l.ShutdownCalls(), 1)
	l = library(nil)
	l.DeviceGetCountFunc = func() (int, lib.Return) { return 0, lib.ERROR_UNKNOWN }
	_, err = open(l)
	require.ErrorContains(t, err, "text of the error")
}

func TestMemoryTemperature(t *testing.T) {
	bits := func(n uint64) (b [8]byte) { binary.NativeEndian.PutUint64(b[:], n); return b }
	low := func(n uint32) (b [8]byte) { binary.NativeEndian.PutUint32(b[:4], n); return b }
	for _, c := range []struct {
		field lib.FieldValue
		want  float64 // 0 is absent
	}{
		{lib.FieldValue{ValueType: uint32(lib.VALUE_TYPE_UNSIGNED_INT), Value: low(70)}, 70},
		{lib.FieldValue{ValueType: uint32(lib.VALUE_TYPE_SIGNED_INT), Value: low(71)}, 71},
		{lib.FieldValue{ValueType: uint32(lib.VALUE_TYPE_UNSIGNED_LONG_LONG), Value: bits(72)}, 72},
		{lib.FieldValue{ValueType: uint32(lib.VALUE_TYPE_SIGNED_LONG_LONG), Value: bits(73)}, 73},
		{lib.FieldValue{ValueType: uint32(lib.VALUE_TYPE_DOUBLE), Value: bits(math.Float64bits(74.5))}, 74.5},
		{lib.FieldValue{ValueType: uint32(lib.VALUE_TYPE_UNSIGNED_INT)}, 0},
		{lib.FieldValue{ValueType: 99, Value: low(70)}, 0},
		{lib.FieldValue{NvmlReturn: uint32(lib.ERROR_NOT_SUPPORTED), ValueType: uint32(lib.VALUE_TYPE_UNSIGNED_INT), Value: low(70)}, 0},
	} {
		d := bare(lib.ERROR_NOT_SUPPORTED)
		d.GetFieldValuesFunc = func(v []lib.FieldValue) lib.Return {
			require.Equal(t, uint32(lib.FI_DEV_MEMORY_TEMP), v[0].FieldId)
			v[0] = c.field
			return lib.SUCCESS
		}
		got, ok := readAll(t, library([]*mock.Device{d}))[0].Values.Get(tm.Temperature, tm.Memory)
		require.Equal(t, c.want != 0, ok)
		require.Equal(t, c.want, got)
	}
}

// TestThisMachine opens the real library, where there is one.
func TestThisMachine(t *testing.T) {
	s, err := Open()
	if err != nil {
		require.ErrorContains(t, err, "NVML")
		t.Skipf("no NVIDIA driver here: %v", err)
	}
	r, err := s.Read()
	require.NoError(t, err)
	require.NotEmpty(t, r)
	require.NoError(t, s.Close())
}
