package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMineAPIFlags(t *testing.T) {
	const pool, user, algo = "-o=127.0.0.1:3333", "-u=w", "-a=cn/r"
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"--http-port=70000"}, "--http-port 70000"},
		{[]string{"--http-access-token=t"}, "need --http-port"},
		{[]string{"--http-port=0", "--http-no-restricted"}, "needs --http-access-token"},
	} {
		status, _, errs := adit(append([]string{"mine", "--dry-run", pool, user, algo}, tc.args...)...)
		require.Equal(t, exitUsage, status)
		require.Contains(t, errs, tc.want)
	}
}

// TestMineServesItsAPI reads the miner over HTTP and ends it by a command.
func TestMineServesItsAPI(t *testing.T) {
	out := &logBuffer{}
	cmd := newMineCmd()
	cmd.SetOut(out)
	cmd.SetErr(io.Discard)
	cmd.SetArgs([]string{"-o", "127.0.0.1:1", "-u", "WALLET", "-p", "hunter2", "-a", "cn/upx2", "-t", "1", "--no-tune", "--no-tui",
		"--http-port", "0", "--http-access-token", "secret", "--http-no-restricted", "--api-worker-id", "rig7"})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan error, 1)
	go func() { done <- cmd.ExecuteContext(ctx) }()
	address := regexp.MustCompile(`HTTP API +(http://\S+)`)
	require.Eventually(t, func() bool { return address.MatchString(out.String()) }, 20*time.Second, 5*time.Millisecond)
	url := address.FindStringSubmatch(out.String())[1]
	ask := func(method, path, body string) (int, []byte) {
		req, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer secret")
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer func() { _ = res.Body.Close() }()
		text, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res.StatusCode, text
	}
	status, body := ask("GET", "/2/summary", "")
	require.Equal(t, http.StatusOK, status)
	var sum map[string]any
	require.NoError(t, json.Unmarshal(body, &sum))
	require.Equal(t, "rig7", sum["worker_id"])
	require.Equal(t, "cn/upx2", sum["algo"])
	_, body = ask("GET", "/2/config", "")
	require.Contains(t, string(body), "WALLET")
	require.NotContains(t, string(body), "hunter2")
	require.NotContains(t, string(body), "secret")
	_, body = ask("POST", "/json_rpc", `{"id":1,"method":"stop"}`)
	require.Contains(t, string(body), `"OK"`)
	require.NoError(t, <-done)
}
