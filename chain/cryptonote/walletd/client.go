package walletd

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aditmine/adit/chain/cryptonote/internal/rpc"
)

// DefaultTimeout bounds one call when Config.Timeout is zero. Signing a
// transaction of many inputs takes a wallet long.
const DefaultTimeout = 2 * time.Minute

// Config says where the service is and how to reach it.
type Config struct {
	URL string
	// Password is that of --rpc-password; empty under --rpc-legacy-security.
	Password string
	Timeout  time.Duration // of one call; 0 is DefaultTimeout
}

// Error is the service's refusal of a call; it unwraps to one of the errors
// below when its words are known.
type Error = rpc.Error

// What the service's refusals mean. Nearly all of them have code -32000, and
// only the text tells. Find them with errors.Is.
var (
	ErrPassword  = errors.New("the wallet service wants another password: give that of its --rpc-password")
	ErrNotFound  = errors.New("the wallet service knows no such transaction")
	ErrAddress   = errors.New("the wallet service does not take this address: other network?")
	ErrPaymentID = errors.New("the payment id is wrong")
	ErrNotEnough = errors.New("the wallet has not enough money, or not unlocked yet")
	ErrTooLarge  = errors.New("the transaction is too large: pay fewer at once, or let the wallet fuse its outputs")
	ErrNoMethod  = errors.New("the wallet service lacks this method")
)

// Client calls one wallet service. It is safe for concurrent use.
type Client struct{ rpc *rpc.Caller }

// New makes a client; it connects with the first call.
func New(cfg Config) (*Client, error) {
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	c, err := rpc.New(rpc.Config{URL: cfg.URL, Timeout: cfg.Timeout, EnvelopePassword: cfg.Password},
		"the wallet service", "is it running there?", nil)
	if err != nil {
		return nil, err
	}
	return &Client{c}, nil
}

// Close closes the connections kept open between calls.
func (c *Client) Close() { c.rpc.Close() }

func (c *Client) call(ctx context.Context, method string, params, result any) error {
	err := c.rpc.Call(ctx, method, params, result)
	if refused, ok := errors.AsType[*Error](err); ok {
		refused.Kind = meaning(refused)
		return refused
	}
	return err
}

// meaning finds what a refusal means by its words.
func meaning(e *Error) error {
	const noMethod = -32601
	if e.Code == noMethod {
		return ErrNoMethod
	}
	text := strings.ToLower(e.Message)
	for _, known := range []struct {
		words string
		kind  error
	}{
		{"rpc password", ErrPassword},
		{"not found", ErrNotFound},
		{"payment id", ErrPaymentID},
		{"bad address", ErrAddress},
		{"wrong amount", ErrNotEnough},
		{"not enough", ErrNotEnough},
		{"insufficient", ErrNotEnough},
		{"too big", ErrTooLarge},
		{"too large", ErrTooLarge},
	} {
		if strings.Contains(text, known.words) {
			return known.kind
		}
	}
	return nil
}
