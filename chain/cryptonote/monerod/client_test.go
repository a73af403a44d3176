package monerod_test

import (
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/cryptonote/monerod"
)

// The files in testdata are answers of monerod 0.18.0.0: those named testnet
// of a fresh private testnet (block version 1), the others of a regtest chain
// (block version 16).

// address of the wallet that mined the recorded regtest chain.
const address = "49MkC3CU2YqVcj4FZBdrB743XHnpTXRjvVETemMHPZ1X43WYhVMi4J7brdmsXJR7HvTb1GnGoyC9MC9iaJfYPLNpNKJGFu3"

// node answers the next call with a recording and keeps what was asked.
type node struct {
	*monerod.Client
	t      *testing.T
	answer []byte
	asked  struct {
		Method string          `json:"method"`
		Params json.RawMessage `json:"params"`
	}
}

func newNode(t *testing.T) *node {
	n := &node{t: t}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		var id struct{ ID int }
		n.asked.Params = nil
		if json.Unmarshal(body, &n.asked) != nil || json.Unmarshal(body, &id) != nil {
			return
		}
		var answer map[string]json.RawMessage
		if json.Unmarshal(n.answer, &answer) != nil {
			w.Write(n.answer)
			return
		}
		answer["id"] = json.RawMessage(big.NewInt(int64(id.ID)).String())
		json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(s.Close)
	client, err := monerod.New(monerod.Config{URL: s.URL})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	n.Client = client
	return n
}

func (n *node) load(name string) *node {
	n.t.Helper()
	var err error
	n.answer, err = os.ReadFile(filepath.Join("testdata", name+".json"))
	require.NoError(n.t, err)
	return n
}

func (n *node) wasAsked(method, params string) {
	n.t.Helper()
	require.Equal(n.t, method, n.asked.Method)
	if params == "" {
		require.Nil(n.t, n.asked.Params)
		return
	}
	require.JSONEq(n.t, params, string(n.asked.Params))
}

func hash(t *testing.T, s string) cryptonote.Hash {
	h, err := cryptonote.ParseHash(s)
	require.NoError(t, err)
	return h
}

// TestRecordedTemplates parses templates of both block versions, with up to 19
// transactions: our hashing blob is the node's.
func TestRecordedTemplates(t *testing.T) {
	n := newNode(t)
	for _, tt := range []struct {
		file              string
		reserve, txCount  int
		height, txVersion uint64
		difficulty        int64
	}{
		{"testnet_template", 8, 1, 1, 1, 1},
		{"testnet_template_difficulty15", 8, 1, 4, 1, 15},
		{"template_2txs", 17, 3, 96, 2, 1},
		{"template_3txs", 17, 4, 96, 2, 1},
		{"template_4txs", 17, 5, 96, 2, 1},
		{"template_5txs", 17, 6, 96, 2, 1},
		{"template_6txs", 17, 7, 96, 2, 1},
		{"template_7txs", 17, 8, 96, 2, 1},
		{"template_8txs", 17, 9, 96, 2, 1},
		{"template_9txs", 17, 10, 96, 2, 1},
		{"template_19txs", 17, 20, 96, 2, 1},
	} {
		t.Run(tt.file, func(t *testing.T) {
			got, err := n.load(tt.file).BlockTemplate(t.Context(), address, tt.reserve)
			require.NoError(t, err)
			n.wasAsked("get_block_template", `{"wallet_address":"`+address+`","reserve_size":`+big.NewInt(int64(tt.reserve)).String()+`}`)
			require.Equal(t, tt.difficulty, got.Difficulty.Int64())
			require.NotEmpty(t, got.HashingBlob)

			tmpl, err := got.Parse()
			require.NoError(t, err)
			blob, err := tmpl.HashingBlob(nil)
			require.NoError(t, err)
			require.Equal(t, got.HashingBlob, blob)
			require.Equal(t, tt.reserve, tmpl.ReservedSize())
			require.Equal(t, tt.txCount, tmpl.TxCount())
			require.Equal(t, tt.height, tmpl.Height())
			require.Equal(t, tt.txVersion, tmpl.MinerTx().Version)
			require.Equal(t, got.ExpectedReward, tmpl.Reward())
			require.Equal(t, got.PrevHash, tmpl.Header().PrevID)
			require.Equal(t, 39, tmpl.NonceOffset())
		})
	}
}

