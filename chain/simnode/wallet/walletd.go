package wallet

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/aditmine/adit/chain/simnode"
)

// Walletd serves the wallet as services of the walletd family do.
func (w *Wallet) Walletd() http.Handler {
	return w.serve(map[string]method{
		"getBalance":                  w.availableBalance,
		"getStatus":                   w.status,
		"createDelayedTransaction":    w.createDelayed,
		"sendDelayedTransaction":      w.sendDelayed,
		"deleteDelayedTransaction":    w.deleteDelayed,
		"getDelayedTransactionHashes": w.delayedHashes,
		"getTransaction":              w.transaction,
	}, func(c call) *simnode.RPCError {
		if w.cfg.Password != "" && (c.Password == nil || *c.Password != w.cfg.Password) {
			return &simnode.RPCError{Code: -32604, Message: "Invalid or no rpc password"}
		}
		return nil
	})
}

func (w *Wallet) availableBalance(json.RawMessage) (any, *simnode.RPCError) {
	total, unlocked := w.has()
	return map[string]uint64{"availableBalance": unlocked, "lockedAmount": total - unlocked}, nil
}

func (w *Wallet) status(json.RawMessage) (any, *simnode.RPCError) {
	return map[string]uint64{"blockCount": w.height + 1, "knownBlockCount": w.height + 1}, nil
}

// failed is a refusal: all of them have one code.
func failed(message string) *simnode.RPCError {
	return &simnode.RPCError{Code: -32000, Message: message}
}

func (w *Wallet) createDelayed(params json.RawMessage) (any, *simnode.RPCError) {
	p, refused := read[struct {
		Transfers []Payee `json:"transfers"`
		Fee       uint64  `json:"fee"`
		PaymentID string  `json:"paymentId"`
	}](params)
	if refused != nil {
		return nil, refused
	}
	t := w.sign(p.Transfers, p.Fee, p.PaymentID)
	switch _, unlocked := w.has(); {
	case w.cfg.Most > 0 && len(p.Transfers) > w.cfg.Most:
		return nil, failed("Transaction size is too big")
	case t.total() > unlocked:
		return nil, failed("Wrong amount")
	}
	t.delayed = true
	w.txs[t.Hash] = t
	return map[string]string{"transactionHash": t.Hash}, nil
}

// named finds the transaction that a call is about.
func (w *Wallet) named(params json.RawMessage) (*tx, *simnode.RPCError) {
	p, refused := read[struct {
		Hash string `json:"transactionHash"`
	}](params)
	if refused != nil {
		return nil, refused
	}
	t := w.txs[p.Hash]
	if t == nil {
		return nil, failed("Requested object not found")
	}
	return t, nil
}

func (w *Wallet) sendDelayed(params json.RawMessage) (any, *simnode.RPCError) {
	t, refused := w.named(params)
	switch {
	case refused != nil:
		return nil, refused
	case !t.delayed:
		return nil, failed("Transaction transfer impossible")
	}
	w.handOut(t)
	return struct{}{}, nil
}

func (w *Wallet) deleteDelayed(params json.RawMessage) (any, *simnode.RPCError) {
	t, refused := w.named(params)
	if refused != nil {
		return nil, refused
	}
	if !t.delayed {
		return nil, failed("Transaction cancel impossible")
	}
	delete(w.txs, t.Hash)
	return struct{}{}, nil
}

func (w *Wallet) delayedHashes(json.RawMessage) (any, *simnode.RPCError) {
	hashes := []string{}
	for _, t := range w.txs {
		if t.delayed {
			hashes = append(hashes, t.Hash)
		}
	}
	slices.Sort(hashes)
	return map[string][]string{"transactionHashes": hashes}, nil
}

// The states of walletd's transactions.
const (
	stateSucceeded = 0
	stateFailed    = 1
	stateCreated   = 3
)

func (w *Wallet) transaction(params json.RawMessage) (any, *simnode.RPCError) {
	t, refused := w.named(params)
	if refused != nil {
		return nil, refused
	}
	const unconfirmed = 1<<32 - 1
	state, index := stateSucceeded, uint64(unconfirmed)
	switch {
	case t.height > 0:
		index = t.height
	case t.delayed:
		state = stateCreated
	case !t.pending:
		state = stateFailed
	}
	// The wallet's own side of it stands among the transfers.
	transfers := []map[string]any{{"address": w.cfg.Address, "amount": -int64(t.total()) - 5, "type": 0}, {"address": w.cfg.Address, "amount": 5, "type": 2}}
	for _, p := range t.Payees {
		transfers = append(transfers, map[string]any{"address": p.Address, "amount": p.Amount, "type": 0})
	}
	return map[string]any{"transaction": map[string]any{
		"transactionHash": t.Hash, "state": state, "blockIndex": index, "fee": t.Fee, "paymentId": t.PaymentID, "transfers": transfers,
	}}, nil
}
