package walletd

import (
	"context"
	"encoding/hex"
	"fmt"
)

// Balance is what the whole wallet holds, in atomic units.
type Balance struct {
	Available uint64 `json:"availableBalance"`
	Locked    uint64 `json:"lockedAmount"`
}

// Balance asks what the wallet holds.
func (c *Client) Balance(ctx context.Context) (Balance, error) {
	var b Balance
	err := c.call(ctx, "getBalance", struct{}{}, &b)
	return b, err
}

// Status is how far the service has read the chain, in blocks.
type Status struct {
	BlockCount      uint64 `json:"blockCount"`
	KnownBlockCount uint64 `json:"knownBlockCount"`
}

// Status asks how far the service has come.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s Status
	err := c.call(ctx, "getStatus", struct{}{}, &s)
	return s, err
}

// Transfer is one payee.
type Transfer struct {
	Address string `json:"address"`
	Amount  int64  `json:"amount"` // atomic units; negative where a history shows what was spent
}

// Payment is what to send.
type Payment struct {
	Transfers []Transfer `json:"transfers"`
	Fee       uint64     `json:"fee"`                 // of the network, atomic units
	Anonymity int        `json:"anonymity"`           // outputs that each input hides among
	PaymentID string     `json:"paymentId,omitempty"` // 64 hex digits
}

// State is what the service thinks of a transaction.
type State int

// The states of a transaction.
const (
	Succeeded State = iota // handed out, or seen in the chain
	Failed
	Cancelled
	Created // delayed: signed, not handed out
	Deleted
)

// unconfirmedIndex is the block of transactions that are in none.
const unconfirmedIndex = 1<<32 - 1

// Transaction is an entry of the wallet's history.
type Transaction struct {
	Hash       string     `json:"transactionHash"`
	State      State      `json:"state"`
	BlockIndex uint64     `json:"blockIndex"`
	Fee        uint64     `json:"fee"`
	PaymentID  string     `json:"paymentId"`
	Transfers  []Transfer `json:"transfers"`
}

// InBlock reports whether the transaction is in a block.
func (t *Transaction) InBlock() bool {
	return t.State == Succeeded && t.BlockIndex != unconfirmedIndex
}

// CreateDelayed signs p without handing it out, and returns the hash.
func (c *Client) CreateDelayed(ctx context.Context, p Payment) (hash string, err error) {
	const method = "createDelayedTransaction"
	var a struct {
		Hash string `json:"transactionHash"`
	}
	if err := c.call(ctx, method, p, &a); err != nil {
		return "", err
	}
	if raw, err := hex.DecodeString(a.Hash); err != nil || len(raw) != 32 {
		return "", fmt.Errorf("%s: the answer's hash is %.80q", method, a.Hash)
	}
	return a.Hash, nil
}

type hashParams struct {
	Hash string `json:"transactionHash"`
}

// SendDelayed hands out what CreateDelayed signed.
func (c *Client) SendDelayed(ctx context.Context, hash string) error {
	return c.call(ctx, "sendDelayedTransaction", hashParams{hash}, nil)
}

// DeleteDelayed forgets a transaction that was not handed out, and frees what
// it would have spent.
func (c *Client) DeleteDelayed(ctx context.Context, hash string) error {
	return c.call(ctx, "deleteDelayedTransaction", hashParams{hash}, nil)
}

// DelayedHashes lists the transactions that wait for SendDelayed.
func (c *Client) DelayedHashes(ctx context.Context) ([]string, error) {
	var a struct {
		Hashes []string `json:"transactionHashes"`
	}
	err := c.call(ctx, "getDelayedTransactionHashes", struct{}{}, &a)
	return a.Hashes, err
}

// Transaction returns the history's entry of a transaction, or ErrNotFound.
func (c *Client) Transaction(ctx context.Context, hash string) (*Transaction, error) {
	const method = "getTransaction"
	var a struct {
		Transaction *Transaction `json:"transaction"`
	}
	if err := c.call(ctx, method, hashParams{hash}, &a); err != nil {
		return nil, err
	}
	if a.Transaction == nil || a.Transaction.Hash != hash {
		return nil, fmt.Errorf("%s: the answer is not about %s", method, hash)
	}
	return a.Transaction, nil
}