// TestRecordedBlocks computes the ids of blocks that the node accepted.
func TestRecordedBlocks(t *testing.T) {
	n := newNode(t)
	id := hash(t, "d774850a700ab96b773b8b89613994072ddbf24263a6a2df1d089d45b4b66f7a")
	b, err := n.load("block").Block(t.Context(), id)
	require.NoError(t, err)
	n.wasAsked("get_block", `{"hash":"`+id.String()+`"}`)
	parsed, err := cryptonote.ParseBlock(b.Blob)
	require.NoError(t, err)
	require.Equal(t, id, parsed.ID())
	require.Equal(t, "6e701e4a89501640915a1856634c14534d4a4978b361f793544eec755f3862b5", parsed.MinerTxHash().String())
	require.Equal(t, b.Header.Reward, parsed.Reward())
	require.Equal(t, b.Header.TxCount, len(parsed.TxHashes()))
	require.Equal(t, b.Header.Timestamp, parsed.Header().Timestamp)

	b, err = n.load("block_by_height").BlockByHeight(t.Context(), 1)
	require.NoError(t, err)
	n.wasAsked("get_block", `{"height":1}`)
	parsed, err = cryptonote.ParseBlock(b.Blob)
	require.NoError(t, err)
	require.Equal(t, b.Header.Hash, parsed.ID())

	_, err = n.load("block").BlockByHeight(t.Context(), 97)
	require.ErrorIs(t, err, monerod.ErrWrongBlock)
	_, err = n.load("block").Block(t.Context(), cryptonote.Hash{1})
	require.ErrorIs(t, err, monerod.ErrWrongBlock)
}

// TestSubmittedTemplateHasTheNodesID follows a template of the testnet that
// was submitted as it was: the header that the node gave for it has our id.
func TestSubmittedTemplateHasTheNodesID(t *testing.T) {
	n := newNode(t)
	got, err := n.load("testnet_template").BlockTemplate(t.Context(), address, 8)
	require.NoError(t, err)
	tmpl, err := got.Parse()
	require.NoError(t, err)

	require.NoError(t, n.load("submit_ok").SubmitBlock(t.Context(), got.Blob))
	h, err := n.load("testnet_header").BlockHeaderByHash(t.Context(), tmpl.ID())
	require.NoError(t, err)
	require.False(t, h.Orphan)
	require.Equal(t, got.ExpectedReward, h.Reward)

	// The same block with nonce 1 came too late; the node kept it beside.
	other, err := tmpl.BlockBlob(nil, [4]byte{1})
	require.NoError(t, err)
	late, err := cryptonote.ParseBlock(other)
	require.NoError(t, err)
	h, err = n.load("alt_header_by_hash").BlockHeaderByHash(t.Context(), late.ID())
	require.NoError(t, err)
	require.True(t, h.Orphan)
	require.Equal(t, uint32(1), h.Nonce)
}

func TestHeaders(t *testing.T) {
	n := newNode(t)
	want := &monerod.BlockHeader{
		Hash:     hash(t, "d774850a700ab96b773b8b89613994072ddbf24263a6a2df1d089d45b4b66f7a"),
		PrevHash: hash(t, "6658228759629cd8d1726aaa338c00dc830087f242cd2074a8dd46670976d50f"),
		Height:   96, Major: 16, Minor: 16, Timestamp: 1795173123, Reward: 35223405369885,
		Difficulty: big.NewInt(1), TxCount: 19,
	}
	got, err := n.load("last_block_header").LastBlockHeader(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, got)
	n.wasAsked("get_last_block_header", "")

	got, err = n.load("block_header_by_height").BlockHeaderByHeight(t.Context(), 96)
	require.NoError(t, err)
	require.Equal(t, want, got)
	n.wasAsked("get_block_header_by_height", `{"height":96}`)

	got, err = n.load("block_header_by_hash").BlockHeaderByHash(t.Context(), want.Hash)
	require.NoError(t, err)
	require.Equal(t, want, got)
	n.wasAsked("get_block_header_by_hash", `{"hash":"`+want.Hash.String()+`"}`)

	_, err = n.load("block_header_by_height").BlockHeaderByHeight(t.Context(), 97)
	require.ErrorIs(t, err, monerod.ErrWrongBlock, "a node that counts from one")
	_, err = n.load("block_header_by_hash").BlockHeaderByHash(t.Context(), cryptonote.Hash{1})
	require.ErrorIs(t, err, monerod.ErrWrongBlock)
}

