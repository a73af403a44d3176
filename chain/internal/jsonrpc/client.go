package jsonrpc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"syscall"
)

// Client calls one JSON-RPC 2.0 endpoint. Set the fields before the first
// call; then it is safe for concurrent use. Deadlines come with each call's
// context.
type Client struct {
	// URL is the endpoint, such as http://127.0.0.1:8114/.
	URL string
	// HTTP sends the requests; nil means http.DefaultClient.
	HTTP *http.Client
	// MaxResponse bounds an answer in bytes; 0 means DefaultMaxResponse.
	MaxResponse int64
	// Hint is added to connection errors: what a person should check.
	Hint string
	// Password, when set, stands beside the method in each request, where
	// wallets of the walletd family look for it.
	Password string
	// Prepare, when set, may change each request before it leaves, to add an
	// authorization header for instance.
	Prepare func(*http.Request) error

	lastID atomic.Uint64
}

// Call invokes method. params is marshalled to JSON as it is (a slice for
// positional parameters, a struct or map for named ones; nil leaves them
// out), and the result is unmarshalled into result, unless that is nil.
// Errors are *Error when the node refused, *TransportError when none
// answered, *ProtocolError when the answer makes no sense.
func (c *Client) Call(ctx context.Context, method string, params, result any) error {
	id := c.lastID.Add(1)
	body, err := json.Marshal(request{Version: "2.0", ID: id, Password: c.Password, Method: method, Params: params})
	if err != nil {
		return fmt.Errorf("encoding the parameters of %s: %w", method, err)
	}
	status, answer, err := c.Post(ctx, c.URL, body)
	if err != nil {
		return err
	}
	raw, err := c.decode(id, status, answer)
	if err != nil || result == nil {
		return err
	}
	if err := json.Unmarshal(raw, result); err != nil {
		return c.protocol(status, "a result of %s that cannot be read: %v", method, err)
	}
	return nil
}

// Post sends body as JSON to url and returns the HTTP status and the answer,
// under the client's limits and with its errors. Call uses it; it is exported
// for the plain JSON endpoints that some nodes have beside JSON-RPC.
func (c *Client) Post(ctx context.Context, url string, body []byte) (status int, answer []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, &TransportError{URL: url, Hint: "the URL looks like http://host:port/", Err: err}
	}
	req.Header.Set("Content-Type", "application/json")
	if c.Prepare != nil {
		if err := c.Prepare(req); err != nil {
			return 0, nil, fmt.Errorf("preparing the request to %s: %w", url, err)
		}
	}
	resp, err := c.httpClient().Do(req)
	if err != nil {
		return 0, nil, c.transport(url, err)
	}
	defer resp.Body.Close()
	return c.read(url, resp)
}

func (c *Client) read(url string, resp *http.Response) (int, []byte, error) {
	limit := c.MaxResponse
	if limit <= 0 {
		limit = DefaultMaxResponse
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return 0, nil, c.transport(url, err)
	}
	if int64(len(answer)) > limit {
		return 0, nil, &ProtocolError{URL: url, Status: resp.StatusCode,
			Reason: fmt.Sprintf("more than %d bytes, the limit for one answer", limit)}
	}
	return resp.StatusCode, answer, nil
}

// decode picks the result out of an answer. Nodes send error objects under
// several HTTP status codes, so the body is looked at before the status.
func (c *Client) decode(id uint64, status int, answer []byte) (json.RawMessage, error) {
	var r response
	err := json.Unmarshal(answer, &r)
	if err != nil || (r.Result == nil && r.Error == nil) {
		if status/100 != 2 {
			return nil, c.protocol(status, "%s", excerpt(answer))
		}
		return nil, c.protocol(status, "something that is not JSON-RPC: %s", excerpt(answer))
	}
	if r.Error != nil {
		return nil, r.Error
	}
	if status/100 != 2 {
		return nil, c.protocol(status, "a result under a failing status: %s", excerpt(answer))
	}
	if !bytes.Equal(r.ID, fmt.Appendf(nil, "%d", id)) {
		return nil, c.protocol(status, "the id %s, asked with %d", excerpt(r.ID), id)
	}
	return r.Result, nil
}

func (c *Client) protocol(status int, format string, args ...any) error {
	return &ProtocolError{URL: c.URL, Status: status, Reason: fmt.Sprintf(format, args...)}
}

func (c *Client) transport(endpoint string, err error) error {
	// The *url.Error repeats method and address, which TransportError says.
	if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err
	}
	return &TransportError{URL: endpoint, Hint: c.hint(err), Err: err}
}

// hint adds advice where the cause is one a person can act on.
func (c *Client) hint(err error) string {
	_, dns := errors.AsType[*net.DNSError](err)
	switch {
	case dns:
		return "check the host name"
	case errors.Is(err, context.Canceled):
		return ""
	case errors.Is(err, context.DeadlineExceeded):
		return "something listens there, but it did not answer in time; or a firewall drops the connection"
	case errors.Is(err, syscall.ECONNREFUSED) && c.Hint == "":
		return "is the node running, and does its RPC listen there?"
	}
	return c.Hint
}

func (c *Client) httpClient() *http.Client {
	if c.HTTP != nil {
		return c.HTTP
	}
	return http.DefaultClient
}

type request struct {
	Version  string `json:"jsonrpc"`
	ID       uint64 `json:"id"`
	Password string `json:"password,omitempty"`
	Method   string `json:"method"`
	Params   any    `json:"params,omitempty"`
}

type response struct {
	ID     json.RawMessage `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *Error          `json:"error"`
}

// excerpt is the start of an answer, safe to print on one line.
func excerpt(b []byte) string {
	const most = 80
	if len(b) == 0 {
		return "an empty body"
	}
	if len(b) > most {
		return fmt.Sprintf("%q...", b[:most])
	}
	return fmt.Sprintf("%q", b)
}
