package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu"
	gpubench "github.com/aditmine/adit/gpu/bench"
	"github.com/aditmine/adit/gpu/telemetry"
	gputune "github.com/aditmine/adit/gpu/tune"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// trialCard is a card that hashes with the processor, and notes its options.
type trialCard struct {
	opened []gpu.Options
	wrong  bool
}

func (c *trialCard) open(_ int, o gpu.Options) (hash.Searcher, error) {
	c.opened = append(c.opened, o)
	s, err := cpu.NewSearcher(cpu.SearcherOptions{Lanes: func(*hash.Algorithm) int { return 4 }})
	return &trialSearcher{s, c}, err
}

type trialSearcher struct {
	hash.Searcher
	card *trialCard
}

func (s *trialSearcher) Search(start, count uint64, hits []hash.Hit) ([]hash.Hit, uint64, error) {
	from := len(hits)
	hits, done, err := s.Searcher.Search(start, min(count, 64), hits)
	for i := range hits[from:] {
		if s.card.wrong {
			hits[from+i].Digest[0] ^= 1
		}
	}
	return hits, done, err
}

// twoBackends are a CUDA card that OpenCL knows too, and another of OpenCL's,
// beside a processor.
func twoBackends(c *trialCard) []gpuBackend {
	list := func(devices ...gpu.Device) func() ([]gpu.Device, error) {
		return func() ([]gpu.Device, error) { return devices, nil }
	}
	return []gpuBackend{
		{"cuda", list(gpu.Device{Backend: "cuda", Kind: gpu.Card, Name: "First", Bus: "0000:01:00.0", Driver: "1", Memory: 1 << 30}), c.open},
		{"opencl", list(
			gpu.Device{Backend: "opencl", Index: 0, Kind: gpu.Processor, Name: "CPU"},
			gpu.Device{Backend: "opencl", Index: 1, Kind: gpu.Card, Name: "First", Bus: "0000:01:00.0"},
			gpu.Device{Backend: "opencl", Index: 2, Kind: gpu.Card, Name: "Second", Bus: "0000:02:00.0"}), c.open},
	}
}

func TestChooseDevices(t *testing.T) {
	for _, c := range []struct {
		list string
		cpu  bool
		want []string
	}{
		{"cpu", true, nil},
		{"all", true, []string{"cuda:0", "opencl:2"}},
		{"gpu", false, []string{"cuda:0", "opencl:2"}},
		{"opencl", false, []string{"opencl:1", "opencl:2"}},
		{"opencl,cuda", false, []string{"opencl:1", "opencl:2", "cuda:0"}},
		{"OpenCL:0, cpu", true, []string{"opencl:0"}},
		{"opencl:2,opencl:2,opencl", false, []string{"opencl:2", "opencl:1"}},
	} {
		set, err := chooseDevices(c.list, twoBackends(&trialCard{}))
		require.NoError(t, err, c.list)
		var got []string
		for _, d := range set.cards {
			got = append(got, d.id())
		}
		require.Equal(t, c.want, got, c.list)
		require.Equal(t, c.cpu, set.cpu, c.list)
	}
	for list, want := range map[string]string{
		"": "want cpu", "vulkan": "want cpu", "opencl:x": "want cpu", "cuda:7": "no such device",
	} {
		_, err := chooseDevices(list, twoBackends(&trialCard{}))
		require.ErrorContains(t, err, want)
		require.True(t, asUsage(err))
	}
	none := []gpuBackend{
		{"cuda", func() ([]gpu.Device, error) { return nil, gpu.ErrNoDriver }, nil},
		{"opencl", func() ([]gpu.Device, error) { return nil, gpu.ErrNotBuilt }, nil},
	}
	_, err := chooseDevices("gpu", none)
	require.ErrorContains(t, err, "no GPU was found (cuda: no driver, or no device; opencl: this adit was built without it)")
	_, err = chooseDevices("cuda:0", none)
	require.ErrorContains(t, err, "no driver")
	set, err := chooseDevices("all", none)
	require.NoError(t, err)
	require.True(t, set.cpu)
	require.Len(t, set.skipped, 2)
}

// surveyOn is a benchmark of fake cards.
func surveyOn(t *testing.T, c *trialCard, f surveyFlags, algorithms string) (b *surveyBench, out, errs *bytes.Buffer) {
	t.Helper()
	chosen, err := parseAlgorithms(algorithms)
	require.NoError(t, err)
	out, errs = &bytes.Buffer{}, &bytes.Buffer{}
	return &surveyBench{
		surveyFlags: f, options: benchOptions{algorithms: chosen, threads: 1, duration: 40 * time.Millisecond},
		out: out, errs: errs, backends: twoBackends(c),
		openers: []telemetry.Opener{{Name: "none", Open: func() (telemetry.Source, error) { return nil, gpu.ErrNoDriver }}},
	}, out, errs
}