func TestRefusals(t *testing.T) {
	n := newNode(t)
	template := func() error {
		_, err := n.BlockTemplate(t.Context(), address, 17)
		return err
	}
	byHash := func() error {
		_, err := n.BlockHeaderByHash(t.Context(), cryptonote.Hash{31: 0xff})
		return err
	}
	block := func() error {
		_, err := n.Block(t.Context(), cryptonote.Hash{31: 0xff})
		return err
	}
	byHeight := func() error {
		_, err := n.BlockHeaderByHeight(t.Context(), 100000)
		return err
	}
	submit := func() error { return n.SubmitBlock(t.Context(), []byte{0}) }
	for _, tt := range []struct {
		file string
		call func() error
		want error
		code int
	}{
		{"error_wrong_address", template, monerod.ErrWrongAddress, -4},
		{"error_subaddress", template, monerod.ErrSubaddress, -12},
		{"error_reserve_size", template, monerod.ErrReserveSize, -3},
		{"error_bad_params", template, nil, -32602},
		{"error_no_method", template, monerod.ErrUnknownMethod, -32601},
		{"error_too_high", byHeight, monerod.ErrNoSuchHeight, -2},
		{"error_no_such_hash", byHash, monerod.ErrNotFound, -5},
		{"error_no_such_block", block, monerod.ErrNotFound, -5},
		{"error_bad_hash", byHash, monerod.ErrBadParameter, -1},
		{"error_submit_garbage", submit, monerod.ErrWrongBlob, -6},
		{"error_submit_not_hex", submit, monerod.ErrWrongBlob, -6},
		{"error_submit_none", submit, monerod.ErrBadParameter, -1},
		{"submit_not_accepted", submit, monerod.ErrNotAccepted, -7},
	} {
		t.Run(tt.file, func(t *testing.T) {
			n.load(tt.file)
			err := tt.call()
			var refused *monerod.Error
			require.ErrorAs(t, err, &refused)
			require.Equal(t, tt.code, refused.Code)
			if tt.want != nil {
				require.ErrorIs(t, err, tt.want)
			}
		})
	}
}

func TestSubmitIsSentAsHex(t *testing.T) {
	n := newNode(t).load("submit_ok")
	require.NoError(t, n.SubmitBlock(t.Context(), []byte{1, 2, 0xab}))
	n.wasAsked("submit_block", `["0102ab"]`)
	// What monerod says to a block it has, and to one without parent.
	require.NoError(t, n.load("submit_again").SubmitBlock(t.Context(), []byte{1}))
	require.NoError(t, n.load("submit_unknown_parent").SubmitBlock(t.Context(), []byte{1}))
}

func TestBusy(t *testing.T) {
	n := newNode(t)
	n.answer = []byte(`{"error":{"code":-9,"message":"Core is busy"},"jsonrpc":"2.0"}`)
	_, err := n.BlockTemplate(t.Context(), address, 17)
	require.ErrorIs(t, err, monerod.ErrBusy)

	n.answer = []byte(`{"result":{"status":"BUSY"},"jsonrpc":"2.0"}`)
	_, err = n.LastBlockHeader(t.Context())
	require.ErrorIs(t, err, monerod.ErrBusy)

	n.answer = []byte(`{"result":{"status":"Failed"},"jsonrpc":"2.0"}`)
	err = n.SubmitBlock(t.Context(), nil)
	var refused *monerod.Error
	require.ErrorAs(t, err, &refused)
	require.EqualError(t, err, `submit_block was refused: "Failed", code 0`)
}

