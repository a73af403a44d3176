package ckbrpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/chain/internal/jsonrpc"
)

// Errors that calls return, wrapped with the call's name.
type (
	// RPCError is the node's refusal, for good: Code and Message are its own.
	RPCError = jsonrpc.Error
	// TransportError is no answer; the node may or may not have acted.
	TransportError = jsonrpc.TransportError
	// ProtocolError is an answer that makes no sense; the node may or may not
	// have acted.
	ProtocolError = jsonrpc.ProtocolError
)

// ErrMinerDisabled is a node that does not offer block templates.
var ErrMinerDisabled = errors.New(`the node does not offer mining: add "Miner" to rpc.modules and configure [block_assembler] in its ckb.toml, then restart it`)

// Codes of the node's errors that callers may want to tell apart.
const (
	CodeInvalid        = -3 // submit_block: the block breaks a rule
	CodeModuleDisabled = -4 // older nodes, for a method whose module is off
	CodeMethodNotFound = jsonrpc.CodeMethodNotFound
)

// DefaultTimeout bounds each call when Config.Timeout is zero.
const DefaultTimeout = 15 * time.Second

// Config says where the node is and how patient to be.
type Config struct {
	URL         string        // such as http://127.0.0.1:8114/
	HTTP        *http.Client  // nil means http.DefaultClient
	Timeout     time.Duration // for one call; 0 means DefaultTimeout
	MaxResponse int64         // bytes of one answer; 0 means 16 MiB
}

// Client calls one node. It is safe for concurrent use.
type Client struct {
	rpc     jsonrpc.Client
	timeout time.Duration
}

// New makes a client; it connects with the first call.
func New(cfg Config) *Client {
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	return &Client{
		timeout: cfg.Timeout,
		rpc: jsonrpc.Client{
			URL: cfg.URL, HTTP: cfg.HTTP, MaxResponse: cfg.MaxResponse,
			Hint: "is the CKB node running, and does rpc.listen_address in its ckb.toml match?",
		},
	}
}

// URL is the node's address.
func (c *Client) URL() string { return c.rpc.URL }

// call invokes one method with positional parameters.
func (c *Client) call(ctx context.Context, result any, method string, params ...any) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if params == nil {
		params = []any{}
	}
	if err := c.rpc.Call(ctx, method, params, result); err != nil {
		return fmt.Errorf("CKB node: %s: %w", method, err)
	}
	return nil
}

// optional invokes a method that answers null for what it does not have.
func (c *Client) optional(ctx context.Context, result any, method string, params ...any) (found bool, err error) {
	var raw json.RawMessage
	if err := c.call(ctx, &raw, method, params...); err != nil {
		return false, err
	}
	if string(raw) == "null" {
		return false, nil
	}
	if err := json.Unmarshal(raw, result); err != nil {
		return false, c.nonsense(method, err)
	}
	return true, nil
}

// nonsense is an answer that is JSON-RPC but not what was asked for.
func (c *Client) nonsense(method string, err error) error {
	return fmt.Errorf("CKB node: %s: %w", method,
		&ProtocolError{URL: c.rpc.URL, Status: http.StatusOK, Reason: "a result that cannot be read: " + err.Error()})
}

// BlockTemplate gets work: get_block_template with the node's own limits. It
// fails with ErrMinerDisabled when the node is not set up for mining.
func (c *Client) BlockTemplate(ctx context.Context) (*ckb.Template, error) {
	const method = "get_block_template"
	var raw json.RawMessage
	if err := c.call(ctx, &raw, method, nil, nil, nil); err != nil {
		return nil, explainMiner(err)
	}
	t, err := ckb.ParseTemplate(raw)
	if err != nil {
		return nil, c.nonsense(method, err)
	}
	return t, nil
}

// SubmitBlock hands in a block made by (*ckb.Template).Block. The node knows
// no more than that it took the block: it may still lie beside the best chain,
// so ask HeaderByNumber later. A *RPCError is a refusal; after any other error
// the node may have taken the block.
func (c *Client) SubmitBlock(ctx context.Context, workID uint64, block json.RawMessage) (ckb.Hash, error) {
	var h ckb.Hash
	// Miners write the work id in decimal; the node only logs it.
	err := c.call(ctx, &h, "submit_block", strconv.FormatUint(workID, 10), block)
	return h, explainMiner(err)
}

func explainMiner(err error) error {
	if methodMissing(err) {
		return fmt.Errorf("%w (%w)", ErrMinerDisabled, err)
	}
	return err
}

// methodMissing reports whether the node's module for the method is off.
func methodMissing(err error) bool {
	e, ok := errors.AsType[*RPCError](err)
	return ok && (e.Code == CodeMethodNotFound || e.Code == CodeModuleDisabled)
}
