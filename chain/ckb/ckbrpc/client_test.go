package ckbrpc_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/chain/ckb/ckbrpc"
	"github.com/aditmine/adit/chain/internal/jsonrpc"
)

// node answers by method with fixed JSON; a method that is not there does not
// exist. It keeps the parameters it was called with.
type node struct {
	t       *testing.T
	answers map[string]string
	params  map[string]string
}

func (n *node) client() *ckbrpc.Client {
	n.t.Helper()
	n.params = map[string]string{}
	methods := map[string]jsonrpc.Method{}
	for name, answer := range n.answers {
		methods[name] = func(_ context.Context, params json.RawMessage) (any, error) {
			n.params[name] = string(params)
			var e jsonrpc.Error
			if json.Unmarshal([]byte(answer), &e) == nil && e.Code != 0 {
				return nil, &e
			}
			return json.RawMessage(answer), nil
		}
	}
	s := httptest.NewServer(&jsonrpc.Handler{Methods: methods})
	n.t.Cleanup(s.Close)
	return ckbrpc.New(ckbrpc.Config{URL: s.URL, HTTP: s.Client()})
}

func answering(t *testing.T, answers map[string]string) *ckbrpc.Client {
	t.Helper()
	return (&node{t: t, answers: answers}).client()
}

func example(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("../testdata/" + name)
	require.NoError(t, err)
	return string(data)
}

func TestBlockTemplate(t *testing.T) {
	n := &node{t: t, answers: map[string]string{"get_block_template": example(t, "get_block_template.json")}}
	tmpl, err := n.client().BlockTemplate(t.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(1025), tmpl.Height())
	require.JSONEq(t, `[null,null,null]`, n.params["get_block_template"])

	_, err = answering(t, map[string]string{"get_block_template": `{"work_id":"0x0"}`}).BlockTemplate(t.Context())
	var e *ckbrpc.ProtocolError
	require.ErrorAs(t, err, &e)
	require.ErrorContains(t, err, "CKB node: get_block_template: ")
	require.ErrorContains(t, err, "block template: lacks bytes_limit")
}

func TestMinerDisabled(t *testing.T) {
	for _, c := range []*ckbrpc.Client{
		answering(t, nil),
		answering(t, map[string]string{
			"get_block_template": `{"code":-4,"message":"RPCModuleIsDisabled"}`,
			"submit_block":       `{"code":-4,"message":"RPCModuleIsDisabled"}`,
		}),
	} {
		_, err := c.BlockTemplate(t.Context())
		require.ErrorIs(t, err, ckbrpc.ErrMinerDisabled)
		require.ErrorContains(t, err, "[block_assembler]")
		var e *ckbrpc.RPCError
		require.ErrorAs(t, err, &e)
		_, err = c.SubmitBlock(t.Context(), 1, json.RawMessage(`{}`))
		require.ErrorIs(t, err, ckbrpc.ErrMinerDisabled)
	}
}

func TestSubmitBlock(t *testing.T) {
	hash := ckb.Hash{1, 2, 3}
	n := &node{t: t, answers: map[string]string{"submit_block": `"` + hash.String() + `"`}}
	got, err := n.client().SubmitBlock(t.Context(), 26, json.RawMessage(`{"header":1}`))
	require.NoError(t, err)
	require.Equal(t, hash, got)
	require.JSONEq(t, `["26",{"header":1}]`, n.params["submit_block"])

	c := answering(t, map[string]string{"submit_block": `{"code":-3,"message":"Invalid: Pow(InvalidNonce)"}`})
	_, err = c.SubmitBlock(t.Context(), 26, json.RawMessage(`{}`))
	var e *ckbrpc.RPCError
	require.ErrorAs(t, err, &e)
	require.Equal(t, ckbrpc.CodeInvalid, e.Code)
	require.EqualError(t, err, "CKB node: submit_block: Invalid: Pow(InvalidNonce) (code -3)")
	require.NotErrorIs(t, err, ckbrpc.ErrMinerDisabled)
}

// The block of the RPC documentation.
const (
	blockHash   = "0xa5f5c85987a15de25661e5a214f2c1449cd803f071acc7999820f25246471f40"
	blockNumber = 1024
)

