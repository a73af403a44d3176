package amdgpu

import (
	"fmt"
	"strconv"
	"strings"

	tm "github.com/aditmine/adit/gpu/telemetry"
)

// sensors reads all that a card shows. Files that are missing, or hold what
// they should not, leave their value out.
func sensors(card folder, v *tm.Values) {
	for _, h := range card.in("hwmon/hwmon*") {
		temperatures(h, v)
		fan(h, v)
		power(h, v)
		clocks(h, v)
	}
	coarseClocks(card, v)
	set(v, tm.Utilization, tm.Core, 0.01)(card.number("gpu_busy_percent"))
	set(v, tm.Utilization, tm.Memory, 0.01)(card.number("mem_busy_percent"))
	set(v, tm.MemoryUsed, "", 1)(card.number("mem_info_vram_used"))
	set(v, tm.MemoryTotal, "", 1)(card.number("mem_info_vram_total"))
	set(v, tm.LinkGeneration, "", 1)(generation(card.text("current_link_speed")))
	set(v, tm.LinkGenerationMax, "", 1)(generation(card.text("max_link_speed")))
	set(v, tm.LinkWidth, "", 1)(card.number("current_link_width"))
	set(v, tm.LinkWidthMax, "", 1)(card.number("max_link_width"))
	set(v, tm.LinkReplays, "", 1)(card.number("pcie_replay_count"))
	memoryErrors(card, v)
}

// set stores a number that was read, times a factor.
func set(v *tm.Values, q tm.Quantity, part string, factor float64) func(n float64, ok bool) {
	return func(n float64, ok bool) {
		if _, twice := v.Get(q, part); ok && !twice {
			v.Set(q, part, n*factor)
		}
	}
}

// temperatures reads temp1 to temp3, in thousandths of a degree, whose labels
// say what they are of. The oldest cards have one, without a label.
func temperatures(h folder, v *tm.Values) {
	for i := 1; i <= 3; i++ {
		file := func(what string) string { return fmt.Sprintf("temp%d_%s", i, what) }
		part := map[string]string{"edge": tm.Core, "junction": tm.Junction, "mem": tm.Memory}[h.text(file("label"))]
		if part == "" && i == 1 {
			part = tm.Core
		}
		if part == "" {
			continue
		}
		set(v, tm.Temperature, part, 1e-3)(h.number(file("input")))
		if part == tm.Core {
			set(v, tm.TemperatureLimit, "slowdown", 1e-3)(h.number(file("crit")))
			set(v, tm.TemperatureLimit, "shutdown", 1e-3)(h.number(file("emergency")))
		}
	}
}

// fan reads the one fan that the driver knows of.
func fan(h folder, v *tm.Values) {
	set(v, tm.FanRPM, "0", 1)(h.number("fan1_input"))
	level, ok := h.number("pwm1")
	most, known := h.number("pwm1_max")
	if !known || most == 0 {
		most = 255 // what hwmon's documentation says
	}
	set(v, tm.FanSpeed, "0", 1/most)(level, ok)
}

// power reads microwatts: an average where there is one, otherwise of now.
func power(h folder, v *tm.Values) {
	set(v, tm.Power, "", 1e-6)(h.number("power1_average"))
	set(v, tm.Power, "", 1e-6)(h.number("power1_input"))
	set(v, tm.PowerLimit, "", 1e-6)(h.number("power1_cap"))
	set(v, tm.PowerDefaultLimit, "", 1e-6)(h.number("power1_cap_default"))
	set(v, tm.Energy, "", 1e-6)(h.number("energy1_input"))
}

// clocks reads hertz, by label.
func clocks(h folder, v *tm.Values) {
	for _, i := range []string{"1", "2"} {
		if part := map[string]string{"sclk": tm.Core, "mclk": tm.Memory}[h.text("freq"+i+"_label")]; part != "" {
			set(v, tm.Clock, part, 1)(h.number("freq" + i + "_input"))
		}
	}
}

// coarseClocks reads the clocks of cards whose hwmon shows none: the level that
// is marked with a star, such as "2: 1200Mhz *".
func coarseClocks(card folder, v *tm.Values) {
	for file, part := range map[string]string{"pp_dpm_sclk": tm.Core, "pp_dpm_mclk": tm.Memory} {
		for line := range strings.Lines(card.text(file)) {
			_, level, _ := strings.Cut(line, ":")
			text, marked := strings.CutSuffix(strings.TrimSpace(level), "*")
			megahertz, isMHz := strings.CutSuffix(strings.ToLower(strings.TrimSpace(text)), "mhz")
			n, err := strconv.ParseUint(megahertz, 10, 32)
			set(v, tm.Clock, part, 1e6)(float64(n), marked && isMHz && err == nil)
		}
	}
}

// generation is the PCI Express generation of a link by its speed, such as
// "16.0 GT/s PCIe".
func generation(speed string) (float64, bool) {
	rate, _, _ := strings.Cut(speed, " GT/s")
	n, ok := map[string]float64{"2.5": 1, "5.0": 2, "5": 2, "8.0": 3, "8": 3, "16.0": 4, "16": 4, "32.0": 5, "32": 5, "64.0": 6, "64": 6}[rate]
	return n, ok
}

// memoryErrors reads the counters of cards whose memory corrects errors.
func memoryErrors(card folder, v *tm.Values) {
	counts := card.pairs("ras/umc_err_count", ":")
	for name, part := range map[string]string{"ce": "corrected", "ue": "uncorrected"} {
		n, err := strconv.ParseUint(counts[name], 10, 63)
		set(v, tm.ECCErrors, part, 1)(float64(n), err == nil)
	}
}
