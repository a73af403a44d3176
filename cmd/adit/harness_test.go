package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/trace"
)

// harnessRun executes "adit harness ..." and returns what it printed.
func harnessRun(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return runCmd(t.Context(), newHarnessCmd(), strings.NewReader(""), args...)
}

// golden is a file of the traces' corpus.
func golden(name string) string {
	return filepath.Join("..", "..", "testdata", "traces", "corpus", name)
}

func TestHarnessUsage(t *testing.T) {
	for _, args := range [][]string{
		{"record"},
		{"record", "--listen", "127.0.0.1:0"},
		{"record", "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:1"},
		{"record", "--listen", "nonsense", "--upstream", "127.0.0.1:1", "-o", "x"},
		{"record", "--listen", "127.0.0.1:0", "--upstream", "http://h:1", "-o", "x"},
		{"record", "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:1", "-o", "x", "--tls-cert", "y"},
		{"record", "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:1", "-o", "x", "--send-proxy", "3"},
		{"record", "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:1", "-o", "x", "--client"},
		{"record", "--client", "--upstream", "127.0.0.1:1", "-o", "x", "--accept-proxy"},
		{"record", "--client", "--upstream", "127.0.0.1:1", "-o", "x", "-u", "W"},
		{"record", "--client", "--upstream", "127.0.0.1:1", "-o", "x", "-a", "cn/0"},
		{"record", "--client", "--upstream", "127.0.0.1:1", "-o", "x", "-u", "W", "-a", "cn/0", "--effort", "2"},
		{"record", "--client", "--upstream", "127.0.0.1:1", "-o", "x", "-u", "W", "-a", "cn/0", "--effort", "0", "--shares", "1"},
		{"record", "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:1", "-o", "x", "--proto", "sv3"},
		{"record", "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:1", "-o", "x", "--proto", "ckb", "-a", "cn/0"},
		{"record", "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:1", "-o", "x", "-a", "cn/9"},
		{"record", "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:1", "-o", "x", "--no-redact", "--redact", "a"},
		{"judge", "x", "--threads", "0"},
		{"judge", "x", "-a", "nope"},
		{"replay", "x"},
		{"replay", "x", "--target", "127.0.0.1"},
		{"replay", "x", "--target", "127.0.0.1:0"},
		{"replay", "x", "--target", "127.0.0.1:1", "--speed", "fast"},
		{"replay", "x", "--target", "127.0.0.1:1", "--speed", "x0"},
		{"replay", "x", "--target", "127.0.0.1:1", "--user", ""},
		{"replay", "x", "--target", "192.0.2.1:3333"},
	} {
		_, err := harnessRun(t, args...)
		require.True(t, asUsage(err), "%v: %v", args, err)
	}
}

