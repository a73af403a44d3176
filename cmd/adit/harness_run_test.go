package main

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/compare"
	"github.com/aditmine/adit/harness/conform"
	"github.com/aditmine/adit/harness/report"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/pool"
	"github.com/aditmine/adit/pool/config"
)

// testedPool runs the bundled pool on a node of the harness and returns what
// to test it with.
func testedPool(t *testing.T, profile conform.Profile, algorithm string) conform.Config {
	t.Helper()
	a, err := hash.Lookup(algorithm)
	require.NoError(t, err)
	node, err := startHarnessNode(t.Context(), profile, a, "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, node.stop()) })
	login, foreign := madeUpLogins(profile, "")
	return conform.Config{
		Target: bundledPool(t, profile, algorithm, node.url, "127.0.0.1:0"), Profile: profile, Login: login, ForeignLogin: foreign, Pass: "x", Algorithm: a,
		NewHasher: cpu.New, Node: node, Seed: 1, Jobs: 4, Timeout: 30 * time.Second, Strict: true,
		Crowd: 40, Slack: time.Minute, // the machine may be slow
	}
}

// bundledPool runs the bundled pool with an empty ledger behind a node. Without
// a port of its own it waits for the pool, and so for the node.
func bundledPool(t *testing.T, profile conform.Profile, algorithm, nodeURL, listen string) string {
	t.Helper()
	login, _ := madeUpLogins(profile, "")
	kind := config.CryptoNote
	if profile == conform.CKB {
		kind = config.CKB
	}
	coin := config.DefaultCoin(kind)
	coin.Name, coin.Algorithm, coin.Node, coin.Address, coin.Network = "tested", algorithm, nodeURL, login, "testnet"
	coin.Poll, coin.StaleGrace = 50*time.Millisecond, 300*time.Millisecond
	if kind == config.CKB {
		coin.Network = "dev"
	}
	port := config.DefaultPort()
	port.Listen, port.Coin, port.Start, port.Min = listen, coin.Name, 20, 2
	cfg := config.Default()
	cfg.Coins, cfg.Ports = []config.Coin{coin}, []config.Port{port}
	cfg.Ledger.Path = filepath.Join(t.TempDir(), "pool.db")
	p, err := pool.New(cfg, pool.Deps{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-ended) })
	if listen != "127.0.0.1:0" {
		return listen
	}
	select {
	case <-p.Ready():
	case err := <-ended:
		ended <- err
		t.Fatal(err)
	}
	return p.Addr(0).String()
}

// TestThePoolConforms demands that the bundled pool meets every MUST and
// SHOULD that this release can check.
func TestThePoolConforms(t *testing.T) {
	for profile, algorithm := range map[conform.Profile]string{conform.CN: "cn/upx2", conform.CKB: "eaglesong"} {
		t.Run(string(profile), func(t *testing.T) {
			cfg := testedPool(t, profile, algorithm)
			sel := conform.Selection{}
			checks, err := sel.Choose(conform.Catalogue(), profile)
			require.NoError(t, err)
			run, err := conform.Run(t.Context(), cfg, checks)
			require.NoError(t, err)
			passed := 0
			for _, r := range run.Results {
				if r.Verdict == conform.Unsupported || r.Verdict == conform.Skip {
					continue
				}
				var text strings.Builder
				require.NoError(t, (&report.Text{Wire: true}).Result(&text, &r))
				if r.Verdict != conform.Pass {
					t.Error(text.String())
				}
				passed++
			}
			require.Greater(t, passed, 40)
		})
	}
}

func TestHarnessRunUsage(t *testing.T) {
	for _, args := range [][]string{
		{"run"},
		{"run", "smoke"},
		{"run", "nonsense", "--target", "127.0.0.1:1"},
		{"run", "smoke", "--target", "127.0.0.1:1", "--profile", "sv2"},
		{"run", "CKB", "--target", "127.0.0.1:1", "--profile", "cn"},
		{"run", "smoke", "--target", "192.0.2.1:3333"},
		{"run", "smoke", "--target", "127.0.0.1:1", "--level", "perhaps"},
		{"run", "smoke", "--target", "127.0.0.1:1", "--symptom", "sadness"},
		{"run", "smoke", "--target", "127.0.0.1:1", "--jobs", "0"},
		{"run", "smoke", "--target", "127.0.0.1:1", "--node-listen", "127.0.0.1:0"},
		{"explain", "CN-NO-01"},
		{"list", "XY"},
	} {
		_, err := harnessRun(t, args...)
		if len(args) == 1 { // cobra's own complaint
			require.Error(t, err)
			continue
		}
		require.True(t, asUsage(err), "%v: %v", args, err)
	}
}

