//go:build linux && cgo

package nvml

import (
	"encoding/binary"
	"math"
	"strconv"

	lib "github.com/NVIDIA/go-nvml/pkg/nvml"

	tm "github.com/aditmine/adit/gpu/telemetry"
)

// probe reads some of a card's sensors by one function of the library.
type probe struct {
	symbol string
	// also is the symbol of a second function that read calls, "" for none.
	also string
	// instead is the symbol of the newer function that this one stands in for,
	// "" where there is none.
	instead string
	// read sets what the card told. Any return but success is of a card without
	// such a sensor, except for ERROR_GPU_IS_LOST.
	read func(d lib.Device, v *tm.Values) lib.Return
}

// probes lists all that is asked of a card.
func probes() []probe {
	return []probe{
		{symbol: "nvmlDeviceGetTemperature", read: coreTemperature},
		{symbol: "nvmlDeviceGetFieldValues", read: memoryTemperature},
		{symbol: "nvmlDeviceGetTemperatureThreshold", read: temperatureLimits},
		{symbol: "nvmlDeviceGetFanSpeed_v2", also: "nvmlDeviceGetNumFans", read: fans},
		{symbol: "nvmlDeviceGetFanSpeed", instead: "nvmlDeviceGetFanSpeed_v2", read: scaled(lib.Device.GetFanSpeed, tm.FanSpeed, "0", 0.01)},
		{symbol: "nvmlDeviceGetFanSpeedRPM", read: fanRPM},
		{symbol: "nvmlDeviceGetPowerUsage", read: scaled(lib.Device.GetPowerUsage, tm.Power, "", 1e-3)},
		{symbol: "nvmlDeviceGetEnforcedPowerLimit", read: scaled(lib.Device.GetEnforcedPowerLimit, tm.PowerLimit, "", 1e-3)},
		{symbol: "nvmlDeviceGetPowerManagementDefaultLimit", read: scaled(lib.Device.GetPowerManagementDefaultLimit, tm.PowerDefaultLimit, "", 1e-3)},
		{symbol: "nvmlDeviceGetTotalEnergyConsumption", read: scaled(lib.Device.GetTotalEnergyConsumption, tm.Energy, "", 1e-3)},
		{symbol: "nvmlDeviceGetClockInfo", read: clocks},
		{symbol: "nvmlDeviceGetUtilizationRates", read: utilization},
		{symbol: "nvmlDeviceGetMemoryInfo_v2", read: memory},
		{symbol: "nvmlDeviceGetMemoryInfo", instead: "nvmlDeviceGetMemoryInfo_v2", read: oldMemory},
		{symbol: "nvmlDeviceGetCurrentClocksEventReasons", read: reasons(lib.Device.GetCurrentClocksEventReasons)},
		{symbol: "nvmlDeviceGetCurrentClocksThrottleReasons", instead: "nvmlDeviceGetCurrentClocksEventReasons",
			read: reasons(lib.Device.GetCurrentClocksThrottleReasons)},
		{symbol: "nvmlDeviceGetPerformanceState", read: performanceState},
		{symbol: "nvmlDeviceGetCurrPcieLinkGeneration", read: scaled(lib.Device.GetCurrPcieLinkGeneration, tm.LinkGeneration, "", 1)},
		{symbol: "nvmlDeviceGetMaxPcieLinkGeneration", read: scaled(lib.Device.GetMaxPcieLinkGeneration, tm.LinkGenerationMax, "", 1)},
		{symbol: "nvmlDeviceGetCurrPcieLinkWidth", read: scaled(lib.Device.GetCurrPcieLinkWidth, tm.LinkWidth, "", 1)},
		{symbol: "nvmlDeviceGetMaxPcieLinkWidth", read: scaled(lib.Device.GetMaxPcieLinkWidth, tm.LinkWidthMax, "", 1)},
		{symbol: "nvmlDeviceGetPcieThroughput", read: linkRates},
		{symbol: "nvmlDeviceGetPcieReplayCounter", read: scaled(lib.Device.GetPcieReplayCounter, tm.LinkReplays, "", 1)},
		{symbol: "nvmlDeviceGetEccMode", read: eccMode},
		{symbol: "nvmlDeviceGetTotalEccErrors", read: eccErrors},
	}
}

