package rpc

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aditmine/adit/chain/internal/jsonrpc"
)

// DefaultTimeout bounds one call when Config.Timeout is zero.
const DefaultTimeout = 15 * time.Second

// Config says where a node or wallet is and how to reach it.
type Config struct {
	// URL is the address, http://host:port; a path of /json_rpc may follow.
	URL string
	// User and Password are those of --rpc-login; empty without.
	User, Password string
	// EnvelopePassword stands in each request, where wallets of the walletd
	// family look for it; empty for the others.
	EnvelopePassword string
	// Timeout bounds one call; 0 means DefaultTimeout, negative no bound but
	// the caller's context.
	Timeout time.Duration
	// Transport sends the requests; nil means one of its own.
	Transport http.RoundTripper
	// Rand is where client nonces of the login come from; nil means
	// crypto/rand.
	Rand io.Reader
}

// Caller calls the methods of one server. It is safe for concurrent use.
type Caller struct {
	server   string // "monerod"
	client   jsonrpc.Client
	base     string
	timeout  time.Duration
	meanings map[int]error
	idle     func()
}

// New makes a Caller. server names the program for people, hint says what to
// check when it does not answer, and meanings tells what its error codes mean.
func New(cfg Config, server, hint string, meanings map[int]error) (*Caller, error) {
	base, err := baseURL(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("address of %s: %w", server, err)
	}
	inner := cfg.Transport
	if inner == nil {
		inner = &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			MaxIdleConnsPerHost: 4,
			IdleConnTimeout:     time.Minute,
		}
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	hc := &http.Client{Transport: &digestTransport{
		inner: inner, user: cfg.User, password: cfg.Password, rand: cfg.Rand,
	}}
	c := &Caller{server: server, base: base, timeout: cfg.Timeout, meanings: meanings, idle: hc.CloseIdleConnections}
	if c.timeout == 0 {
		c.timeout = DefaultTimeout
	}
	c.client.URL, c.client.HTTP, c.client.Hint = base+"/json_rpc", hc, hint
	c.client.Password = cfg.EnvelopePassword
	return c, nil
}

// baseURL checks an address and returns it without a path.
func baseURL(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", fmt.Errorf("%q is not like http://127.0.0.1:18081", s)
	}
	if path := strings.TrimSuffix(u.Path, "/"); path != "" && path != "/json_rpc" {
		return "", fmt.Errorf("%q: a path of %s is not understood, leave it out", s, u.Path)
	}
	if u.User != nil {
		return "", fmt.Errorf("%s: user and password belong into their own settings, not into the address", u.Redacted())
	}
	return u.Scheme + "://" + u.Host, nil
}

// Call invokes method. Errors are *Error when the server refused; others mean
// that it was not reached or does not speak the protocol.
func (c *Caller) Call(ctx context.Context, method string, params, result any) error {
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	err := c.client.Call(ctx, method, params, result)
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*jsonrpc.Error](err); ok {
		return c.Refused(method, e.Code, e.Message)
	}
	if errors.Is(err, ErrUnauthorized) {
		return fmt.Errorf("%s of %s at %s: %w", method, c.server, c.base, ErrUnauthorized)
	}
	return fmt.Errorf("%s of %s: %w", method, c.server, err)
}

// Refused makes the error for a call that the server refused.
func (c *Caller) Refused(method string, code int, message string) error {
	return &Error{Method: method, Code: code, Message: message, Kind: c.meanings[code]}
}

// Close closes the connections that are kept open between calls.
func (c *Caller) Close() { c.idle() }

// Error is a server's refusal of a call.
type Error struct {
	Method  string
	Code    int
	Message string // the server's words
	Kind    error  // what the code means, nil when it is not known
}

// Error says what the code means and then the server's own words.
func (e *Error) Error() string {
	words := fmt.Sprintf("%q, code %d", e.Message, e.Code)
	if e.Kind == nil {
		return fmt.Sprintf("%s was refused: %s", e.Method, words)
	}
	return fmt.Sprintf("%s was refused: %v (%s)", e.Method, e.Kind, words)
}

// Unwrap gives Kind to errors.Is.
func (e *Error) Unwrap() error { return e.Kind }