func exampleHeader(t *testing.T) string {
	t.Helper()
	var b struct{ Header json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(example(t, "get_block.json")), &b))
	return string(b.Header)
}

func TestLookUps(t *testing.T) {
	ctx := t.Context()
	header := exampleHeader(t)
	n := &node{t: t, answers: map[string]string{
		"get_tip_header": header, "get_header": header, "get_header_by_number": header,
		"get_block": example(t, "get_block.json"), "get_block_by_number": example(t, "get_block.json"),
		"get_tip_block_number": `"0x400"`,
	}}
	c := n.client()
	want, err := ckb.ParseHash(blockHash)
	require.NoError(t, err)

	tip, err := c.TipHeader(ctx)
	require.NoError(t, err)
	require.Equal(t, want, tip.Hash)
	number, err := c.TipNumber(ctx)
	require.NoError(t, err)
	require.Equal(t, uint64(blockNumber), number)
	h, found, err := c.Header(ctx, want)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, tip, h)
	h, found, err = c.HeaderByNumber(ctx, blockNumber)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, tip, h)
	require.JSONEq(t, `["0x400"]`, n.params["get_header_by_number"])
	b, found, err := c.Block(ctx, want)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, tip.Header, b.Header)
	_, found, err = c.BlockByNumber(ctx, blockNumber)
	require.NoError(t, err)
	require.True(t, found)

	// Another block than asked for is no answer.
	var e *ckbrpc.ProtocolError
	_, found, err = c.Header(ctx, ckb.Hash{1})
	require.False(t, found)
	require.ErrorAs(t, err, &e)
	_, _, err = c.HeaderByNumber(ctx, 7)
	require.ErrorAs(t, err, &e)
	_, _, err = c.Block(ctx, ckb.Hash{1})
	require.ErrorAs(t, err, &e)
	_, found, err = c.BlockByNumber(ctx, 7)
	require.False(t, found)
	require.ErrorAs(t, err, &e)
}

func TestLookUpsOfNothing(t *testing.T) {
	ctx := t.Context()
	c := answering(t, map[string]string{"get_header": "null", "get_header_by_number": "null", "get_block": "null",
		"get_block_by_number": "null", "get_block_economic_state": "null"})
	for _, ask := range []func() (bool, error){
		func() (bool, error) { _, found, err := c.Header(ctx, ckb.Hash{}); return found, err },
		func() (bool, error) { _, found, err := c.HeaderByNumber(ctx, 1); return found, err },
		func() (bool, error) { _, found, err := c.Block(ctx, ckb.Hash{}); return found, err },
		func() (bool, error) { _, found, err := c.BlockByNumber(ctx, 1); return found, err },
		func() (bool, error) { _, found, err := c.BlockEconomicState(ctx, ckb.Hash{}); return found, err },
	} {
		found, err := ask()
		require.NoError(t, err)
		require.False(t, found)
	}
}

func TestLookUpsRefuseDamage(t *testing.T) {
	header := strings.Replace(exampleHeader(t), `"number": "0x400"`, `"number": "0x401"`, 1)
	c := answering(t, map[string]string{"get_header": header, "get_tip_header": header, "get_tip_block_number": `"0x0400"`})
	_, _, err := c.Header(t.Context(), ckb.Hash{})
	require.ErrorContains(t, err, "but the node calls it "+blockHash)
	_, err = c.TipHeader(t.Context())
	require.ErrorContains(t, err, "but the node calls it "+blockHash)
	_, err = c.TipNumber(t.Context())
	require.ErrorContains(t, err, "redundant leading zeros")
}

func TestEconomicState(t *testing.T) {
	// The RPC documentation's example.
	c := answering(t, map[string]string{"get_block_economic_state": `{"finalized_at":"` + blockHash + `",
		"issuance":{"primary":"0x18ce922bca","secondary":"0x7f02ec655"},
		"miner_reward":{"committed":"0x0","primary":"0x18ce922bca","proposal":"0x0","secondary":"0x17b93605"},
		"txs_fee":"0x0"}`})
	s, found, err := c.BlockEconomicState(t.Context(), ckb.Hash{})
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, uint64(0x18ce922bca+0x17b93605), s.MinerReward.Total())
	require.Equal(t, blockHash, s.FinalizedAt.String())
}

