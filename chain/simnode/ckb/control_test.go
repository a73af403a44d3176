package ckb_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/chain/ckb/ckbrpc"
	"github.com/aditmine/adit/chain/simnode"
	simckb "github.com/aditmine/adit/chain/simnode/ckb"
)

func TestFailures(t *testing.T) {
	w := start(t, nil)
	impatient := ckbrpc.New(ckbrpc.Config{URL: w.url, Timeout: 50 * time.Millisecond})
	for _, kind := range simnode.Kinds() {
		w.node.FailNext(1, kind)
		_, err := impatient.TipNumber(t.Context())
		require.ErrorContains(t, err, "CKB node: get_tip_block_number: ")
		switch kind {
		case simnode.FailRPC, simnode.FailBusy:
			var e *ckbrpc.RPCError
			require.ErrorAs(t, err, &e)
		case simnode.FailRefused, simnode.FailHang:
			var e *ckbrpc.TransportError
			require.ErrorAs(t, err, &e)
		default:
			var e *ckbrpc.ProtocolError
			require.ErrorAs(t, err, &e)
		}
	}
	w.node.SetLag(time.Hour)
	_, err := impatient.TipNumber(t.Context())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	w.node.Clear()
	_, err = impatient.TipNumber(t.Context())
	require.NoError(t, err)
}

func TestControlEndpoints(t *testing.T) {
	w := start(t, nil)
	var s simckb.Status
	for _, c := range []struct {
		path  string
		check func()
	}{
		{"mine?n=5", func() { require.Equal(t, uint64(5), s.Number) }},
		{"reorg?depth=2", func() { require.Equal(t, uint64(1), s.Counts.Reorgs) }},
		{"tx?n=3", func() { require.Equal(t, 3, s.Mempool) }},
		{"sync?paused=true", func() { require.True(t, s.Syncing) }},
		{"status", func() { require.Equal(t, uint64(6), s.Number) }},
	} {
		code, text := w.control(c.path)
		require.Equal(t, http.StatusOK, code, text)
		require.NoError(t, json.Unmarshal([]byte(text), &s))
		c.check()
	}
	for _, bad := range []string{"mine?n=0", "reorg?depth=1000", "sync", "fail?kind=x", "lag?ms=x"} {
		code, text := w.control(bad)
		require.Equal(t, http.StatusBadRequest, code, bad)
		require.Contains(t, text, "error")
	}
	resp, err := http.Get(w.url + "/sim/")
	require.NoError(t, err)
	defer resp.Body.Close()
	help, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	for line := range strings.Lines(simckb.ControlHelp) {
		require.Contains(t, string(help), strings.Fields(line)[1])
	}
}

func TestNotify(t *testing.T) {
	bodies := make(chan []byte, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- body
	}))
	defer receiver.Close()
	w := start(t, func(c *simckb.Config) { c.Notify = []string{"http://127.0.0.1:1/", receiver.URL} })
	parse := func() *ckb.Template {
		select {
		case body := <-bodies:
			tmpl, err := ckb.ParseTemplate(body)
			require.NoError(t, err)
			return tmpl
		case <-time.After(5 * time.Second):
			t.Fatal("no template was posted")
			return nil
		}
	}
	first := parse()
	require.Equal(t, uint64(1), first.Height())
	w.node.Mine(1)
	require.Equal(t, uint64(2), parse().Height())
}

func TestOthersMine(t *testing.T) {
	w := start(t, func(c *simckb.Config) { c.Others = time.Millisecond })
	require.Eventually(t, func() bool { return w.node.Status().Number > 3 }, 5*time.Second, time.Millisecond)
}
