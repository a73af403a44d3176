package walletrpc

import "context"

// Transfer is an entry of the wallet's history.
type Transfer struct {
	TxID string `json:"txid"`
	// Type is "in", "block" (mined), "pool" (arriving, unconfirmed), "out",
	// "pending" (leaving, unconfirmed) or "failed".
	Type          string `json:"type"`
	Height        uint64 `json:"height"` // 0 while unconfirmed
	Confirmations uint64 `json:"confirmations"`
	Timestamp     uint64 `json:"timestamp"`
	// Amount in atomic units. Of an outgoing transfer it leaves out what went
	// back to the wallet itself; Destinations do not.
	Amount       uint64        `json:"amount"`
	Fee          uint64        `json:"fee"`
	Address      string        `json:"address"`
	PaymentID    string        `json:"payment_id"`
	Destinations []Destination `json:"destinations"`
	UnlockTime   uint64        `json:"unlock_time"`
	Locked       bool          `json:"locked"`
	DoubleSpend  bool          `json:"double_spend_seen"`
}

// Filter selects entries of the history. With heights set, only confirmed
// entries above MinHeight up to MaxHeight are returned.
type Filter struct {
	In, Out, Pending, Failed, Pool bool
	MinHeight, MaxHeight           uint64 // 0 for no bound
}

type filterParams struct {
	In             bool   `json:"in"`
	Out            bool   `json:"out"`
	Pending        bool   `json:"pending"`
	Failed         bool   `json:"failed"`
	Pool           bool   `json:"pool"`
	FilterByHeight bool   `json:"filter_by_height,omitempty"`
	MinHeight      uint64 `json:"min_height,omitempty"`
	MaxHeight      uint64 `json:"max_height,omitempty"`
	Account        int    `json:"account_index,omitempty"`
}

// Transfers returns the entries that f selects, those of one kind together:
// in, out, pending, failed, pool.
func (c *Client) Transfers(ctx context.Context, f Filter) ([]Transfer, error) {
	var a struct {
		In      []Transfer `json:"in"`
		Out     []Transfer `json:"out"`
		Pending []Transfer `json:"pending"`
		Failed  []Transfer `json:"failed"`
		Pool    []Transfer `json:"pool"`
	}
	params := filterParams{
		In: f.In, Out: f.Out, Pending: f.Pending, Failed: f.Failed, Pool: f.Pool,
		FilterByHeight: f.MinHeight > 0 || f.MaxHeight > 0, MinHeight: f.MinHeight, MaxHeight: f.MaxHeight, Account: c.account,
	}
	if err := c.call(ctx, "get_transfers", params, &a); err != nil {
		return nil, err
	}
	var all []Transfer
	for _, kind := range [][]Transfer{a.In, a.Out, a.Pending, a.Failed, a.Pool} {
		all = append(all, kind...)
	}
	return all, nil
}

// TransferByTxID returns the entry of one transaction, or ErrNoSuchTransfer.
func (c *Client) TransferByTxID(ctx context.Context, txID string) (*Transfer, error) {
	var a struct {
		Transfer Transfer `json:"transfer"`
	}
	params := struct {
		TxID    string `json:"txid"`
		Account int    `json:"account_index,omitempty"`
	}{txID, c.account}
	if err := c.call(ctx, "get_transfer_by_txid", params, &a); err != nil {
		return nil, err
	}
	return &a.Transfer, nil
}
