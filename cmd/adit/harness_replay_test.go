package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/replay"
	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/hash"
)

// recordedProxy runs "harness record" in front of a pool and returns where it
// listens and what ends it.
func recordedProxy(t *testing.T, pool, file string) (addr string, end func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	cmd := newHarnessCmd()
	cmd.SetOut(in)
	cmd.SetErr(io.Discard)
	cmd.SetArgs([]string{"record", "--listen", "127.0.0.1:0", "--upstream", pool, "-o", file})
	done := make(chan error, 1)
	go func() { done <- cmd.ExecuteContext(ctx); _ = in.Close() }()
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	require.NoError(t, err)
	drained := make(chan struct{})
	go func() { defer close(drained); _, _ = io.Copy(io.Discard, lines) }()
	return strings.Fields(first)[1], func() {
		stop()
		require.NoError(t, <-done)
		<-drained
	}
}

// badShares hands in what no pool takes, and waits for each answer.
func badShares(t *testing.T, addr, wallet string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	in := bufio.NewReader(conn)
	ask := func(id int, method, params string) (reply struct {
		Result struct {
			ID  string
			Job struct {
				JobID string `json:"job_id"`
			}
		}
	}) {
		_, err := fmt.Fprintf(conn, `{"id":%d,"jsonrpc":"2.0","method":%q,"params":%s}`+"\n", id, method, params)
		require.NoError(t, err)
		for {
			line, err := in.ReadString('\n')
			require.NoError(t, err)
			if !strings.Contains(line, fmt.Sprintf(`"id":%d,`, id)) {
				continue // a job
			}
			require.NoError(t, json.Unmarshal([]byte(line), &reply))
			return reply
		}
	}
	session := ask(1, "login", fmt.Sprintf(`{"login":%q,"pass":"x","agent":"test"}`, wallet)).Result
	submit := func(id int, session, job, nonce string) {
		ask(id, "submit", fmt.Sprintf(`{"id":%q,"job_id":%q,"nonce":%q,"result":"%s"}`, session, job, nonce, strings.Repeat("0", 64)))
	}
	submit(2, session.ID, "no-such-job", "00000001")
	submit(3, session.ID, session.Job.JobID, "0000zz")
	submit(4, session.ID, session.Job.JobID, "00000002") // claims a digest it has not
}

// TestReplayGivesTheSameVerdicts records miners on the bundled pool and plays
// the recording against the same pool again.
func TestReplayGivesTheSameVerdicts(t *testing.T) {
	a, err := hash.Lookup("cn/upx2")
	require.NoError(t, err)
	node, err := startDemoNode(t.Context(), a, 1<<40)
	require.NoError(t, err)
	defer func() { require.NoError(t, node.stop()) }()
	d := &demo{demoFlags: demoFlags{listen: "127.0.0.1:0"}, algorithm: a, out: io.Discard}
	pool, err := d.startPool(t.Context(), node, 4)
	require.NoError(t, err)
	defer func() { require.NoError(t, pool.stop()) }()

	dir := t.TempDir()
	first, second := filepath.Join(dir, "first.mtrace.gz"), filepath.Join(dir, "second.mtrace")
	addr, end := recordedProxy(t, pool.addr, first)
	out, err := harnessRun(t, "record", "--client", "--upstream", addr, "-u", node.address+".rig", "-a", a.Name,
		"--shares", "4", "-o", filepath.Join(dir, "client.mtrace"))
	require.NoError(t, err)
	require.Contains(t, out, "0 rejected")
	badShares(t, addr, node.address)
	end()

	out, err = harnessRun(t, "judge", "--strict", first)
	require.NoError(t, err, out)
	text, err := harnessRun(t, "replay", first, "--target", pool.addr, "--user", node.address, "-o", second, "--json")
	require.NoError(t, err)
	var rep replay.Report
	require.NoError(t, json.Unmarshal([]byte(text[strings.Index(text, "{"):]), &rep))
	require.Zero(t, rep.Counts[replay.Different], text)
	require.GreaterOrEqual(t, rep.Counts[replay.Same], 7, text)
	out, err = harnessRun(t, "judge", "--strict", second)
	require.NoError(t, err, out)

	// What the miners were called is in none of the recordings.
	for _, file := range []string{first, second, filepath.Join(dir, "client.mtrace")} {
		r, err := trace.Open(file, trace.Options{})
		require.NoError(t, err)
		for {
			ev, err := r.Next()
			if err != nil {
				require.ErrorIs(t, err, io.EOF)
				break
			}
			require.NotContains(t, string(ev.Data), node.address)
		}
		require.True(t, r.Summary().Complete)
		require.NoError(t, r.Close())
	}
}
