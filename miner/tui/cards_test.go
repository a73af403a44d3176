package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu/telemetry"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/miner"
	"github.com/aditmine/adit/miner/watchdog"
)

// rig is a miner with a thread and four cards.
func rig() miner.Snapshot {
	s := busy(1)
	for i, r := range []float64{1.25e6, 1.31e6, 0, 402} {
		bus := []string{"0000:01:00.0", "0000:02:00.0", "0000:03:00.0", "0000:0a:00.0"}[i]
		s.Workers = append(s.Workers, miner.Worker{
			Info:  hash.SearcherInfo{Backend: "cuda", Device: "CUDA " + string(rune('0'+i)) + " Fake", Impl: "cuda", Bus: bus},
			Rates: rates(r), Watch: &watchdog.Status{State: watchdog.Working, Bus: bus},
		})
	}
	s.Workers[3].Watch = &watchdog.Status{State: watchdog.Dropped, Troubles: map[watchdog.Trouble]uint64{watchdog.Hung: 3},
		Last: "the driver does not answer", LastTrouble: watchdog.Hung}
	return s
}

// fakeSensors are those of the rig's cards: one that is well, one that is hot
// and throttled, one that is lost, and one that tells little.
func fakeSensors() telemetry.Snapshot {
	well := fakeCard("0000:01:00.0", 61, 123)
	hot := fakeCard("0000:02:00.0", 89, 150)
	hot.Values.Set(telemetry.Throttle, "hardware_thermal", 1)
	hot.Values.Set(telemetry.Throttle, "power_cap", 1)
	lost := telemetry.State{Reading: telemetry.Reading{Card: fakeCard("0000:03:00.0", 0, 0).Card, Lost: true}}
	old := telemetry.State{Reading: telemetry.Reading{Card: telemetry.Card{Source: "amdgpu", Bus: "0000:0a:00.0", Name: "AMD 67df"}}}
	old.Values.Set(telemetry.Temperature, telemetry.Core, 45)
	return telemetry.Snapshot{Cards: []telemetry.State{well, hot, lost, old}}
}

func fakeCard(bus string, celsius, watts float64) telemetry.State {
	s := telemetry.State{Reading: telemetry.Reading{
		Card: telemetry.Card{Source: "nvml", UUID: "GPU-5e0f-" + bus, Bus: bus, Name: "NVIDIA Fake 9000 Ti", Driver: "550.54"}, Time: noon,
	}}
	for _, v := range []telemetry.Value{
		{Quantity: telemetry.Temperature, Part: telemetry.Core, Number: celsius}, {Quantity: telemetry.Temperature, Part: telemetry.Memory, Number: celsius + 12},
		{Quantity: telemetry.TemperatureLimit, Part: "slowdown", Number: 90},
		{Quantity: telemetry.FanSpeed, Part: "0", Number: 0.45}, {Quantity: telemetry.FanRPM, Part: "0", Number: 1432},
		{Quantity: telemetry.Power, Number: watts}, {Quantity: telemetry.PowerLimit, Number: 150}, {Quantity: telemetry.Energy, Number: 7.2e6},
		{Quantity: telemetry.Clock, Part: telemetry.Core, Number: 1.41e9}, {Quantity: telemetry.Clock, Part: telemetry.Memory, Number: 7.001e9},
		{Quantity: telemetry.Utilization, Part: telemetry.Core, Number: 0.99}, {Quantity: telemetry.Utilization, Part: telemetry.Memory, Number: 0.4},
		{Quantity: telemetry.MemoryUsed, Number: 3 << 30}, {Quantity: telemetry.MemoryTotal, Number: 8 << 30},
		{Quantity: telemetry.LinkGeneration, Number: 3}, {Quantity: telemetry.LinkGenerationMax, Number: 4},
		{Quantity: telemetry.LinkWidth, Number: 1}, {Quantity: telemetry.LinkWidthMax, Number: 16},
	} {
		s.Values = append(s.Values, v)
	}
	return s
}

// oddSensors are more cards than fit, with names and numbers that do not fit.
func oddSensors() telemetry.Snapshot {
	s := fakeSensors()
	wide := fakeCard(strings.Repeat("ff", 60), 1e12, 1e15)
	wide.Name = strings.Repeat("wide 界 ", 40)
	wide.Values.Set(telemetry.Throttle, strings.Repeat("reason", 50), 1)
	stale := fakeCard("0000:0b:00.0", 50, 100)
	stale.Stale, stale.Time = true, noon.Add(-time.Minute)
	s.Cards = append(s.Cards, wide, stale)
	for range 6 {
		s.Cards = append(s.Cards, telemetry.State{})
	}
	return s
}

func TestCardsWithoutAnswersShowNoValues(t *testing.T) {
	s := fakeCard("0000:01:00.0", 61, 123)
	s.Stale, s.Time = true, noon.Add(-40*time.Second)
	opts := Options{Sensors: func() telemetry.Snapshot { return telemetry.Snapshot{Cards: []telemetry.State{s}} }}
	view := screen(rig(), opts, 120, 40).View()
	require.Contains(t, view, "~ no answer for 40s")
	require.NotContains(t, view, "61°C")
	require.NotContains(t, view, "/J")
}

func TestNoSensors(t *testing.T) {
	m, _ := press(screen(busy(1), Options{}, 80, 24), "g")
	require.Contains(t, m.View(), "adit telemetry --once")
	require.NotContains(t, screen(busy(1), Options{}, 80, 24).View(), "g gpus")
}