// TestNonsense shows that answers which are not what was asked for are errors
// that say so.
func TestNonsense(t *testing.T) {
	n := newNode(t)
	for _, answer := range []string{
		"", "<html>", "{}", `{"result":null}`, `{"result":[]}`, `{"result":{"status":7}}`,
		`{"result":{"blocktemplate_blob":"zz"}}`, `{"result":{"blocktemplate_blob":"00","wide_difficulty":"12"}}`,
		`{"result":{"blocktemplate_blob":"00","wide_difficulty":"0x"}}`,
		`{"result":{"blocktemplate_blob":"00","wide_difficulty":"0x-1"}}`,
		`{"result":{"blocktemplate_blob":"00","wide_difficulty":"0x100000000000000000000000000000000"}}`,
		`{"result":{"blocktemplate_blob":"00","blockhashing_blob":"1"}}`,
		`{"result":{"blocktemplate_blob":"00","prev_hash":"1"}}`,
		`{"result":{"block_header":{"hash":"1"}}}`,
	} {
		n.answer = []byte(answer)
		_, err := n.BlockTemplate(t.Context(), address, 17)
		require.Error(t, err, answer)
		var refused *monerod.Error
		require.False(t, errors.As(err, &refused), "%s: %v", answer, err)
		_, err = n.LastBlockHeader(t.Context())
		require.Error(t, err, answer)
	}
}

func TestTemplateMismatch(t *testing.T) {
	n := newNode(t)
	got, err := n.load("template_2txs").BlockTemplate(t.Context(), address, 17)
	require.NoError(t, err)

	other := *got
	other.Height++
	_, err = other.Parse()
	require.ErrorIs(t, err, monerod.ErrTemplateMismatch)

	other = *got
	other.HashingBlob = append([]byte{0xff}, got.HashingBlob...)
	_, err = other.Parse()
	require.ErrorIs(t, err, monerod.ErrTemplateMismatch)
	require.ErrorContains(t, err, "block version 16.16")

	other = *got
	other.ReservedOffset = 3
	_, err = other.Parse()
	var pe *cryptonote.ParseError
	require.ErrorAs(t, err, &pe)

	other = *got
	other.HashingBlob = nil // TurtleCoin's nodes send none
	_, err = other.Parse()
	require.NoError(t, err)
}

func TestWideDifficulty(t *testing.T) {
	n := newNode(t)
	for fields, want := range map[string]string{
		`"difficulty":5`:                                         "5",
		`"difficulty":5,"difficulty_top64":1`:                    "18446744073709551621",
		`"wide_difficulty":"0x10000000000000005","difficulty":7`: "18446744073709551621",
		`"wide_difficulty":"0xffffffffffffffffffffffffffffffff"`: "340282366920938463463374607431768211455",
	} {
		n.answer = []byte(`{"result":{"blocktemplate_blob":"00",` + fields + `}}`)
		got, err := n.BlockTemplate(t.Context(), address, 17)
		require.NoError(t, err)
		require.Equal(t, want, got.Difficulty.String())
	}
}

func TestInfo(t *testing.T) {
	n := newNode(t)
	info, err := n.load("info_testnet").Info(t.Context())
	require.NoError(t, err)
	n.wasAsked("get_info", "")
	require.Equal(t, uint64(4), info.Height)
	require.Equal(t, "testnet", info.Network)
	require.Equal(t, "0.18.0.0-unknown", info.Version)
	require.Equal(t, int64(15), info.Difficulty.Int64())
	require.Equal(t, 60, info.Target)
	require.True(t, info.Offline)

	info, err = n.load("info_regtest").Info(t.Context())
	require.NoError(t, err)
	require.Equal(t, "fakechain", info.Network)
}

func TestSynced(t *testing.T) {
	n := newNode(t)
	synced, progress, err := n.load("info_testnet").Synced(t.Context())
	require.NoError(t, err)
	require.True(t, synced)
	require.Equal(t, "height 4, offline", progress)

	for _, tt := range []struct {
		info     string
		synced   bool
		progress string
	}{
		{`"height":5,"target_height":9,"synchronized":false,"outgoing_connections_count":1`, false, "height 5 of 9, 1 peer"},
		{`"height":5,"target_height":9,"outgoing_connections_count":2`, false, "height 5 of 9, 2 peers"},
		{`"height":9,"target_height":9`, true, "height 9, 0 peers"},
		{`"height":9,"synchronized":true,"incoming_connections_count":3`, true, "height 9, 3 peers"},
		{`"height":9,"synchronized":true,"busy_syncing":true`, false, "height 9, 0 peers"},
	} {
		n.answer = []byte(`{"result":{"status":"OK",` + tt.info + `}}`)
		synced, progress, err := n.Synced(t.Context())
		require.NoError(t, err)
		require.Equal(t, tt.synced, synced, tt.info)
		require.Equal(t, tt.progress, progress)
	}
}