func TestHarnessRunUnreachable(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, ln.Close()) // nobody listens there now
	out, err := harnessRun(t, "run", "CN-SUB-06", "CN-CONN-01", "--target", ln.Addr().String())
	var exit *exitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, conform.ExitUnreachable, exit.status)
	require.Equal(t, 2, strings.Count(out, "ERROR  "), out)
}

func TestHarnessRunReports(t *testing.T) {
	cfg := testedPool(t, conform.CN, "cn/upx2")
	junit := filepath.Join(t.TempDir(), "report.xml")
	out, err := harnessRun(t, "run", "CN-CONN-03", "CN-SUB-06", "CN-JOB-09", "--json", "--junit", junit, "--target", cfg.Target, "--algo", "cn/upx2")
	require.NoError(t, err, out)
	var run conform.Report
	require.NoError(t, json.Unmarshal([]byte(out), &run))
	verdicts := map[string]conform.Verdict{}
	for _, r := range run.Results {
		verdicts[r.ID] = r.Verdict
	}
	require.Equal(t, map[string]conform.Verdict{"CN-CONN-03": conform.Pass, "CN-SUB-06": conform.Pass,
		"CN-JOB-09": conform.Skip}, verdicts)

	// The same run once more, with a baseline in which one check failed.
	for i := range run.Results {
		if run.Results[i].ID == "CN-SUB-06" {
			run.Results[i].Verdict = conform.Fail
		}
	}
	old := filepath.Join(t.TempDir(), "old.json")
	require.NoError(t, writeFile(old, func(w io.Writer) error { return printJSON(w, &run) }))
	summary := filepath.Join(t.TempDir(), "summary.md")
	out, err = harnessRun(t, "run", "CN-CONN-03", "CN-SUB-06", "--baseline", old, "--markdown", summary, "--target", cfg.Target, "--algo", "cn/upx2")
	require.NoError(t, err, out)
	require.Contains(t, out, "fixed              CN-SUB-06 (FAIL, now PASS)")
	require.Contains(t, out, "0 new, 0 as before, 1 fixed, 0 without")
	markdown, err := os.ReadFile(summary)
	require.NoError(t, err)
	require.Contains(t, string(markdown), "fixed              CN-SUB-06")
	_, err = harnessRun(t, "run", "CKB-SUB-01", "--profile", "ckb", "--baseline", old, "--target", cfg.Target)
	require.True(t, asUsage(err), "%v", err)

	text, err := os.ReadFile(junit)
	require.NoError(t, err)
	var suite struct {
		Tests   int `xml:"tests,attr"`
		Skipped int `xml:"skipped,attr"`
	}
	require.NoError(t, xml.Unmarshal(text, &suite))
	require.Equal(t, 3, suite.Tests)
	require.Equal(t, 1, suite.Skipped)
}

func TestHarnessListAndExplain(t *testing.T) {
	out, err := harnessRun(t, "list", "smoke")
	require.NoError(t, err)
	require.Contains(t, out, "CN-SUB-07")
	require.NotContains(t, out, "LAT-JOB-01")
	dry, err := harnessRun(t, "run", "smoke", "--dry-run", "--profile", "ckb")
	require.NoError(t, err)
	require.NotContains(t, dry, "CN-SUB-07")
	require.Contains(t, dry, "CKB-SHR-05")
	out, err = harnessRun(t, "explain", "cn-sub-07")
	require.NoError(t, err)
	require.Contains(t, out, "share-theft")
	out, err = harnessRun(t, "list", "--symptoms")
	require.NoError(t, err)
	require.Contains(t, out, "vardiff")
	out, err = harnessRun(t, "list", "--json")
	require.NoError(t, err)
	var all []conform.Check
	require.NoError(t, json.Unmarshal([]byte(out), &all))
	require.Len(t, all, 182)
}

// TestHarnessCompares compares a pool with itself: no verdict may differ.
func TestHarnessCompares(t *testing.T) {
	cfg := testedPool(t, conform.CN, "cn/upx2")
	out, err := harnessRun(t, "compare", cfg.Target, cfg.Target, "--algo", "cn/upx2", "--timeout", "30s", "--blocks", "4", "--per-block", "3",
		"--checks", "CN-SUB-06,CN-LOGIN-01", "--json", "--html", filepath.Join(t.TempDir(), "c.html"))
	var exit *exitError
	if err != nil { // so few samples need not be enough
		require.ErrorAs(t, err, &exit)
	}
	var r compare.Report
	require.NoError(t, json.Unmarshal([]byte(out), &r), out)
	require.Empty(t, r.Differences)
	require.Len(t, r.Ratios, 2)
	require.Equal(t, 12, r.Ratios[1].Samples)
	require.True(t, r.Ratios[0].Interval.Contains(r.Ratios[0].Ratio), "%+v", r.Ratios[0])
	_, err = harnessRun(t, "compare", cfg.Target, "192.0.2.1:1")
	require.True(t, asUsage(err), "%v", err)
}