func TestSynced(t *testing.T) {
	info := func(chain string, ibd string) string {
		return `{"chain":"` + chain + `","difficulty":"0x1f4003","epoch":"0x7080018000001","is_initial_block_download":` + ibd + `,"median_time":"0x5cd2b105"}`
	}
	sync := func(best string) string { return `{"ibd":false,"best_known_block_number":"` + best + `"}` }
	peers := func(n string) string { return `{"version":"0.200.0","connections":"` + n + `"}` }
	for name, c := range map[string]struct {
		info, sync, peers string
		want              bool
		detail            string
	}{
		"caught up":         {info("ckb", "false"), sync("0x400"), peers("0x8"), true, "ckb at block 1024 of 1024, 8 peers"},
		"one announced":     {info("ckb", "false"), sync("0x402"), peers("0x8"), true, "ckb at block 1024 of 1026, 8 peers"},
		"behind":            {info("ckb", "false"), sync("0x403"), peers("0x8"), false, "ckb at block 1024 of 1027, 8 peers"},
		"first download":    {info("ckb", "true"), sync("0x400"), peers("0x0"), false, "ckb at block 1024 of 1024, 0 peers, in initial block download"},
		"testnet":           {info("ckb_testnet", "true"), sync("0x0"), peers("0x0"), false, "ckb_testnet at block 1024 of 1024, 0 peers, in initial block download"},
		"private, alone":    {info("ckb_dev", "true"), sync("0x0"), peers("0x0"), true, "ckb_dev at block 1024 of 1024, 0 peers, a private chain"},
		"private, with":     {info("ckb_dev", "true"), sync("0x0"), peers("0x1"), false, "ckb_dev at block 1024 of 1024, 1 peers, in initial block download"},
		"without Net":       {info("ckb", "false"), "", "", true, "ckb at block 1024 of 1024, 0 peers"},
		"without Net, late": {info("ckb", "true"), "", "", false, "ckb at block 1024 of 1024, 0 peers, in initial block download"},
	} {
		t.Run(name, func(t *testing.T) {
			answers := map[string]string{"get_blockchain_info": c.info, "get_tip_block_number": `"0x400"`}
			if c.sync != "" {
				answers["sync_state"], answers["local_node_info"] = c.sync, c.peers
			}
			synced, detail, err := answering(t, answers).Synced(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.want, synced)
			require.Equal(t, c.detail, detail)
		})
	}
	_, _, err := answering(t, map[string]string{"get_blockchain_info": `{}`}).Synced(t.Context())
	require.ErrorContains(t, err, "names no chain")
	_, _, err = answering(t, map[string]string{"get_blockchain_info": info("ckb", "false")}).Synced(t.Context())
	require.ErrorContains(t, err, "get_tip_block_number")
	_, _, err = answering(t, map[string]string{"get_blockchain_info": info("ckb", "false"), "get_tip_block_number": `"0x1"`,
		"sync_state": `{"code":-1,"message":"broken"}`}).Synced(t.Context())
	require.ErrorContains(t, err, "broken")
}

func TestConsensus(t *testing.T) {
	c := answering(t, map[string]string{"get_consensus": `{"id":"main","genesis_hash":"` + blockHash + `","cellbase_maturity":"0x10000000004"}`})
	rules, err := c.Consensus(t.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(4), ckb.Epoch(rules.CellbaseMaturity).Number())
}

func TestNoAnswer(t *testing.T) {
	c := ckbrpc.New(ckbrpc.Config{URL: "http://127.0.0.1:1/"})
	_, err := c.TipNumber(t.Context())
	var e *ckbrpc.TransportError
	require.ErrorAs(t, err, &e)
	require.ErrorContains(t, err, "no answer from http://127.0.0.1:1/")
	require.ErrorContains(t, err, "is the CKB node running, and does rpc.listen_address in its ckb.toml match?")
	require.Equal(t, "http://127.0.0.1:1/", c.URL())
}

func TestTimeout(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer s.Close()
	defer close(release)
	c := ckbrpc.New(ckbrpc.Config{URL: s.URL, Timeout: 20 * time.Millisecond})
	_, err := c.TipNumber(t.Context())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, t.Context().Err())
}
