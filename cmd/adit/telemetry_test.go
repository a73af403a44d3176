package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/gpu/telemetry"
)

// fakeCards is a source of fixed readings.
type fakeCards []telemetry.Reading

func (f fakeCards) Read() ([]telemetry.Reading, error) {
	return append([]telemetry.Reading(nil), f...), nil
}
func (f fakeCards) Close() error { return nil }

// twoCards are one that works and one that is lost.
func twoCards() fakeCards {
	works := telemetry.Reading{Card: telemetry.Card{Source: "fake", UUID: "GPU-1", Bus: "0000:01:00.0", Name: "Fake 9000", Driver: "550.1"}}
	works.Values.Set(telemetry.Temperature, telemetry.Core, 61)
	works.Values.Set(telemetry.Power, "", 123.5)
	lost := telemetry.Reading{Card: telemetry.Card{Source: "fake", UUID: "GPU-2", Bus: "0000:02:00.0", Name: "Fake 9000"}, Lost: true}
	return fakeCards{works, lost}
}

func fakeOpeners() []telemetry.Opener {
	return []telemetry.Opener{
		{Name: "fake", Open: func() (telemetry.Source, error) { return twoCards(), nil }},
		{Name: "none", Open: func() (telemetry.Source, error) { return nil, gpu.ErrNoDriver }},
	}
}

func TestTelemetryFlags(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"--json", "--json needs --once"}, {"--interval 10ms", "--interval 10ms"}, {"--interval 2h", "--interval 2h"}, {"here", "unknown command"},
	} {
		status, _, errs := adit(append([]string{"telemetry"}, strings.Fields(c.args)...)...)
		require.Equal(t, exitUsage, status, errs)
		require.Contains(t, errs, c.want)
	}
	status, _, errs := adit("telemetry", "--listen", "127.0.0.1:port")
	require.Equal(t, exitFailure, status)
	require.Contains(t, errs, "opening the exporter")
}

// TestTelemetryOnThisMachine names every source, whatever there is.
func TestTelemetryOnThisMachine(t *testing.T) {
	status, out, _ := adit("telemetry", "--once")
	require.Equal(t, exitOK, status)
	require.Contains(t, out, "nvml:")
	require.Contains(t, out, "amdgpu:")
	status, out, _ = adit("telemetry", "--once", "--json")
	require.Equal(t, exitOK, status)
	require.Contains(t, out, `"sources"`)
}

func TestTelemetryTable(t *testing.T) {
	var out strings.Builder
	require.NoError(t, (&telemetryFlags{}).show(&out, fakeOpeners()))
	require.Equal(t, `fake:  2 cards
none:  no driver, or no device

Fake 9000 at 0000:01:00.0
  uuid                      GPU-1
  driver                    550.1
  temperature_celsius core  61
  power_watts               123.5

Fake 9000 at 0000:02:00.0
  lost: the driver does not reach it any more
  uuid  GPU-2
`, out.String())
}

func TestTelemetryExporter(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	url := "http://" + l.Addr().String()
	sampler := telemetry.NewSampler(time.Hour, nil, fakeOpeners()...)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- exportTelemetry(ctx, l, sampler) }()
	get := func(path string) (int, string) {
		res, err := http.Get(url + path)
		require.NoError(t, err)
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res.StatusCode, string(body)
	}
	require.Eventually(t, func() bool {
		_, body := get("/metrics")
		return strings.Contains(body, `adit_gpu_power_watts{bus="0000:01:00.0",name="Fake 9000",uuid="GPU-1"} 123.5`)
	}, 20*time.Second, 10*time.Millisecond)
	_, body := get("/metrics")
	require.Contains(t, body, `adit_gpu_lost{bus="0000:02:00.0",name="Fake 9000",uuid="GPU-2"} 1`)
	require.Contains(t, body, `adit_telemetry_source_up{source="none"} 0`)
	status, body := get("/")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "Fake 9000 at 0000:01:00.0")
	status, _ = get("/other")
	require.Equal(t, http.StatusNotFound, status)
	res, err := http.Post(url+"/metrics", "text/plain", nil)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusMethodNotAllowed, res.StatusCode)
	stop()
	require.NoError(t, <-done)
}

func TestTelemetryExporterEndsWithItsListener(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	err = exportTelemetry(t.Context(), l, telemetry.NewSampler(time.Hour, nil, fakeOpeners()...))
	require.True(t, errors.Is(err, net.ErrClosed), "%v", err)
}
