package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/conform"
	"github.com/aditmine/adit/harness/lab/latency"
	"github.com/aditmine/adit/harness/lab/load"
	labvardiff "github.com/aditmine/adit/harness/lab/vardiff"
	"github.com/aditmine/adit/harness/rig"
)

func TestLabUsage(t *testing.T) {
	for _, args := range [][]string{
		{"load"},
		{"load", "--target", "192.0.2.1:3333"},
		{"load", "--target", "127.0.0.1:1", "--rate", "0"},
		{"load", "--target", "127.0.0.1:1", "--rate", "1e9"},
		{"load", "--target", "192.0.2.1:3333", "--i-operate-this-pool", "--rate", "5000"},
		{"load", "--target", "127.0.0.1:1", "--mix", "good=1"},
		{"load", "--target", "127.0.0.1:1", "--profile", "sv2"},
		{"load", "--target", "127.0.0.1:1", "--fault-to-pool", "fire"},
		{"load", "--target", "127.0.0.1:1", "--node-listen", "127.0.0.1:0"},
		{"latency", "--target", "127.0.0.1:1"},
		{"latency", "nonsense", "--target", "127.0.0.1:1"},
		{"latency", "storm", "--target", "127.0.0.1:1", "--backoff", "soon"},
		{"latency", "storm", "--target", "192.0.2.1:3333"},
		{"vardiff", "--model", "nobody"},
		{"vardiff", "--scenario", "nothing"},
		{"vardiff", "--trials", "0"},
		{"vardiff", "--target", "127.0.0.1:1", "--scenario", "all"},
		{"vardiff", "--target", "127.0.0.1:1", "--scenario", "proxy", "--step-at", "1m"},
		{"vardiff", "--target", "192.0.2.1:3333"},
	} {
		_, err := harnessRun(t, args...)
		require.True(t, asUsage(err), "%v: %v", args, err)
	}
}

func TestHarnessVardiffCommand(t *testing.T) {
	out, err := harnessRun(t, "vardiff", "--list")
	require.NoError(t, err)
	require.Contains(t, out, "ewma")
	require.Contains(t, out, "step-up")

	out, err = harnessRun(t, "vardiff", "--model", "ring,adit", "--table", "--trials", "20", "--json")
	require.NoError(t, err)
	var rows []labvardiff.Row
	require.NoError(t, json.Unmarshal([]byte(out), &rows))
	require.Len(t, rows, 2)
	require.Equal(t, "adit", rows[1].Model.ID)
	require.InDelta(t, 1, rows[1].Steady.Rest.Rate, 0.1)

	out, err = harnessRun(t, "vardiff", "--model", "adit", "--scenario", "cold-high", "--trials", "5")
	require.NoError(t, err)
	require.Contains(t, out, "adit, cold-high: 5 sessions")
}

// TestTheBundledPoolInTheLaboratory measures the real pool: every label must
// be true, every connection must get its job, shares must be worth their work.
func TestTheBundledPoolInTheLaboratory(t *testing.T) {
	tested := testedPool(t, conform.CKB, "eaglesong")
	target := rig.Target{Address: tested.Target, Proto: rig.CKB, Login: tested.Login, Pass: "x", Timeout: tested.Timeout * 3}
	finder, err := newFinder()
	require.NoError(t, err)
	defer func() { require.NoError(t, finder.Close()) }()
	newTip := func() error { return tested.Node.Mine(1) }

	jobs, err := latency.Run(t.Context(), latency.Config{Target: target, Conns: 8, Rounds: 3, NewTip: newTip,
		Poll: 50e6, BlockTime: 10e9, Limit: 60e9})
	require.NoError(t, err)
	require.Equal(t, 1.0, jobs.Alone.Coverage)

	mix, err := load.ParseMix("valid=6,low=1,duplicate=1,badjob=1,malformed=1")
	require.NoError(t, err)
	sent, err := load.Run(t.Context(), load.Config{Target: target, Conns: 4, Rate: 200, Duration: 5e8, Mix: mix, Finder: finder, Seed: 1})
	require.NoError(t, err)
	require.Zero(t, sent.Wrong(), "%+v", sent.Classes)
	require.Zero(t, sent.Unsent)

	live, err := labvardiff.RunLive(t.Context(), labvardiff.LiveConfig{Target: target, Miners: 2, Rate: 500, Interval: 1e9,
		Scenario: labvardiff.Scenario{Length: 2e9}, Finder: finder})
	require.NoError(t, err)
	require.Empty(t, live.Rejected)
}
