package walletrpc_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote/walletrpc"
)

func TestPrepareAndRelay(t *testing.T) {
	const hash = "cbc232c3ae8e35b1243329e61a0b915c0632cdb96cb0e9430387a9111346b00f"
	w := newWallet(t)
	payment := walletrpc.Payment{Destinations: []walletrpc.Destination{{Address: address, Amount: 1e12}}, RingSize: 16}
	p, err := w.load("transfer_prepared").Account(2).Prepare(t.Context(), payment)
	require.NoError(t, err)
	require.Equal(t, hash, p.TxHash)
	require.Equal(t, uint64(2e9), p.Fee)
	require.Equal(t, uint64(1e12), p.Amount)
	require.Len(t, p.Metadata, 6156)
	w.wasAsked("transfer", `{"destinations":[{"address":"`+address+`","amount":1000000000000}],"account_index":2,
		"priority":0,"unlock_time":0,"ring_size":16,"do_not_relay":true,"get_tx_metadata":true,"get_tx_key":true}`)

	got, err := w.load("relay").Relay(t.Context(), "00ff")
	require.NoError(t, err)
	require.Equal(t, hash, got)
	w.wasAsked("relay_tx", `{"hex":"00ff"}`)
	_, err = w.load("error_relay_double_spend").Relay(t.Context(), "00ff")
	require.ErrorIs(t, err, walletrpc.ErrNotSent)
	_, err = w.load("error_relay_metadata").Relay(t.Context(), "00ff")
	require.ErrorIs(t, err, walletrpc.ErrBadMetadata)

	for _, answer := range []string{`{"result":{}}`, `{"result":{"tx_hash":"a"}}`, `{"result":{"tx_metadata":"a"}}`} {
		w.answer = []byte(answer)
		_, err := w.Prepare(t.Context(), payment)
		require.ErrorContains(t, err, "lacks")
	}
}

func TestOtherAccounts(t *testing.T) {
	w := newWallet(t)
	other := w.load("get_balance").Account(3)
	_, err := other.Balance(t.Context())
	require.NoError(t, err)
	w.wasAsked("get_balance", `{"account_index":3}`)
	_, err = w.load("transfer_by_txid").Account(3).TransferByTxID(t.Context(), txID)
	require.NoError(t, err)
	w.wasAsked("get_transfer_by_txid", `{"txid":"`+txID+`","account_index":3}`)
	_, err = w.load("get_transfers").Account(3).Transfers(t.Context(), walletrpc.Filter{Out: true})
	require.NoError(t, err)
	w.wasAsked("get_transfers", `{"in":false,"out":true,"pending":false,"failed":false,"pool":false,"account_index":3}`)
}