// scaled reads one number, in a unit that times factor is the quantity's.
func scaled[N int | uint32 | uint64](get func(lib.Device) (N, lib.Return), q tm.Quantity, part string, factor float64) func(lib.Device, *tm.Values) lib.Return {
	return func(d lib.Device, v *tm.Values) lib.Return {
		n, ret := get(d)
		if ret == lib.SUCCESS {
			v.Set(q, part, float64(n)*factor)
		}
		return ret
	}
}

func coreTemperature(d lib.Device, v *tm.Values) lib.Return {
	return scaled(func(d lib.Device) (uint32, lib.Return) { return d.GetTemperature(lib.TEMPERATURE_GPU) },
		tm.Temperature, tm.Core, 1)(d, v)
}

// memoryTemperature reads the memory's sensor. Cards without one say so, or
// tell zero.
func memoryTemperature(d lib.Device, v *tm.Values) lib.Return {
	values := []lib.FieldValue{{FieldId: lib.FI_DEV_MEMORY_TEMP}}
	if ret := d.GetFieldValues(values); ret != lib.SUCCESS {
		return ret
	}
	if ret := lib.Return(values[0].NvmlReturn); ret != lib.SUCCESS {
		return ret
	}
	if celsius := number(&values[0]); celsius > 0 {
		v.Set(tm.Temperature, tm.Memory, celsius)
	}
	return lib.SUCCESS
}

// number is a field's value by its type; zero for types there are none of.
func number(f *lib.FieldValue) float64 {
	bits := binary.NativeEndian.Uint64(f.Value[:])
	low := binary.NativeEndian.Uint32(f.Value[:4])
	switch lib.ValueType(f.ValueType) {
	case lib.VALUE_TYPE_DOUBLE:
		return math.Float64frombits(bits)
	case lib.VALUE_TYPE_UNSIGNED_INT:
		return float64(low)
	case lib.VALUE_TYPE_SIGNED_INT:
		return float64(int32(low))
	case lib.VALUE_TYPE_UNSIGNED_LONG, lib.VALUE_TYPE_UNSIGNED_LONG_LONG:
		return float64(bits)
	case lib.VALUE_TYPE_SIGNED_LONG_LONG:
		return float64(int64(bits))
	}
	return 0
}

// several reads a number for each of some parts. Parts that the card lacks are
// left out; it succeeds with one of them.
func several[K any](parts map[string]K, read func(K) (float64, lib.Return), q tm.Quantity, v *tm.Values) lib.Return {
	result := lib.ERROR_NOT_SUPPORTED
	for part, key := range parts {
		n, ret := read(key)
		switch ret {
		case lib.ERROR_GPU_IS_LOST:
			return ret
		case lib.SUCCESS:
			v.Set(q, part, n)
			result = lib.SUCCESS
		}
	}
	return result
}

func temperatureLimits(d lib.Device, v *tm.Values) lib.Return {
	return several(map[string]lib.TemperatureThresholds{
		"slowdown": lib.TEMPERATURE_THRESHOLD_SLOWDOWN, "shutdown": lib.TEMPERATURE_THRESHOLD_SHUTDOWN,
	}, func(t lib.TemperatureThresholds) (float64, lib.Return) {
		n, ret := d.GetTemperatureThreshold(t)
		return float64(n), ret
	}, tm.TemperatureLimit, v)
}

// maxFans bounds what a driver says of its fans.
const maxFans = 16

func fans(d lib.Device, v *tm.Values) lib.Return {
	count, ret := d.GetNumFans()
	if ret != lib.SUCCESS {
		return ret
	}
	all := map[string]int{}
	for i := range min(count, maxFans) {
		all[strconv.Itoa(i)] = i
	}
	return several(all, func(fan int) (float64, lib.Return) {
		percent, ret := d.GetFanSpeed_v2(fan)
		return float64(percent) / 100, ret
	}, tm.FanSpeed, v)
}

// fanRPM reads the first fan's: the binding asks for no other.
func fanRPM(d lib.Device, v *tm.Values) lib.Return {
	info, ret := d.GetFanSpeedRPM()
	if ret == lib.SUCCESS {
		v.Set(tm.FanRPM, "0", float64(info.Speed))
	}
	return ret
}

