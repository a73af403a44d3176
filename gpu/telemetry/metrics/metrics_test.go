package metrics

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu/telemetry"
)

func card(bus string) telemetry.State {
	s := telemetry.State{Reading: telemetry.Reading{
		Card: telemetry.Card{Source: "nvml", UUID: "GPU-" + bus, Bus: bus, Name: "NVIDIA Test", Driver: "550.54", Firmware: "94"},
		Time: time.Unix(1000, 5e8),
	}}
	s.Values.Set(telemetry.Temperature, telemetry.Core, 61)
	s.Values.Set(telemetry.Temperature, telemetry.Memory, 78)
	s.Values.Set(telemetry.Energy, "", 5000.5)
	return s
}

func collect(t *testing.T, cards ...telemetry.State) prometheus.Collector {
	t.Helper()
	return New(func() telemetry.Snapshot {
		return telemetry.Snapshot{Cards: cards, Sources: []telemetry.Status{{Source: "nvml", Cards: 1}, {Source: "amdgpu", Problem: "none"}}}
	})
}

// text is what a scrape gets; it must pass Prometheus's own checks of names.
func text(t *testing.T, c prometheus.Collector) string {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(c))
	families, err := registry.Gather()
	require.NoError(t, err)
	var out strings.Builder
	for _, f := range families {
		_, err := expfmt.MetricFamilyToText(&out, f)
		require.NoError(t, err)
	}
	problems, err := promlint.New(strings.NewReader(out.String())).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
	return out.String()
}

func TestMetrics(t *testing.T) {
	require.Equal(t, `# HELP adit_gpu_energy_joules_total Energy drawn since the driver was loaded.
# TYPE adit_gpu_energy_joules_total counter
adit_gpu_energy_joules_total{bus="0000:01:00.0",name="NVIDIA Test",uuid="GPU-0000:01:00.0"} 5000.5
# HELP adit_gpu_info 1 for each card; its labels say what it is.
# TYPE adit_gpu_info gauge
adit_gpu_info{bus="0000:01:00.0",driver="550.54",firmware="94",name="NVIDIA Test",source="nvml",uuid="GPU-0000:01:00.0"} 1
# HELP adit_gpu_last_sample_timestamp_seconds When the card was read last, Unix time.
# TYPE adit_gpu_last_sample_timestamp_seconds gauge
adit_gpu_last_sample_timestamp_seconds{bus="0000:01:00.0",name="NVIDIA Test",uuid="GPU-0000:01:00.0"} 1000.5
# HELP adit_gpu_lost 1 when the driver does not reach the card any more.
# TYPE adit_gpu_lost gauge
adit_gpu_lost{bus="0000:01:00.0",name="NVIDIA Test",uuid="GPU-0000:01:00.0"} 0
# HELP adit_gpu_stale 1 when the driver has not answered for several intervals; the card has no sensors then.
# TYPE adit_gpu_stale gauge
adit_gpu_stale{bus="0000:01:00.0",name="NVIDIA Test",uuid="GPU-0000:01:00.0"} 0
# HELP adit_gpu_temperature_celsius Temperature: of the core, of its hottest spot (junction), of the memory.
# TYPE adit_gpu_temperature_celsius gauge
adit_gpu_temperature_celsius{bus="0000:01:00.0",name="NVIDIA Test",sensor="core",uuid="GPU-0000:01:00.0"} 61
adit_gpu_temperature_celsius{bus="0000:01:00.0",name="NVIDIA Test",sensor="memory",uuid="GPU-0000:01:00.0"} 78
# HELP adit_telemetry_source_up 1 while this source of telemetry answers.
# TYPE adit_telemetry_source_up gauge
adit_telemetry_source_up{source="amdgpu"} 0
adit_telemetry_source_up{source="nvml"} 1
`, text(t, collect(t, card("0000:01:00.0"))))
}

func TestOldReadingsAreNotShown(t *testing.T) {
	for _, change := range []func(*telemetry.State){
		func(s *telemetry.State) { s.Lost = true },
		func(s *telemetry.State) { s.Stale = true },
	} {
		s := card("0000:01:00.0")
		change(&s)
		shown := text(t, collect(t, s))
		require.NotContains(t, shown, "adit_gpu_temperature_celsius")
		require.Contains(t, shown, "adit_gpu_lost{")
		require.Contains(t, shown, "adit_gpu_info{")
	}
}

func TestHostileNamesAndTwins(t *testing.T) {
	odd := card("0000:01:00.0")
	odd.Name = "bad \xff name\n\""
	shown := text(t, collect(t, odd, odd, card("0000:02:00.0")))
	require.Equal(t, 2, strings.Count(shown, "adit_gpu_info{"), "the second of two that look the same is left out")
	require.Contains(t, shown, `name="bad ? name\n\""`)
}

// TestEveryQuantityIsRegistered: a card that tells everything.
func TestEveryQuantityIsRegistered(t *testing.T) {
	s := telemetry.State{}
	for _, q := range telemetry.Quantities() {
		s.Values.Set(q, map[bool]string{true: "part"}[q.Info().Label != ""], 1)
	}
	shown := text(t, collect(t, s))
	for _, q := range telemetry.Quantities() {
		require.Contains(t, shown, "\nadit_gpu_"+q.Info().Name+"{", q.Info().Name)
	}
}
