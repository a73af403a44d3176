package monero_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/cryptonote/monerod"
	"github.com/aditmine/adit/chain/simnode/monero"
)

func TestBadCalls(t *testing.T) {
	b := start(t, monero.Config{Fixed: true, Network: cryptonote.MoneroTestnet()})
	_, err := b.rpc.BlockTemplate(t.Context(), wallet, 8)
	require.ErrorIs(t, err, monerod.ErrWrongAddress, "a mainnet address on a testnet")
	_, err = b.rpc.BlockTemplate(t.Context(), wallet, 256)
	require.ErrorIs(t, err, monerod.ErrReserveSize)
	_, err = b.rpc.BlockTemplate(t.Context(), wallet, 128)
	require.ErrorIs(t, err, monerod.ErrInternal, "as monerod does")
	_, err = b.rpc.BlockTemplate(t.Context(), wallet, -1)
	require.ErrorIs(t, err, monerod.ErrReserveSize)
	_, err = b.rpc.BlockHeaderByHeight(t.Context(), 5)
	require.ErrorIs(t, err, monerod.ErrNoSuchHeight)
	_, err = b.rpc.BlockHeaderByHash(t.Context(), cryptonote.Hash{1})
	require.ErrorIs(t, err, monerod.ErrNotFound)
	_, err = b.rpc.Block(t.Context(), cryptonote.Hash{1})
	require.ErrorIs(t, err, monerod.ErrNotFound)

	for call, want := range map[string]string{
		`{"id":1,"method":"get_block_template","params":[]}`:                              `"code":-32602`,
		`{"id":1,"method":"get_block_header_by_hash","params":{"hash":"zz"}}`:             `"code":-1`,
		`{"id":1,"method":"get_block_header_by_height","params":{"height":-1}}`:           `"code":-32602`,
		`{"id":1,"method":"submit_block","params":[]}`:                                    `"code":-1`,
		`{"id":1,"method":"submit_block"}`:                                                `"code":-32602`,
		`{"id":1,"method":"submit_block","params":["zz"]}`:                                `"code":-6`,
		`{"id":1,"method":"submit_block","params":["` + strings.Repeat("00", 100) + `"]}`: `"code":-6`,
		`{"id":1,"method":"mine_me"}`:                                                     `"code":-32601`,
		`{"id":1,"method":"get_block_count"}`:                                             `"count":1`,
		`{"id":1,"method":"getblockcount"}`:                                               `"count":1`,
		`nonsense`:                                                                        `"code":-32700`,
	} {
		require.Contains(t, b.post("/json_rpc", call), want, call)
	}
}

func (b *bench) post(path, body string) string {
	b.t.Helper()
	resp, err := http.Post(b.url+path, "application/json", strings.NewReader(body))
	require.NoError(b.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	return string(text)
}

func TestSubaddress(t *testing.T) {
	b := start(t, monero.Config{Fixed: true})
	const sub = "888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3H"
	_, err := b.rpc.BlockTemplate(t.Context(), sub, 8)
	require.ErrorIs(t, err, monerod.ErrSubaddress)
}

func TestPlainEndpoints(t *testing.T) {
	b := start(t, monero.Config{Fixed: true, Difficulty: 77})
	_, err := b.Mine(2)
	require.NoError(t, err)
	require.Contains(t, b.post("/get_info", ""), `"difficulty":77`)
	require.Contains(t, b.post("/get_height", ""), `"height":3`)
	require.Contains(t, b.post("/getheight", ""), b.Tip().ID.String())
}
