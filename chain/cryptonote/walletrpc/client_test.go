package walletrpc_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote/walletrpc"
)

// The files in testdata are answers of monero-wallet-rpc 0.18.0.0 on a private
// regtest chain.

const (
	address = "49MkC3CU2YqVcj4FZBdrB743XHnpTXRjvVETemMHPZ1X43WYhVMi4J7brdmsXJR7HvTb1GnGoyC9MC9iaJfYPLNpNKJGFu3"
	txID    = "d3f247252282a008c50eb5f5871f82d1a5ccd66d7f4a77f3d55bf6bc5385f63a"
)

// wallet answers the next call with a recording and keeps what was asked.
type wallet struct {
	*walletrpc.Client
	t      *testing.T
	answer []byte
	asked  struct {
		ID     int             `json:"id"`
		Method string          `json:"method"`
		Params json.RawMessage `json:"params"`
	}
}

func newWallet(t *testing.T) *wallet {
	w := &wallet{t: t}
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(body, &w.asked) != nil {
			return
		}
		var answer map[string]json.RawMessage
		if json.Unmarshal(w.answer, &answer) != nil {
			rw.Write(w.answer)
			return
		}
		answer["id"] = json.RawMessage(strconv.Itoa(w.asked.ID))
		json.NewEncoder(rw).Encode(answer)
	}))
	t.Cleanup(s.Close)
	client, err := walletrpc.New(walletrpc.Config{URL: s.URL})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	w.Client = client
	return w
}

func (w *wallet) load(name string) *wallet {
	w.t.Helper()
	var err error
	w.answer, err = os.ReadFile(filepath.Join("testdata", name+".json"))
	require.NoError(w.t, err)
	return w
}

func (w *wallet) wasAsked(method, params string) {
	w.t.Helper()
	require.Equal(w.t, method, w.asked.Method)
	require.JSONEq(w.t, params, string(w.asked.Params))
}

func TestWallet(t *testing.T) {
	w := newWallet(t)
	require.NoError(t, w.load("open").CreateWallet(t.Context(), "a", "secret"))
	w.wasAsked("create_wallet", `{"filename":"a","password":"secret","language":"English"}`)
	require.NoError(t, w.load("open").OpenWallet(t.Context(), "a", "secret"))
	w.wasAsked("open_wallet", `{"filename":"a","password":"secret"}`)

	got, err := w.load("get_address").Address(t.Context())
	require.NoError(t, err)
	require.Equal(t, address, got)
	w.wasAsked("get_address", `{"account_index":0}`)

	blocks, err := w.load("refresh").Refresh(t.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(1), blocks)

	balance, err := w.load("get_balance").Balance(t.Context())
	require.NoError(t, err)
	require.Equal(t, walletrpc.Balance{Total: 3342209932492271, Unlocked: 1196227581271322, BlocksToUnlock: 59}, balance)
}

func TestTransfer(t *testing.T) {
	w := newWallet(t)
	payment := walletrpc.Payment{
		Destinations: []walletrpc.Destination{{Address: address, Amount: 1e12}, {Address: address, Amount: 2e12}},
		Priority:     1,
	}
	sent, err := w.load("transfer").Transfer(t.Context(), payment)
	require.NoError(t, err)
	require.Equal(t, &walletrpc.Sent{
		TxHash: txID, Amount: 3e12, Fee: 3328800000,
		TxKey: "a2d6fb8033ebc6aff490e1cb320c3b38eb8b1073f1cfdad2102b2bba9f849d07",
	}, sent)
	w.wasAsked("transfer", `{"destinations":[{"address":"`+address+`","amount":1000000000000},
		{"address":"`+address+`","amount":2000000000000}],"account_index":0,"priority":1,"unlock_time":0,"get_tx_key":true}`)

	split, err := w.load("transfer_split").TransferSplit(t.Context(), payment)
	require.NoError(t, err)
	require.Equal(t, []walletrpc.Sent{{
		TxHash: "849090dbf7562873e6adee40b47cd996846aca11bb1ab0a2fece6dc781d1f53b", Amount: 15e11, Fee: 2605200000,
	}}, split)
	require.Equal(t, "transfer_split", w.asked.Method)
}

