package ckb_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/ckb"
	simckb "github.com/aditmine/adit/chain/simnode/ckb"
)

func TestSynced(t *testing.T) {
	w := start(t, nil)
	ctx := t.Context()
	synced, detail, err := w.client.Synced(ctx)
	require.NoError(t, err)
	require.True(t, synced)
	require.Equal(t, "ckb_dev at block 0 of 0, 0 peers", detail)
	w.node.PauseSync(true)
	synced, detail, err = w.client.Synced(ctx)
	require.NoError(t, err)
	require.False(t, synced)
	require.Equal(t, "ckb_dev at block 0 of 1000, 8 peers", detail)
	w.template() // goes on nevertheless

	info, err := w.client.LocalNodeInfo(ctx)
	require.NoError(t, err)
	require.Equal(t, ckb.Uint64(8), info.Connections)
}

func TestConsensus(t *testing.T) {
	w := start(t, nil)
	c, err := w.client.Consensus(t.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(4), ckb.Epoch(c.CellbaseMaturity).Number())
	require.Equal(t, "ckb_dev", c.ID)
}

func TestRPCRefuses(t *testing.T) {
	w := start(t, nil)
	for body, want := range map[string]string{
		`{"id":1,"method":"get_cells"}`:                                                                `-32601`,
		`{"id":1,"method":"get_header","params":["0x00"]}`:                                             `-32602`,
		`{"id":1,"method":"get_header","params":[]}`:                                                   `-32602`,
		`{"id":1,"method":"get_block_by_number","params":["0x0","0x0"]}`:                               `not verbosity 0`,
		`{"id":1,"method":"submit_block","params":["1",{}]}`:                                           `block: lacks header`,
		`{"id":1,"method":"submit_block","params":[1,{}]}`:                                             `-32602`,
		`{"id":1,"method":"get_block_by_number","params":["0xffff"]}`:                                  `"result":null`,
		`{"id":1,"method":"get_block_hash","params":["0x0"]}`:                                          `"result":"0x`,
		`{"id":1,"method":"get_current_epoch"}`:                                                        `"length":"0x14"`,
		`{"id":1,"method":"get_peers"}`:                                                                `"result":[]`,
		`{"id":1,"method":"get_block_template","params":["0x1"]}`:                                      `"work_id"`,
		`{"id":1,"method":"get_block","params":["0x` + strings.Repeat("00", 32) + `"]}`:                `"result":null`,
		`{"id":1,"method":"get_block_economic_state","params":["0x` + strings.Repeat("00", 32) + `"]}`: `"result":null`,
	} {
		resp, err := http.Post(w.url, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		require.NoError(t, err)
		require.Contains(t, string(text), want, body)
	}
}

func FuzzRPC(f *testing.F) {
	for _, method := range []string{"get_block_template", "submit_block", "get_header", "get_block_by_number", "sync_state"} {
		f.Add([]byte(`{"id":1,"method":"` + method + `","params":["0x0",{"header":{}}]}`))
	}
	f.Add([]byte(`[{"id":1,"method":"get_tip_header"},1]`))
	node, err := simckb.New(simckb.Config{Hasher: newHasher})
	require.NoError(f, err)
	f.Cleanup(func() { node.Close() })
	f.Fuzz(func(t *testing.T, body []byte) {
		w := httptest.NewRecorder()
		node.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body)))
		require.Equal(t, http.StatusOK, w.Code)
		require.True(t, w.Body.Len() == 0 || json.Valid(w.Body.Bytes()))
	})
}