func TestSubmitFormat(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	b, out, errs := surveyOn(t, &trialCard{}, surveyFlags{device: "cpu,opencl:2", submit: true}, "eaglesong,cn/upx2")
	require.NoError(t, b.run(t.Context()))
	text := out.String()
	require.Contains(t, errs.String(), "95% INTERVAL", "a table on the side")
	report, err := gpubench.Read(out)
	require.NoError(t, err)
	require.Equal(t, version, report.Adit.Version)
	require.Equal(t, cpu.Model(), report.Machine.CPU)
	require.Equal(t, []gpubench.Device{
		{ID: "cpu", Kind: "cpu", Name: cpu.Model(), Units: report.Machine.Cores},
		{ID: "opencl:2", Kind: "gpu", Name: "Second"},
	}, report.Devices)
	require.Len(t, report.Rows, 4)
	for _, row := range report.Rows {
		require.Positive(t, row.Rate.Median)
		require.Positive(t, row.Hits.Verified)
		require.Contains(t, []string{"default", "given"}, row.Origin)
	}
	host, err := os.Hostname()
	require.NoError(t, err)
	require.NotContains(t, text, `"`+host+`"`)
	require.NotContains(t, text, "0000:0", "no bus ids: they differ between rigs")
}

func TestBenchTableOfDevices(t *testing.T) {
	b, out, _ := surveyOn(t, &trialCard{}, surveyFlags{device: "gpu"}, "eaglesong")
	require.NoError(t, b.run(t.Context()))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 3)
	require.Equal(t, []string{"DEVICE", "ALGO", "RATE", "95%", "INTERVAL", "POWER", "H/J", "VERIFIED", "SETTINGS"}, strings.Fields(lines[0]))
	require.Regexp(t, `^cuda:0 +eaglesong .*H/s.* ok +default$`, lines[1])

	b, out, _ = surveyOn(t, &trialCard{}, surveyFlags{device: "cuda:0", card: gpuOptionFlags{gpu.Options{WorkSize: 32}}}, "eaglesong")
	b.json = true
	require.NoError(t, b.run(t.Context()))
	var row gpubench.Row
	require.NoError(t, json.Unmarshal(out.Bytes(), &row))
	require.Equal(t, map[string]int{"intensity": 0, "work_size": 32, "unroll": 0}, row.Settings)
	require.Equal(t, "given", row.Origin)
}

func TestWrongHitsFailTheBenchmark(t *testing.T) {
	b, out, _ := surveyOn(t, &trialCard{wrong: true}, surveyFlags{device: "cuda:0"}, "cn/upx2")
	err := b.run(t.Context())
	require.ErrorContains(t, err, "1 of 1 measurements failed, the first: cuda:0 cn/upx2:")
	require.Contains(t, out.String(), "FAIL")
}

// saved writes a report with one row.
func saved(t *testing.T, name string, rates ...float64) string {
	t.Helper()
	r := gpubench.Report{Schema: gpubench.Schema, Devices: []gpubench.Device{{ID: "cuda:0", Name: name}}}
	row := gpubench.Row{Device: "cuda:0", Algo: "cn/r"}
	row.Put(&gpubench.Result{Rate: gpubench.NewRate(rates), Windows: rates}, nil)
	r.Rows = append(r.Rows, row)
	path := filepath.Join(t.TempDir(), name+".json")
	var text bytes.Buffer
	require.NoError(t, r.Write(&text))
	require.NoError(t, os.WriteFile(path, text.Bytes(), 0o600))
	return path
}

func TestCompareFiles(t *testing.T) {
	old := saved(t, "Old", 100, 100, 100, 100, 101, 99)
	slow := saved(t, "New", 90, 90, 90, 90, 91, 89)
	status, out, errs := adit("bench", "--compare", old, "--with", slow)
	require.Equal(t, exitSlower, status)
	require.Contains(t, out, "0.900  0.881 - 0.919  (New, was Old)")
	require.Contains(t, errs, "cuda:0 cn/r at 0.90 of the old rate is the worst")
	status, _, errs = adit("bench", "--compare", old, "--with", slow, "--tolerance", "0.15")
	require.Equal(t, exitOK, status, errs)
	status, _, errs = adit("bench", "--compare", slow, "--with", old)
	require.Equal(t, exitOK, status, errs)
	status, _, errs = adit("bench", "--compare", filepath.Join(t.TempDir(), "none"), "--with", old)
	require.Equal(t, exitFailure, status)
	require.Contains(t, errs, "opening a report")

	b, out2, _ := surveyOn(t, &trialCard{}, surveyFlags{device: "cuda:0", compare: old}, "eaglesong")
	require.ErrorContains(t, b.run(t.Context()), "no device and algorithm in common")
	require.Contains(t, out2.String(), "cuda:0 cn/r: only in the old report")
}