func clocks(d lib.Device, v *tm.Values) lib.Return {
	return several(map[string]lib.ClockType{tm.Core: lib.CLOCK_SM, tm.Memory: lib.CLOCK_MEM}, func(c lib.ClockType) (float64, lib.Return) {
		megahertz, ret := d.GetClockInfo(c)
		return float64(megahertz) * 1e6, ret
	}, tm.Clock, v)
}

func utilization(d lib.Device, v *tm.Values) lib.Return {
	rates, ret := d.GetUtilizationRates()
	if ret == lib.SUCCESS {
		v.Set(tm.Utilization, tm.Core, float64(rates.Gpu)/100)
		v.Set(tm.Utilization, tm.Memory, float64(rates.Memory)/100)
	}
	return ret
}

func memory(d lib.Device, v *tm.Values) lib.Return {
	m, ret := d.GetMemoryInfo_v2()
	if ret == lib.SUCCESS {
		v.Set(tm.MemoryUsed, "", float64(m.Used))
		v.Set(tm.MemoryTotal, "", float64(m.Total))
	}
	return ret
}

func oldMemory(d lib.Device, v *tm.Values) lib.Return {
	m, ret := d.GetMemoryInfo()
	if ret == lib.SUCCESS {
		v.Set(tm.MemoryUsed, "", float64(m.Used))
		v.Set(tm.MemoryTotal, "", float64(m.Total))
	}
	return ret
}

// reasons reads why the clocks are not higher (NVML API reference, clocks event
// reasons).
func reasons(get func(lib.Device) (uint64, lib.Return)) func(lib.Device, *tm.Values) lib.Return {
	return func(d lib.Device, v *tm.Values) lib.Return {
		mask, ret := get(d)
		if ret != lib.SUCCESS {
			return ret
		}
		for _, r := range []struct {
			bit  uint64
			name string
		}{
			{lib.ClocksEventReasonGpuIdle, tm.ReasonIdle},
			{lib.ClocksEventReasonApplicationsClocksSetting, tm.ReasonSetClocks},
			{lib.ClocksEventReasonSwPowerCap, "power_cap"},
			{lib.ClocksThrottleReasonHwSlowdown, "hardware_slowdown"},
			{lib.ClocksEventReasonSyncBoost, "sync_boost"},
			{lib.ClocksEventReasonSwThermalSlowdown, "software_thermal"},
			{lib.ClocksThrottleReasonHwThermalSlowdown, "hardware_thermal"},
			{lib.ClocksThrottleReasonHwPowerBrakeSlowdown, "power_brake"},
			{lib.ClocksEventReasonDisplayClockSetting, "display_clocks"},
		} {
			on := 0.0
			if mask&r.bit != 0 {
				on = 1
			}
			v.Set(tm.Throttle, r.name, on)
		}
		return ret
	}
}

// performanceState reads P0 to P15; 32 stands for an unknown one.
func performanceState(d lib.Device, v *tm.Values) lib.Return {
	state, ret := d.GetPerformanceState()
	if ret == lib.SUCCESS && state <= lib.PSTATE_15 {
		v.Set(tm.PerformanceState, "", float64(state))
	}
	return ret
}

// linkRates takes 20 ms a direction: that is how long the driver counts.
func linkRates(d lib.Device, v *tm.Values) lib.Return {
	return several(map[string]lib.PcieUtilCounter{"send": lib.PCIE_UTIL_TX_BYTES, "receive": lib.PCIE_UTIL_RX_BYTES},
		func(c lib.PcieUtilCounter) (float64, lib.Return) {
			kilobytes, ret := d.GetPcieThroughput(c)
			return float64(kilobytes) * 1e3, ret
		}, tm.LinkRate, v)
}

func eccMode(d lib.Device, v *tm.Values) lib.Return {
	current, _, ret := d.GetEccMode()
	if ret == lib.SUCCESS {
		v.Set(tm.ECCEnabled, "", float64(current))
	}
	return ret
}

func eccErrors(d lib.Device, v *tm.Values) lib.Return {
	return several(map[string]lib.MemoryErrorType{"corrected": lib.MEMORY_ERROR_TYPE_CORRECTED, "uncorrected": lib.MEMORY_ERROR_TYPE_UNCORRECTED},
		func(e lib.MemoryErrorType) (float64, lib.Return) {
			n, ret := d.GetTotalEccErrors(e, lib.AGGREGATE_ECC)
			return float64(n), ret
		}, tm.ECCErrors, v)
}
