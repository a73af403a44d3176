package wallet

import (
	"encoding/hex"
	"encoding/json"
	"net/http"

	"github.com/aditmine/adit/chain/simnode"
)

// Monero serves the wallet as monero-wallet-rpc does.
func (w *Wallet) Monero() http.Handler {
	return w.serve(map[string]method{
		"refresh":              func(json.RawMessage) (any, *simnode.RPCError) { return map[string]int{"blocks_fetched": 0}, nil },
		"get_balance":          w.getBalance,
		"transfer":             w.transfer,
		"relay_tx":             w.relay,
		"get_transfer_by_txid": w.byTxID,
	}, func(call) *simnode.RPCError { return nil })
}

func (w *Wallet) getBalance(json.RawMessage) (any, *simnode.RPCError) {
	total, unlocked := w.has()
	return map[string]uint64{"balance": total, "unlocked_balance": unlocked}, nil
}

func (w *Wallet) transfer(params json.RawMessage) (any, *simnode.RPCError) {
	p, refused := read[struct {
		Destinations []Payee `json:"destinations"`
		DoNotRelay   bool    `json:"do_not_relay"`
	}](params)
	if refused != nil {
		return nil, refused
	}
	t := w.sign(p.Destinations, w.cfg.Fee, "")
	total, unlocked := w.has()
	switch {
	case len(p.Destinations) == 0:
		return nil, &simnode.RPCError{Code: -20, Message: "No destinations for this transfer"}
	case w.cfg.Most > 0 && len(p.Destinations) > w.cfg.Most:
		return nil, &simnode.RPCError{Code: -18, Message: "Transaction would be too large.  try /transfer_split."}
	case t.total() > total:
		return nil, &simnode.RPCError{Code: -17, Message: "not enough money"}
	case t.total() > unlocked:
		return nil, &simnode.RPCError{Code: -37, Message: "not enough unlocked money"}
	}
	if !p.DoNotRelay {
		w.handOut(t)
	}
	metadata, _ := json.Marshal(t) // of plain values
	return map[string]any{
		"tx_hash": t.Hash, "fee": t.Fee, "amount": t.total() - t.Fee, "tx_metadata": hex.EncodeToString(metadata),
	}, nil
}

func (w *Wallet) relay(params json.RawMessage) (any, *simnode.RPCError) {
	p, refused := read[struct {
		Hex string `json:"hex"`
	}](params)
	if refused != nil {
		return nil, refused
	}
	raw, err := hex.DecodeString(p.Hex)
	if err != nil {
		return nil, &simnode.RPCError{Code: -26, Message: "Failed to parse hex."}
	}
	t := new(tx)
	if json.Unmarshal(raw, t) != nil {
		return nil, &simnode.RPCError{Code: -27, Message: "Failed to parse tx metadata."}
	}
	if total, _ := w.has(); w.txs[t.Hash] == nil && t.total() > total {
		return nil, &simnode.RPCError{Code: -4, Message: "Failed to commit tx."}
	}
	w.handOut(t)
	return map[string]string{"tx_hash": t.Hash}, nil
}

func (w *Wallet) byTxID(params json.RawMessage) (any, *simnode.RPCError) {
	p, refused := read[struct {
		TxID string `json:"txid"`
	}](params)
	if refused != nil {
		return nil, refused
	}
	t := w.txs[p.TxID]
	if t == nil {
		return nil, &simnode.RPCError{Code: -8, Message: "Transaction not found."}
	}
	entry := map[string]any{"txid": t.Hash, "amount": t.total() - t.Fee, "fee": t.Fee, "height": t.height, "destinations": t.Payees}
	switch {
	case t.height > 0:
		entry["type"], entry["confirmations"] = "out", w.height-t.height+1
	case t.pending:
		entry["type"] = "pending"
	default:
		entry["type"] = "failed"
	}
	return map[string]any{"transfer": entry}, nil
}
