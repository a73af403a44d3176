package main

import (
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/conform"
	"github.com/aditmine/adit/harness/lab/load"
	"github.com/aditmine/adit/harness/replay"
)

// freePort is a port of this machine that nobody uses.
func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, ln.Close())
	return ln.Addr().String()
}

// bankedPool runs the bundled pool with an empty ledger behind a node that is
// not there yet, and returns its address.
func bankedPool(t *testing.T, profile conform.Profile, algorithm, node string) string {
	t.Helper()
	return bundledPool(t, profile, algorithm, "http://"+node, freePort(t))
}

// TestBankedSharesFitAgain: the jobs that a pool gives behind a chain that
// repeats are the same in a second life of it, and what was found for them is
// accepted.
func TestBankedSharesFitAgain(t *testing.T) {
	for profile, algorithm := range map[conform.Profile]string{conform.CN: "cn/upx2", conform.CKB: "eaglesong"} {
		t.Run(string(profile), func(t *testing.T) {
			file, node := filepath.Join(t.TempDir(), "shares.bank"), freePort(t)
			args := func(target string) []string {
				return []string{"--target", target, "--profile", string(profile), "--algo", algorithm, "--node-listen", node}
			}
			first := bankedPool(t, profile, algorithm, node)
			out, err := harnessRun(t, append([]string{"bank", "make", file, "--connections", "12", "--shares", "4"}, args(first)...)...)
			require.NoError(t, err, out)
			require.Contains(t, out, "for 12 jobs, found with")
			out, err = harnessRun(t, "bank", "inspect", file)
			require.NoError(t, err)
			require.Contains(t, out, "all true")

			second := bankedPool(t, profile, algorithm, node)
			out, err = harnessRun(t, append([]string{"load", "--connections", "4", "--rate", "50", "--duration", "200ms",
				"--timeout", "30s", "--max-lag", "1h", "--json", "--share-bank", file}, args(second)...)...)
			var result load.Result
			text := out[strings.Index(out, "{"):]
			require.NoError(t, json.NewDecoder(strings.NewReader(text)).Decode(&result), "%v %s", err, out)
			require.Positive(t, result.Shares.Banked, out)
			require.Zero(t, result.Wrong(), out)

			third := bankedPool(t, profile, algorithm, node)
			valid := map[conform.Profile]string{conform.CN: "CN-SUB-06", conform.CKB: "CKB-SHR-01"}[profile]
			out, err = harnessRun(t, append([]string{"run", valid, "--timeout", "30s", "--json", "--share-bank", file}, args(third)...)...)
			require.NoError(t, err, out)
			var report conform.Report
			require.NoError(t, json.NewDecoder(strings.NewReader(out[strings.Index(out, "{"):])).Decode(&report))
			require.Equal(t, 1, report.Counts[conform.Pass])
			require.Positive(t, report.Shares.Banked)
			require.Zero(t, report.Shares.Mined)
		})
	}
}

// TestReplayTakesBankedShares from a bank, with the node of its chain.
func TestReplayTakesBankedShares(t *testing.T) {
	dir, node := t.TempDir(), freePort(t)
	file, record := filepath.Join(dir, "shares.bank"), filepath.Join(dir, "run.mtrace")
	args := []string{"--algo", "cn/upx2", "--node-listen", node}
	out, err := harnessRun(t, append([]string{"bank", "make", file, "--connections", "4", "--shares", "4",
		"--target", bankedPool(t, conform.CN, "cn/upx2", node)}, args...)...)
	require.NoError(t, err, out)

	cfg := testedPool(t, conform.CN, "cn/upx2") // any pool will do to be recorded
	out, err = harnessRun(t, "record", "--client", "--upstream", cfg.Target, "-u", cfg.Login, "-a", "cn/upx2", "--shares", "3", "-o", record)
	require.NoError(t, err, out)
	out, err = harnessRun(t, append([]string{"replay", record, "--user", cfg.Login, "--json", "--share-bank", file,
		"--target", bankedPool(t, conform.CN, "cn/upx2", node)}, args...)...)
	require.NoError(t, err, out)
	var report replay.Report
	require.NoError(t, json.NewDecoder(strings.NewReader(out[strings.Index(out, "{"):])).Decode(&report), out)
	// A share that was on its way when the recording ended has no answer there.
	require.Equal(t, len(report.Outcomes), report.Counts[replay.Same]+report.Counts[replay.Incomparable], out)
	require.GreaterOrEqual(t, report.Counts[replay.Same], 3, out)
	require.LessOrEqual(t, report.Counts[replay.Incomparable], 1, out)
	require.Positive(t, report.Banked, out)
}

// TestADamagedBankIsRefused with the line that is damaged.
func TestADamagedBankIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "shares.bank")
	require.NoError(t, writeFile(file, func(w io.Writer) error { _, err := io.WriteString(w, "{\"bank\":1}\nnonsense\n"); return err }))
	for _, args := range [][]string{
		{"bank", "inspect", file},
		{"run", "smoke", "--target", "127.0.0.1:1", "--share-bank", file},
		{"load", "--target", "127.0.0.1:1", "--share-bank", file},
	} {
		_, err := harnessRun(t, args...)
		require.ErrorContains(t, err, "line 2", args)
	}
	for _, args := range [][]string{
		{"bank", "make", file, "--target", "127.0.0.1:1", "--algo", "cn/upx2"},
		{"bank", "make", file, "--target", "127.0.0.1:1", "--shares", "0"},
		{"bank", "make", file, "--target", "192.0.2.1:1", "--algo", "cn/upx2", "--node-listen", "127.0.0.1:0"},
		{"bank", "make", file, "--adapter", "no-such"},
	} {
		_, err := harnessRun(t, args...)
		require.True(t, asUsage(err), "%v: %v", args, err)
	}
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(text), "nonsense", "a mistake on the command line leaves the file alone")
}