func TestSurveyUsage(t *testing.T) {
	for _, args := range [][]string{
		{"bench", "--with", "x"}, {"bench", "--compare", "x", "--tolerance", "1"}, {"bench", "--compare", "x", "--tolerance", "NaN"},
		{"bench", "--device", "nonsense"}, {"bench", "--device", "cuda:0", "--work-size", "3"},
		{"gpu-check", "--budget", "0s"}, {"gpu-check", "--seconds", "0"}, {"gpu-check", "-a", "x"}, {"gpu-check", "--unroll", "3"},
		{"tune", "--device", "nonsense"}, {"tune", "--intensity", "-1"},
	} {
		status, out, errs := adit(args...)
		require.Equal(t, exitUsage, status, "%v: %s", args, errs)
		require.Empty(t, out)
	}
}

func checkOn(t *testing.T, c *trialCard, device, algorithms string) *gpuCheck {
	t.Helper()
	chosen, err := parseAlgorithms(algorithms)
	require.NoError(t, err)
	return &gpuCheck{
		algorithms: chosen, device: device, budget: 10 * time.Minute, seconds: 0.04,
		output: filepath.Join(t.TempDir(), "folder", "rig.json"), backends: twoBackends(c),
	}
}

func TestGPUCheck(t *testing.T) {
	card := &trialCard{}
	c := checkOn(t, card, "gpu", "eaglesong,cn/upx2")
	var out bytes.Buffer
	require.NoError(t, c.run(t.Context(), &out))
	require.Regexp(t, `(?m)^cuda:0 +cn/upx2 +\d+ hashes right: vectors, random messages, many hits, several batches, ends of the nonces$`, out.String())
	require.Contains(t, out.String(), "20 checks, 0 failed")
	text, err := os.ReadFile(c.output)
	require.NoError(t, err)
	report, err := gpubench.Read(bytes.NewReader(text))
	require.NoError(t, err)
	require.Len(t, report.Checks, 20)
	require.Len(t, report.Rows, 4)
	summary, err := os.ReadFile(strings.TrimSuffix(c.output, ".json") + ".txt")
	require.NoError(t, err)
	require.Equal(t, out.String(), string(summary))
	require.Equal(t, checkIntensity, card.opened[1].Intensity, "checks have small batches")
}

func TestGPUCheckFails(t *testing.T) {
	c := checkOn(t, &trialCard{wrong: true}, "cuda:0", "cn/upx2")
	var out bytes.Buffer
	require.ErrorContains(t, c.run(t.Context(), &out), "cuda:0 cn/upx2, vectors:")
	require.Contains(t, out.String(), "skipped: it did not pass the checks")
	require.FileExists(t, c.output, "the report of a failure is of use, too")

	c = checkOn(t, &trialCard{}, "gpu", "eaglesong")
	c.backends = nil
	require.ErrorContains(t, c.run(t.Context(), &out), "no GPU was found")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c = checkOn(t, &trialCard{}, "gpu", "eaglesong")
	require.ErrorIs(t, c.run(ctx, &out), context.Canceled)
	require.FileExists(t, c.output)
}

// What tuning a card finds is used by the benchmark and the miner, but not in
// the place of what somebody chose.
func TestTunedCards(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	card := &trialCard{}
	backend := twoBackends(card)[0]
	set, err := chooseDevices("cuda:0", []gpuBackend{backend})
	require.NoError(t, err)
	algorithms, err := parseAlgorithms("eaglesong,cn/upx2")
	require.NoError(t, err)
	var out, errs bytes.Buffer
	tune := tuner{out: &out, trace: &errs, slice: time.Millisecond, json: true}
	require.NoError(t, tune.cards(t.Context(), set, algorithms[:1], gpu.Options{}))
	require.Contains(t, errs.String(), "work size 128")
	require.Contains(t, out.String(), `"device":"cuda:0","algo":"eaglesong"`)
	device := &set.cards[0].Device
	_, origin := tunedOptions(device, algorithms[0], gpu.Options{})
	require.Equal(t, "tuned", origin)
	_, origin = tunedOptions(device, algorithms[1], gpu.Options{})
	require.Equal(t, "default", origin)

	file, err := gpuTuningFile(device)
	require.NoError(t, err)
	require.NoError(t, file.Save(algorithms[0], gputune.Setting{Intensity: 96, WorkSize: 32, Rate: 1}))
	given := gpu.Options{WorkSize: 64}
	options, origin := tunedOptions(device, algorithms[0], given)
	require.Equal(t, gpu.Options{Intensity: 96, WorkSize: 64}, options)
	require.Equal(t, "tuned", origin)

	s, err := openTuned(backend, *device, given)
	require.NoError(t, err)
	defer s.Close()
	for i, want := range []gpu.Options{{Intensity: 96, WorkSize: 64}, given} {
		a := algorithms[i]
		require.NoError(t, s.SetWork(&hash.Work{Algorithm: a, Blob: make([]byte, 48), NonceOffset: a.NonceOffset, NonceSize: 4}))
		require.Equal(t, want, card.opened[len(card.opened)-1])
	}
	require.True(t, errors.Is((&tuner{out: &out, trace: &errs}).cards(canceled(t), set, algorithms, gpu.Options{}), context.Canceled))
}

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
