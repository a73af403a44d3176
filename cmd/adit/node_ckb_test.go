package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/chain/ckb/ckbrpc"
	simckb "github.com/aditmine/adit/chain/simnode/ckb"
)

// TestNodeCKB starts the command, asks its RPC, has a block made, and ends it.
func TestNodeCKB(t *testing.T) {
	lock := ckb.SighashLock([20]byte{42})
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	cmd := newNodeCKBCmd()
	cmd.SetArgs([]string{"--listen", "127.0.0.1:0", "--difficulty", "1000", "--seed", "5",
		"--address", ckb.EncodeAddress(ckb.Mainnet, lock)})
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
	url := regexp.MustCompile(`http://127\.0\.0\.1:\d+/`).FindString(next())
	require.NotEmpty(t, url)
	require.Contains(t, next(), "blocks are paid to ckt1")
	require.Equal(t, "seed 5; Ctrl-C ends", next())

	client := ckbrpc.New(ckbrpc.Config{URL: url})
	tmpl, err := client.BlockTemplate(t.Context())
	require.NoError(t, err)
	require.Zero(t, tmpl.Difficulty().Cmp(big.NewInt(1000)))
	require.True(t, tmpl.PayoutLock().Equal(lock))

	answered := make(chan simckb.Status, 1)
	go func() {
		var s simckb.Status
		resp, err := http.Post(url+"sim/mine", "", nil)
		if err == nil {
			err = json.NewDecoder(resp.Body).Decode(&s)
			resp.Body.Close()
		}
		if err != nil {
			t.Error(err)
		}
		answered <- s
	}()
	require.Regexp(t, `^\d\d:\d\d:\d\d block 1 0x[0-9a-f]{64} difficulty 1000 made here$`, next())
	require.Equal(t, uint64(1), (<-answered).Number)

	cancel()
	require.Contains(t, next(), "at block 1, epoch 0(1/30): 0 blocks accepted, 0 refused, 1 made here, 0 reorganisations")
	require.Contains(t, next(), "paid for 0 blocks so far")
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("the command did not end")
	}
}

func TestNodeCKBRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"--difficulty 1":                                "2 at least",
		"--compact-target x":                            "not a 32-bit number",
		"--compact-target 0x21010000":                   "overflows 256 bits",
		"--address ckb1x":                               "--address: CKB address",
		"--difficulty 5 --compact-target 5":             "difficulty",
		"--listen 127.0.0.1:99999":                      "adit node ckb: listen",
		"--listen 127.0.0.1:0 --epoch-length 100000000": "at most 65535 blocks",
		"--others=-1s":                                  "intervals",
	} {
		cmd := newNodeCKBCmd()
		cmd.SetArgs(strings.Fields(args))
		cmd.SetOut(io.Discard)
		cmd.SetErr(io.Discard)
		cmd.SilenceUsage, cmd.SilenceErrors = true, true
		require.ErrorContains(t, cmd.ExecuteContext(t.Context()), want, args)
	}
}
