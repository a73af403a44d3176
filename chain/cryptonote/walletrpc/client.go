package walletrpc

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aditmine/adit/chain/cryptonote/internal/rpc"
)

// DefaultTimeout bounds one call when Config.Timeout is zero. Building a
// transaction takes a wallet many seconds.
const DefaultTimeout = 2 * time.Minute

// Config says where the wallet is and how to reach it.
type Config = rpc.Config

// Error is the wallet's refusal of a call; it unwraps to one of the errors
// below when its code is known.
type Error = rpc.Error

// What the wallet's error codes mean. Find them with errors.Is.
var (
	ErrWrongAddress      = errors.New("the wallet does not take this address: other network?")                      // -2
	ErrDaemonBusy        = errors.New("the wallet's node is busy")                                                  // -3
	ErrNotSent           = errors.New("the wallet could not make the transfer")                                     // -4
	ErrWrongPaymentID    = errors.New("the payment id is wrong")                                                    // -5
	ErrNoSuchTransfer    = errors.New("the wallet knows no such transaction")                                       // -8
	ErrNoWallet          = errors.New("no wallet is open: use open_wallet, or start it with --wallet-file")         // -13
	ErrNotPossible       = errors.New("no transaction can be made of these amounts")                                // -16
	ErrNotEnough         = errors.New("the wallet has not enough money")                                            // -17
	ErrTooLarge          = errors.New("the transaction is too large: pay fewer at once, or use transfer_split")     // -18
	ErrNotEnoughOutputs  = errors.New("the chain has too few outputs to mix with")                                  // -19
	ErrNoDestination     = errors.New("the transfer has no destination")                                            // -20
	ErrWalletExists      = errors.New("a wallet of this name exists")                                               // -21
	ErrWrongPassword     = errors.New("the wallet's password is wrong")                                             // -22
	ErrBadMetadata       = errors.New("the wallet cannot read what it is to relay: it was prepared by another one") // -26, -27
	ErrNotEnoughUnlocked = errors.New("the wallet has the money, but not unlocked yet")                             // -37
	ErrNoDaemon          = errors.New("the wallet has no connection to its node")                                   // -38
	ErrZeroAmount        = errors.New("a destination's amount is zero")                                             // -46
)

// ErrUnauthorized says that the wallet's --rpc-login wants other credentials.
var ErrUnauthorized = rpc.ErrUnauthorized

// meanings maps error codes of Monero's wallet_rpc_server_error_codes.h.
func meanings() map[int]error {
	return map[int]error{
		-2: ErrWrongAddress, -3: ErrDaemonBusy, -4: ErrNotSent, -5: ErrWrongPaymentID, -8: ErrNoSuchTransfer,
		-13: ErrNoWallet, -16: ErrNotPossible, -17: ErrNotEnough, -18: ErrTooLarge, -19: ErrNotEnoughOutputs,
		-20: ErrNoDestination, -21: ErrWalletExists, -22: ErrWrongPassword, -37: ErrNotEnoughUnlocked,
		-26: ErrBadMetadata, -27: ErrBadMetadata, -38: ErrNoDaemon, -46: ErrZeroAmount,
	}
}

// Client calls one wallet. It is safe for concurrent use; the wallet itself
// works on one call at a time.
type Client struct {
	rpc     *rpc.Caller
	account int
}

// Account returns a client of the wallet's account of that number. New's is of
// account 0, the first. Closing either closes both.
func (c *Client) Account(index int) *Client { return &Client{c.rpc, index} }

// New makes a client; it connects with the first call.
func New(cfg Config) (*Client, error) {
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	c, err := rpc.New(cfg, "monero-wallet-rpc", "is monero-wallet-rpc running there?", meanings())
	if err != nil {
		return nil, err
	}
	return &Client{rpc: c}, nil
}

// Close closes the connections kept open between calls.
func (c *Client) Close() { c.rpc.Close() }

// call invokes method. Older wallets use the code for all failed transfers
// where newer ones have their own, and only the text tells.
func (c *Client) call(ctx context.Context, method string, params, result any) error {
	err := c.rpc.Call(ctx, method, params, result)
	refused, ok := errors.AsType[*Error](err)
	if !ok || refused.Kind != ErrNotSent {
		return err
	}
	switch text := strings.ToLower(refused.Message); {
	case strings.Contains(text, "not enough unlocked money"):
		refused.Kind = ErrNotEnoughUnlocked
	case strings.Contains(text, "not enough money"):
		refused.Kind = ErrNotEnough
	case strings.Contains(text, "too big"), strings.Contains(text, "too large"):
		refused.Kind = ErrTooLarge
	}
	return refused
}
