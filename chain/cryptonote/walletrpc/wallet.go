package walletrpc

import "context"

// CreateWallet makes a new wallet file in the server's wallet directory and
// opens it. ErrWalletExists says that there is one of this name.
func (c *Client) CreateWallet(ctx context.Context, name, password string) error {
	return c.call(ctx, "create_wallet", struct {
		Filename string `json:"filename"`
		Password string `json:"password"`
		Language string `json:"language"`
	}{name, password, "English"}, nil)
}

// OpenWallet opens a wallet file of the server's wallet directory. Wallets
// answer a missing file and a wrong password alike, with code -1.
func (c *Client) OpenWallet(ctx context.Context, name, password string) error {
	return c.call(ctx, "open_wallet", struct {
		Filename string `json:"filename"`
		Password string `json:"password"`
	}{name, password}, nil)
}

// accountParams selects the client's account.
type accountParams struct {
	Account int `json:"account_index"`
}

// Address returns the account's first address.
func (c *Client) Address(ctx context.Context) (string, error) {
	var a struct {
		Address string `json:"address"`
	}
	err := c.call(ctx, "get_address", accountParams{c.account}, &a)
	return a.Address, err
}

// Refresh lets the wallet read new blocks and returns how many it read. Call
// it before trusting what is unlocked.
func (c *Client) Refresh(ctx context.Context) (blocks uint64, err error) {
	var a struct {
		Blocks uint64 `json:"blocks_fetched"`
	}
	err = c.call(ctx, "refresh", struct{}{}, &a)
	return a.Blocks, err
}

// Balance is what the client's account holds, in atomic units.
type Balance struct {
	Total          uint64 `json:"balance"`
	Unlocked       uint64 `json:"unlocked_balance"`
	BlocksToUnlock uint64 `json:"blocks_to_unlock"` // until all of it is unlocked
}

// Balance asks what the account holds.
func (c *Client) Balance(ctx context.Context) (Balance, error) {
	var b Balance
	err := c.call(ctx, "get_balance", accountParams{c.account}, &b)
	return b, err
}
