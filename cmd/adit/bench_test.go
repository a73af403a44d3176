package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/hash/cpu/tune"
)

func TestBenchJSON(t *testing.T) {
	out, err := runCmd(t.Context(), newBenchCmd(), nil,
		"-a", "eaglesong,cn/upx2", "-t", "2", "--seconds", "0.05", "--json")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 2)
	for i, algo := range []string{"eaglesong", "cn/upx2"} {
		var keys map[string]any
		require.NoError(t, json.Unmarshal([]byte(lines[i]), &keys))
		want := []string{"algo", "backend", "device", "impl", "threads", "lanes", "hashes", "seconds", "rate", "huge_pages_percent"}
		require.Len(t, keys, len(want))
		for _, key := range want {
			require.Contains(t, keys, key)
		}
		var row benchRow
		require.NoError(t, json.Unmarshal([]byte(lines[i]), &row))
		require.Equal(t, algo, row.Algo)
		require.Equal(t, "cpu", row.Backend)
		require.Equal(t, cpu.Model(), row.Device)
		a, err := hash.Lookup(algo)
		require.NoError(t, err)
		best, err := cpu.Best(a)
		require.NoError(t, err)
		require.Equal(t, best.Name, row.Impl)
		require.Equal(t, best.DefaultLanes, row.Lanes)
		require.Equal(t, 2, row.Threads)
		require.Equal(t, a.Scratchpad > 0, row.HugePages != nil)
		require.GreaterOrEqual(t, row.Hashes, uint64(2), "each thread searched")
		require.GreaterOrEqual(t, row.Seconds, 0.05)
		require.InEpsilon(t, float64(row.Hashes)/row.Seconds, row.Rate, 1e-9)
	}
}

func TestBenchTable(t *testing.T) {
	out, err := runCmd(t.Context(), newBenchCmd(), nil, "-a", "eaglesong", "-t", "1", "--seconds", "0.01")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 3)
	require.Equal(t, cpu.Model(), lines[0])
	require.Equal(t, []string{"ALGO", "IMPL", "THREADS", "LANES", "HUGE", "HASHES", "SECONDS", "RATE"}, strings.Fields(lines[1]))
	require.Contains(t, lines[2], "eaglesong")
	require.Contains(t, lines[2], "H/s")
}

func TestBenchUsage(t *testing.T) {
	for _, args := range [][]string{
		{"-a", "nonsense"}, {"-a", ""}, {"-a", "eaglesong,"}, {"-t", "-1"}, {"--lanes", "99"}, {"-t", "100000"},
		{"--seconds", "0"}, {"--seconds", "-1"}, {"--seconds", "NaN"}, {"--seconds", "1e300"},
	} {
		_, err := runCmd(t.Context(), newBenchCmd(), nil, args...)
		require.True(t, asUsage(err), "%v: %v", args, err)
	}
}

// Interrupted, bench reports what it has and leaves the rest out.
func TestBenchInterrupted(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var out bytes.Buffer
	options := benchOptions{algorithms: hash.All(), threads: 1, duration: time.Hour}
	err := bench(ctx, options, benchJSON{&out})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, 1, strings.Count(out.String(), "\n"))
	require.Contains(t, out.String(), `"algo":"cn/0"`)
}

// Every algorithm can be benched: the work suits it.
func TestBenchWorkSuitsEveryAlgorithm(t *testing.T) {
	for _, a := range hash.All() {
		w := tune.Work(a)
		require.NoError(t, a.CheckInput(&hash.Input{Blob: w.Blob, Height: w.Height}))
		require.LessOrEqual(t, w.NonceOffset+w.NonceSize, len(w.Blob))
		worker, err := newBenchWorker(3, cpuSetting{threads: 4}, a)
		require.NoError(t, err)
		require.Positive(t, worker.nonce)
		require.NoError(t, worker.searcher.Close())
	}
}

func TestParseAlgorithms(t *testing.T) {
	chosen, err := parseAlgorithms("cn/2, cn/0,all,CN/2")
	require.NoError(t, err)
	require.Len(t, chosen, len(hash.All()))
	require.Equal(t, "cn/2", chosen[0].Name)
	require.Equal(t, "cn/0", chosen[1].Name)
	require.Equal(t, "cn/1", chosen[2].Name)
}

func TestFormatRate(t *testing.T) {
	for rate, want := range map[float64]string{
		0: "0.00 H/s", 999.4: "999.40 H/s", 1000: "1.00 kH/s", 2.5e6: "2.50 MH/s", 3.4e9: "3.40 GH/s", 6e16: "60000.00 TH/s",
	} {
		require.Equal(t, want, formatRate(rate))
	}
}
