package walletrpc

import (
	"context"
	"errors"
	"fmt"
)

// Destination is one payee of a transfer.
type Destination struct {
	Address string `json:"address"`
	Amount  uint64 `json:"amount"` // atomic units
}

// Payment is what to send.
type Payment struct {
	Destinations []Destination
	// Priority chooses the fee: 0 the wallet's default, 1 lowest to 4 highest.
	Priority int
	// UnlockTime is the height from which the payees can spend; 0 at once.
	UnlockTime uint64
}

// Sent is a transaction that the wallet made and handed to its node.
type Sent struct {
	TxHash string
	TxKey  string // proves the payment to a payee
	Amount uint64 // atomic units, without the fee
	Fee    uint64
}

type transferParams struct {
	Destinations []Destination `json:"destinations"`
	Account      int           `json:"account_index"`
	Priority     int           `json:"priority"`
	UnlockTime   uint64        `json:"unlock_time"`
	GetTxKey     bool          `json:"get_tx_key,omitempty"`
	GetTxKeys    bool          `json:"get_tx_keys,omitempty"`
}

func (p Payment) params() transferParams {
	return transferParams{Destinations: p.Destinations, Priority: p.Priority, UnlockTime: p.UnlockTime}
}

// Transfer sends p in one transaction.
func (c *Client) Transfer(ctx context.Context, p Payment) (*Sent, error) {
	var a struct {
		TxHash string `json:"tx_hash"`
		TxKey  string `json:"tx_key"`
		Amount uint64 `json:"amount"`
		Fee    uint64 `json:"fee"`
	}
	params := p.params()
	params.GetTxKey = true
	if err := c.call(ctx, "transfer", params, &a); err != nil {
		return nil, err
	}
	if a.TxHash == "" {
		return nil, errors.New("transfer: the answer has no tx_hash; look for the payment in the wallet's history")
	}
	return &Sent{a.TxHash, a.TxKey, a.Amount, a.Fee}, nil
}

// TransferSplit sends p in as many transactions as the wallet finds needed.
func (c *Client) TransferSplit(ctx context.Context, p Payment) ([]Sent, error) {
	const method = "transfer_split"
	var a struct {
		TxHashes []string `json:"tx_hash_list"`
		TxKeys   []string `json:"tx_key_list"`
		Amounts  []uint64 `json:"amount_list"`
		Fees     []uint64 `json:"fee_list"`
	}
	params := p.params()
	params.GetTxKeys = true
	if err := c.call(ctx, method, params, &a); err != nil {
		return nil, err
	}
	n := len(a.TxHashes)
	if n == 0 || len(a.Amounts) != n || len(a.Fees) != n {
		return nil, fmt.Errorf("%s: the answer lists %d hashes, %d amounts and %d fees; "+
			"look for the payment in the wallet's history", method, n, len(a.Amounts), len(a.Fees))
	}
	sent := make([]Sent, n)
	for i := range sent {
		sent[i] = Sent{TxHash: a.TxHashes[i], Amount: a.Amounts[i], Fee: a.Fees[i]}
		if len(a.TxKeys) == n {
			sent[i].TxKey = a.TxKeys[i]
		}
	}
	return sent, nil
}
