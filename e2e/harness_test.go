//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/harness/conform"
	"github.com/aditmine/adit/harness/judge"
	"github.com/aditmine/adit/harness/replay"
)

// adapterOf copies a bundled adapter with ports that are free, and returns the
// copy and the port that the pool will have.
func adapterOf(t *testing.T, name string, ports ...string) (file, target string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "harness", "adapter", "files", name+".yaml"))
	require.NoError(t, err)
	adapter := string(text)
	for _, port := range ports {
		require.Contains(t, adapter, "127.0.0.1:"+port)
		free := freePort(t)
		if target == "" {
			target = free
		}
		adapter = strings.ReplaceAll(adapter, "127.0.0.1:"+port, free)
	}
	file = filepath.Join(t.TempDir(), name+".yaml")
	require.NoError(t, os.WriteFile(file, []byte(adapter), 0o600))
	return file, target
}

// TestHarnessRunsThePool lets the bundled adapters start the real pool, judge
// it, kill it, start it again, read its ledger and end it.
func TestHarnessRunsThePool(t *testing.T) {
	binary := adit(t)
	for _, row := range []struct {
		adapter string
		ports   []string
	}{
		{"adit", []string{"23333", "23334", "28981"}},
		{"adit-ckb", []string{"23335", "23336", "28114"}},
	} {
		t.Run(row.adapter, func(t *testing.T) {
			file, target := adapterOf(t, row.adapter, row.ports...)
			dir := t.TempDir()
			report, trace := filepath.Join(dir, "report.json"), filepath.Join(dir, "run.mtrace.gz")
			began := []string{"OPS-RESTART-01", "OPS-RESTART-02", "OPS-RESTART-03", "OPS-DRAIN-01", "OPS-LEDGER-01"}
			args := append([]string{"harness", "run", "smoke"}, began...)
			args = append(args, "--adapter", file, "--strict", "--timeout", "60s", "--effort", "2m", "--json-file", report, "--trace", trace)
			runAdit(t, binary, args...)

			var r conform.Report
			text, err := os.ReadFile(report)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(text, &r))
			for _, result := range r.Results {
				require.Equal(t, conform.Pass, result.Verdict, "%s: %s%s", result.ID, result.Got, result.Reason)
			}
			require.Greater(t, len(r.Results), len(began)+10)
			_, err = net.DialTimeout("tcp", target, time.Second)
			require.Error(t, err, "the pool was ended")

			require.Contains(t, runAdit(t, binary, "harness", "trace", "info", trace), "complete")
			once := []string{r.Results[0].ID, "--adapter", file, "--timeout", "60s"}
			out := runAdit(t, binary, append([]string{"harness", "run", "--baseline", report}, once...)...)
			require.Contains(t, out, "0 new, 0 as before, 0 fixed, 0 without a verdict now")
		})
	}
}

const simulatedPool = `
[[coin]]
name = "simulated"
kind = "cryptonote"
algorithm = "cn/upx2"
network = "testnet"
node = "http://%s"
address = %q
[[port]]
listen = %q
coin = "simulated"
fixed = 8
[ledger]
path = %q
`

// TestHarnessReplaysARecording records a miner on the pool, replays it against
// the same pool, and lets the verdicts of both be judged.
func TestHarnessReplaysARecording(t *testing.T) {
	binary, dir := adit(t), t.TempDir()
	address := cryptonote.Address{Prefix: cryptonote.MoneroTestnet().Standard, Spend: cryptonote.Keccak256([]byte("spend")),
		View: cryptonote.Keccak256([]byte("view"))}.String()
	nodeAddr, poolAddr, proxyAddr := freePort(t), freePort(t), freePort(t)
	node := start(t, "adit node monero", binary, "node", "monero", "-a", "cn/upx2", "--listen", nodeAddr, "--difficulty", "1000000000000", "--fixed")
	node.listening(t, nodeAddr)
	config := filepath.Join(dir, "pool.toml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, simulatedPool, nodeAddr, address, poolAddr, filepath.Join(dir, "pool.db")), 0o600))
	pool := start(t, "adit pool run", binary, "pool", "run", "-c", config)
	pool.listening(t, poolAddr)

	first, second := filepath.Join(dir, "first.mtrace.gz"), filepath.Join(dir, "second.mtrace.gz")
	proxy := start(t, "adit harness record", binary, "harness", "record", "--listen", proxyAddr, "--upstream", poolAddr, "-o", first)
	proxy.listening(t, proxyAddr)
	runAdit(t, binary, "harness", "record", "--client", "--upstream", proxyAddr, "-u", address+".rig", "-a", "cn/upx2",
		"--shares", "5", "-o", filepath.Join(dir, "client.mtrace"))
	stop(t, proxy)

	replayed := runAdit(t, binary, "harness", "replay", first, "--target", poolAddr, "--user", address, "-o", second, "--json",
		"--reply-timeout", "60s", "--share-timeout", "5m")
	var report replay.Report
	require.NoError(t, json.Unmarshal([]byte(replayed[strings.Index(replayed, "{"):]), &report))
	require.Zero(t, report.Counts[replay.Different], replayed)
	require.GreaterOrEqual(t, report.Counts[replay.Same], 5, replayed)
	for _, file := range []string{first, second} {
		var judged judge.Report
		require.NoError(t, json.Unmarshal([]byte(runAdit(t, binary, "harness", "judge", file, "--json", "--strict")), &judged))
		require.True(t, judged.Agreed(), file)
	}
	stop(t, pool)
	stop(t, node)
}