func TestParseSpeed(t *testing.T) {
	for text, want := range map[string]float64{"real": 1, "max": 0, "x10": 10, "x0.5": 0.5} {
		got, err := parseSpeed(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestTraceInfoAndCat(t *testing.T) {
	out, err := harnessRun(t, "trace", "info", golden("complete.mtrace.gz"))
	require.NoError(t, err)
	require.Contains(t, out, "complete, checksums right")
	require.Contains(t, out, `coin "XMR"`)

	out, err = harnessRun(t, "trace", "info", "--json", golden("truncated-line.mtrace"))
	require.NoError(t, err)
	var facts traceFacts
	require.NoError(t, json.Unmarshal([]byte(out), &facts))
	require.True(t, facts.Summary.Truncated)
	require.Equal(t, 3, facts.Codes[">"])

	_, err = harnessRun(t, "trace", "info", golden("changed-byte.mtrace"))
	require.ErrorContains(t, err, "--salvage")
	out, err = harnessRun(t, "trace", "info", "--salvage", golden("changed-byte.mtrace"))
	require.NoError(t, err)
	require.Contains(t, out, "damaged: 1 gaps")
	_, err = harnessRun(t, "trace", "info", golden("future-major.mtrace"))
	require.ErrorContains(t, err, "newer adit")
	_, err = harnessRun(t, "trace", "info", "no-such-file")
	require.ErrorIs(t, err, os.ErrNotExist)

	out, err = harnessRun(t, "trace", "cat", golden("complete.mtrace"))
	require.NoError(t, err)
	require.Contains(t, out, `c1 > {"id":1,"method":"login"`)
	require.Contains(t, out, `\x00 tab\x09\n`)
	require.NotContains(t, out, "\x00")
	require.Contains(t, out, "(70000 bytes withheld)")
	out, err = harnessRun(t, "trace", "cat", "--conn", "2", golden("truncated-line.mtrace"))
	require.NoError(t, err)
	require.Equal(t, "(truncated: no end record)\n", out)
}

// TestJudgeExitStatus writes small CKB sessions at a target that every hash
// meets, so that no search is needed.
func TestJudgeExitStatus(t *testing.T) {
	right := judgedSession(t, `"result":true,"error":null`, true)
	out, err := harnessRun(t, "judge", right)
	require.NoError(t, err)
	require.Contains(t, out, "verdicts agree")
	out, err = harnessRun(t, "judge", "--json", "--strict", right)
	require.NoError(t, err)
	require.True(t, json.Valid([]byte(out)))

	wrong := judgedSession(t, `"result":null,"error":[23,"Low difficulty",null]`, true)
	out, err = harnessRun(t, "judge", wrong)
	var exit *exitError
	require.True(t, errors.As(err, &exit))
	require.Equal(t, 1, exit.status)
	require.Contains(t, out, "false-reject: conn 1")

	cut := judgedSession(t, `"result":true,"error":null`, false)
	_, err = harnessRun(t, "judge", cut)
	require.NoError(t, err)
	_, err = harnessRun(t, "judge", "--strict", cut)
	require.ErrorContains(t, err, "not whole")
	_, err = harnessRun(t, "judge", golden("complete.mtrace"))
	require.NoError(t, err)
	_, err = harnessRun(t, "judge", "--strict", golden("complete.mtrace"))
	require.ErrorContains(t, err, "no share")
	_, err = harnessRun(t, "judge", golden("changed-byte.mtrace"))
	require.ErrorContains(t, err, "--salvage skips")
}

// judgedSession writes a trace with one share and the pool's answer to it.
func judgedSession(t *testing.T, answer string, whole bool) string {
	t.Helper()
	var out bytes.Buffer
	w, err := trace.NewWriter(&out, trace.Header{}, trace.WriterOptions{})
	require.NoError(t, err)
	w.Record(&trace.Event{Code: trace.CodeOpen, Conn: 1, Open: &trace.OpenInfo{Peer: "c1"}})
	for _, l := range []struct {
		code trace.Code
		line string
	}{
		{trace.CodeToPool, `{"id":1,"method":"mining.subscribe","params":["a",null]}`},
		{trace.CodeToMiner, `{"id":1,"result":[null,"00c904bd",12],"error":null}`},
		{trace.CodeToPool, `{"id":2,"method":"mining.authorize","params":["W","x"]}`},
		{trace.CodeToMiner, `{"id":2,"result":true,"error":null}`},
		{trace.CodeToMiner, `{"id":null,"method":"mining.set_target","params":["` + strings.Repeat("f", 64) + `"]}`},
		{trace.CodeToMiner, `{"id":null,"method":"mining.notify","params":["j","` + strings.Repeat("1", 64) + `",9,"` + strings.Repeat("2", 64) + `",true]}`},
		{trace.CodeToPool, `{"id":3,"method":"mining.submit","params":["W","j","000000000000000000114026"]}`},
		{trace.CodeToMiner, `{"id":3,` + answer + `}`},
	} {
		w.Record(&trace.Event{Code: l.code, Conn: 1, Data: []byte(l.line + "\n")})
	}
	require.NoError(t, w.Close("done"))
	file := out.Bytes()
	if !whole {
		file = file[:bytes.Index(file, []byte(`"e",0`))]
	}
	path := filepath.Join(t.TempDir(), "s.mtrace")
	require.NoError(t, os.WriteFile(path, file, 0o600))
	return path
}

// TestRecordCommand records a line through the command itself and stops it as
// Ctrl-C does.
func TestRecordCommand(t *testing.T) {
	pool, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = pool.Close() }()
	file := filepath.Join(t.TempDir(), "r.mtrace.gz")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, in := io.Pipe()
	cmd := newHarnessCmd()
	cmd.SetOut(in)
	cmd.SetErr(io.Discard)
	cmd.SetArgs([]string{"record", "--listen", "127.0.0.1:0", "--upstream", pool.Addr().String(), "-o", file, "--redact", "my-secret"})
	done := make(chan error, 1)
	go func() { done <- cmd.ExecuteContext(ctx); _ = in.Close() }()
	first := make([]byte, 512)
	n, err := out.Read(first)
	require.NoError(t, err)
	fields := strings.Fields(string(first[:n]))
	require.Equal(t, "recording", fields[0])

	miner, err := net.Dial("tcp", fields[1])
	require.NoError(t, err)
	defer func() { _ = miner.Close() }()
	_, err = miner.Write([]byte(`{"id":1,"method":"mining.subscribe","params":["my-secret rig"]}` + "\n"))
	require.NoError(t, err)
	conn, err := pool.Accept()
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	got := make([]byte, 512)
	n, err = conn.Read(got)
	require.NoError(t, err)
	require.Contains(t, string(got[:n]), "my-secret rig", "the pool gets the bytes as they are")

	go stop()
	rest, err := io.ReadAll(out)
	require.NoError(t, err)
	require.NoError(t, <-done)
	require.Contains(t, string(rest), "1 connection, 1 line to the pool, 0 lines to the miners")
	cat, err := harnessRun(t, "trace", "cat", file)
	require.NoError(t, err)
	require.Contains(t, cat, `"why":"signal"`)
	require.Contains(t, cat, `${secret:1} rig`)
	require.NotContains(t, cat, "my-secret")

	again := newHarnessCmd()
	again.SetArgs([]string{"record", "--listen", "127.0.0.1:0", "--upstream", pool.Addr().String(), "-o", file})
	again.SetOut(io.Discard)
	again.SetErr(io.Discard)
	require.ErrorContains(t, again.ExecuteContext(t.Context()), "exists already")
}
