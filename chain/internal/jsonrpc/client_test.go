package jsonrpc

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// answering serves one fixed answer to every request.
func answering(t *testing.T, status int, body string) *Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	return &Client{URL: s.URL, HTTP: s.Client()}
}

func TestCallReadsAResult(t *testing.T) {
	c := answering(t, 200, `{"jsonrpc":"2.0","id":1,"result":{"height":7}}`)
	var got struct{ Height int }
	require.NoError(t, c.Call(t.Context(), "tip", nil, &got))
	require.Equal(t, 7, got.Height)
}

func TestCallReadsANullResult(t *testing.T) {
	c := answering(t, 200, `{"jsonrpc":"2.0","id":1,"result":null}`)
	got := &struct{}{}
	require.NoError(t, c.Call(t.Context(), "block", nil, &got))
	require.Nil(t, got)
}

func TestCallGivesTheNodesError(t *testing.T) {
	for _, status := range []int{200, 400, 500} {
		c := answering(t, status, `{"jsonrpc":"2.0","id":null,"error":{"code":-3,"message":"Invalid: Pow","data":"x"}}`)
		var e *Error
		require.ErrorAs(t, c.Call(t.Context(), "submit", nil, nil), &e)
		require.Equal(t, -3, e.Code)
		require.Equal(t, "Invalid: Pow (code -3)", e.Error())
		require.JSONEq(t, `"x"`, string(e.Data))
	}
}

func TestCallRefusesNonsense(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"html":         {200, "<html>hello", `something that is not JSON-RPC: "<html>hello"`},
		"empty":        {200, "", "an empty body"},
		"bad gateway":  {502, "<html>Bad Gateway", "HTTP 502"},
		"unauthorized": {401, "", "HTTP 401"},
		"neither":      {200, `{"jsonrpc":"2.0","id":1}`, "not JSON-RPC"},
		"wrong id":     {200, `{"jsonrpc":"2.0","id":9,"result":1}`, "the id \"9\", asked with 1"},
		"wrong type":   {200, `{"jsonrpc":"2.0","id":1,"result":"x"}`, "a result of tip that cannot be read"},
		"failing":      {500, `{"jsonrpc":"2.0","id":1,"result":1}`, "HTTP 500"},
		"array":        {200, `[1,2]`, "not JSON-RPC"},
	} {
		t.Run(name, func(t *testing.T) {
			var p *ProtocolError
			var n int
			err := answering(t, c.status, c.body).Call(t.Context(), "tip", nil, &n)
			require.ErrorAs(t, err, &p)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestCallLimitsTheAnswer(t *testing.T) {
	c := answering(t, 200, `{"id":1,"result":"`+strings.Repeat("a", 2000)+`"}`)
	c.MaxResponse = 1000
	require.ErrorContains(t, c.Call(t.Context(), "tip", nil, nil), "more than 1000 bytes")
}

func TestCallSaysWhatToCheck(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	url := "http://" + l.Addr().String()
	require.NoError(t, l.Close())

	var e *TransportError
	err = (&Client{URL: url}).Call(t.Context(), "tip", nil, nil)
	require.ErrorAs(t, err, &e)
	require.ErrorContains(t, err, url)
	require.ErrorContains(t, err, "is the node running")

	err = (&Client{URL: url, Hint: "look here"}).Call(t.Context(), "tip", nil, nil)
	require.ErrorContains(t, err, "(look here)")
}

func TestCallRefusesABadURL(t *testing.T) {
	var e *TransportError
	require.ErrorAs(t, (&Client{URL: "http://[::1"}).Call(t.Context(), "tip", nil, nil), &e)
	require.ErrorAs(t, (&Client{URL: "127.0.0.1:1"}).Call(t.Context(), "tip", nil, nil), &e)
}

func TestCallEndsWithItsContext(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer s.Close()
	defer close(release)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := (&Client{URL: s.URL}).Call(ctx, "tip", nil, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "did not answer in time")
}

func TestCallPreparesRequests(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, pass, _ := r.BasicAuth()
		w.Write([]byte(`{"id":1,"result":"` + user + ":" + pass + `"}`))
	}))
	defer s.Close()
	c := &Client{URL: s.URL, Prepare: func(r *http.Request) error { r.SetBasicAuth("a", "b"); return nil }}
	var got string
	require.NoError(t, c.Call(t.Context(), "tip", nil, &got))
	require.Equal(t, "a:b", got)
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"id":1,"result":1}`, `{"id":1,"error":{"code":-1,"message":"m"}}`, `[]`, `null`, ``} {
		f.Add(200, []byte(s))
	}
	c := &Client{URL: "http://node/"}
	f.Fuzz(func(t *testing.T, status int, answer []byte) {
		raw, err := c.decode(1, status, answer)
		require.True(t, (raw == nil) != (err == nil))
	})
}