// TestTransferWithoutHash covers answers that leave open what was sent.
func TestTransferWithoutHash(t *testing.T) {
	w := newWallet(t)
	for _, answer := range []string{`{"result":{}}`, `{"result":{"tx_hash_list":["a"],"amount_list":[],"fee_list":[1]}}`} {
		w.answer = []byte(answer)
		_, err := w.Transfer(t.Context(), walletrpc.Payment{})
		require.ErrorContains(t, err, "look for the payment")
		_, err = w.TransferSplit(t.Context(), walletrpc.Payment{})
		require.ErrorContains(t, err, "look for the payment")
	}
}

func TestTransfers(t *testing.T) {
	w := newWallet(t)
	all, err := w.load("get_transfers").Transfers(t.Context(),
		walletrpc.Filter{In: true, Out: true, Pending: true, Failed: true, Pool: true, MinHeight: 94, MaxHeight: 97})
	require.NoError(t, err)
	w.wasAsked("get_transfers", `{"in":true,"out":true,"pending":true,"failed":true,"pool":true,
		"filter_by_height":true,"min_height":94,"max_height":97}`)
	require.Len(t, all, 21)
	require.Equal(t, "block", all[0].Type)
	require.Equal(t, uint64(35223405369885), all[0].Amount)
	require.True(t, all[0].Locked)
	require.Equal(t, "out", all[20].Type)

	_, err = w.Transfers(t.Context(), walletrpc.Filter{Out: true})
	require.NoError(t, err)
	w.wasAsked("get_transfers", `{"in":false,"out":true,"pending":false,"failed":false,"pool":false}`)
}

func TestTransferByTxID(t *testing.T) {
	w := newWallet(t)
	pending, err := w.load("by_txid_pending").TransferByTxID(t.Context(), txID)
	require.NoError(t, err)
	w.wasAsked("get_transfer_by_txid", `{"txid":"`+txID+`"}`)
	require.Equal(t, "pending", pending.Type)
	require.Equal(t, uint64(0), pending.Height)
	require.Len(t, pending.Destinations, 2)

	confirmed, err := w.load("transfer_by_txid").TransferByTxID(t.Context(), txID)
	require.NoError(t, err)
	require.Equal(t, "out", confirmed.Type)
	require.Equal(t, uint64(96), confirmed.Height)
	require.Equal(t, uint64(1), confirmed.Confirmations)
	require.Equal(t, pending.Destinations, confirmed.Destinations)
	require.Equal(t, pending.Fee, confirmed.Fee)
}

func TestRefusals(t *testing.T) {
	w := newWallet(t)
	for _, tt := range []struct {
		file string
		want error
		code int
	}{
		{"error_not_enough_unlocked", walletrpc.ErrNotEnoughUnlocked, -37},
		{"error_not_enough", walletrpc.ErrNotEnough, -17},
		{"error_wrong_address", walletrpc.ErrWrongAddress, -2},
		{"error_no_destination", walletrpc.ErrNoDestination, -20},
		{"error_zero", walletrpc.ErrZeroAmount, -46},
		{"error_no_txid", walletrpc.ErrNoSuchTransfer, -8},
		{"error_no_wallet", walletrpc.ErrNoWallet, -13},
		{"error_exists", walletrpc.ErrWalletExists, -21},
		{"error_open_missing", nil, -1},
		{"error_wrong_password", nil, -1},
	} {
		_, err := w.load(tt.file).Transfer(t.Context(), walletrpc.Payment{})
		var refused *walletrpc.Error
		require.ErrorAs(t, err, &refused, tt.file)
		require.Equal(t, tt.code, refused.Code, tt.file)
		if tt.want != nil {
			require.ErrorIs(t, err, tt.want, tt.file)
		}
	}
}

// TestOldWallets covers the one code that they use for everything.
func TestOldWallets(t *testing.T) {
	w := newWallet(t)
	for text, want := range map[string]error{
		"not enough unlocked money":                             walletrpc.ErrNotEnoughUnlocked,
		"Not enough money":                                      walletrpc.ErrNotEnough,
		"transaction is too big":                                walletrpc.ErrTooLarge,
		"Transaction would be too large.  try /transfer_split.": walletrpc.ErrTooLarge,
		"something else":                                        walletrpc.ErrNotSent,
	} {
		w.answer = []byte(`{"error":{"code":-4,"message":"` + text + `"}}`)
		_, err := w.Transfer(t.Context(), walletrpc.Payment{})
		require.ErrorIs(t, err, want, text)
		require.ErrorContains(t, err, text)
	}
}
