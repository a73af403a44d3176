package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote/monerod"
)

// TestNodeMonero starts the command, asks its RPC, has blocks made, and ends
// it.
func TestNodeMonero(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	cmd := newNodeMoneroCmd()
	cmd.SetArgs([]string{"--listen", "127.0.0.1:0", "-a", "cn/upx2", "--difficulty", "1000", "--seed", "5"})
	cmd.SetOut(w)
	cmd.SetErr(io.Discard)
	ended := make(chan error, 1)
	go func() {
		err := cmd.ExecuteContext(ctx)
		w.Close()
		ended <- err
	}()
	lines := bufio.NewScanner(r)
	next := func() string {
		require.True(t, lines.Scan())
		return lines.Text()
	}
	first := next()
	require.Contains(t, first, "cn/upx2")
	url := regexp.MustCompile(`http://127\.0\.0\.1:\d+/json_rpc`).FindString(first)
	require.NotEmpty(t, url)
	require.Equal(t, "seed 5; Ctrl-C ends", next())

	client, err := monerod.New(monerod.Config{URL: url})
	require.NoError(t, err)
	defer client.Close()
	info, err := client.Info(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(1000), info.Difficulty.Int64())

	posted := make(chan error, 1)
	go func() {
		resp, err := http.Post(url[:len(url)-len("json_rpc")]+"sim/reorg?depth=1", "", nil)
		if err == nil {
			resp.Body.Close()
			require.Equal(t, 400, resp.StatusCode, "there is nothing to replace yet")
			resp, err = http.Post(url[:len(url)-len("json_rpc")]+"sim/mine?n=2", "", nil)
		}
		if err == nil {
			resp.Body.Close()
		}
		posted <- err
	}()
	require.Regexp(t, `^\d\d:\d\d:\d\d block 1 [0-9a-f]{64} difficulty 1000 made here$`, next())
	require.Regexp(t, ` block 2 .* made here$`, next())
	require.NoError(t, <-posted)

	cancel()
	require.Regexp(t, `^ended after \d+s at block 2, next difficulty \d+: 0 blocks accepted, 0 refused$`, next())
	require.Equal(t, "in the chain: 0 blocks of miners, 0 of them mature; 0 blocks beside it", next())
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("the command did not end")
	}
}

func TestNodeMoneroMistakes(t *testing.T) {
	for want, args := range map[string][]string{
		"unknown algorithm":      {"-a", "cn/99"},
		"--network":              {"--network", "moon"},
		"whole seconds":          {"--block-interval", "1500ms"},
		"version 3":              {"--tx-version", "3"},
		"eaglesong":              {"-a", "eaglesong"},
		"address already in use": nil,
	} {
		cmd := newNodeMoneroCmd()
		cmd.SilenceUsage, cmd.SilenceErrors = true, true
		cmd.SetOut(io.Discard)
		if args == nil {
			taken, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer taken.Close()
			args = []string{"--listen", taken.Addr().String(), "-a", "cn/upx2"}
		}
		cmd.SetArgs(args)
		require.ErrorContains(t, cmd.ExecuteContext(t.Context()), want)
	}
}
