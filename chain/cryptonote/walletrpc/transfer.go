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
	// RingSize is how many outputs each input hides among; 0 is the wallet's
	// default, and what newer networks insist on.
	RingSize int
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
	RingSize     int           `json:"ring_size,omitempty"`
	DoNotRelay   bool          `json:"do_not_relay,omitempty"`
	GetMetadata  bool          `json:"get_tx_metadata,omitempty"`
	GetTxKey     bool          `json:"get_tx_key,omitempty"`
	GetTxKeys    bool          `json:"get_tx_keys,omitempty"`
}

func (c *Client) params(p Payment) transferParams {
	return transferParams{
		Destinations: p.Destinations, Account: c.account, Priority: p.Priority, UnlockTime: p.UnlockTime, RingSize: p.RingSize,
	}
}

// Transfer sends p in one transaction.
func (c *Client) Transfer(ctx context.Context, p Payment) (*Sent, error) {
	var a struct {
		TxHash string `json:"tx_hash"`
		TxKey  string `json:"tx_key"`
		Amount uint64 `json:"amount"`
		Fee    uint64 `json:"fee"`
	}
	params := c.params(p)
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
	params := c.params(p)
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

// Prepared is a transaction that the wallet has signed and told nobody of.
type Prepared struct {
	Sent
	// Metadata is what Relay takes, hex. It holds all that the wallet needs,
	// also after a restart.
	Metadata string
}

// Prepare signs p as one transaction without sending it: the wallet itself
// keeps no trace of it.
func (c *Client) Prepare(ctx context.Context, p Payment) (*Prepared, error) {
	var a struct {
		TxHash   string `json:"tx_hash"`
		TxKey    string `json:"tx_key"`
		Metadata string `json:"tx_metadata"`
		Amount   uint64 `json:"amount"`
		Fee      uint64 `json:"fee"`
	}
	params := c.params(p)
	params.GetTxKey, params.DoNotRelay, params.GetMetadata = true, true, true
	if err := c.call(ctx, "transfer", params, &a); err != nil {
		return nil, err
	}
	if a.TxHash == "" || a.Metadata == "" {
		return nil, errors.New("transfer: the answer lacks tx_hash or tx_metadata")
	}
	return &Prepared{Sent{a.TxHash, a.TxKey, a.Amount, a.Fee}, a.Metadata}, nil
}

// Relay sends a prepared transaction and returns its hash. Relaying one again
// that is under way or in the chain is accepted and changes nothing. ErrNotSent
// says that the wallet's node did not take it, or could not be asked.
func (c *Client) Relay(ctx context.Context, metadata string) (hash string, err error) {
	var a struct {
		TxHash string `json:"tx_hash"`
	}
	err = c.call(ctx, "relay_tx", map[string]string{"hex": metadata}, &a)
	return a.TxHash, err
}
