package rpc

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBaseURL(t *testing.T) {
	for in, want := range map[string]string{
		"http://127.0.0.1:18081":          "http://127.0.0.1:18081",
		"http://127.0.0.1:18081/":         "http://127.0.0.1:18081",
		"http://node.lan:18081/json_rpc":  "http://node.lan:18081",
		"https://node.lan:18081/json_rpc": "https://node.lan:18081",
	} {
		got, err := baseURL(in)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, in := range []string{"", "127.0.0.1:18081", "ftp://x", "http://", "http://x/get_info", "http://a:b@x", "http://a b"} {
		_, err := New(Config{URL: in}, "monerod", "", nil)
		require.ErrorContains(t, err, "address of monerod", in)
		require.NotContains(t, err.Error(), "a:b", "no password in an error")
	}
}

func TestCallErrors(t *testing.T) {
	answers := make(chan string, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/json_rpc", r.URL.Path)
		w.Write([]byte(<-answers))
	}))
	defer s.Close()
	busy := errors.New("the node is busy")
	c, err := New(Config{URL: s.URL}, "monerod", "is it up?", map[int]error{-9: busy})
	require.NoError(t, err)
	defer c.Close()

	answers <- `{"error":{"code":-9,"message":"Core is busy"},"id":1,"jsonrpc":"2.0"}`
	err = c.Call(t.Context(), "get_info", nil, nil)
	require.ErrorIs(t, err, busy)
	require.EqualError(t, err, `get_info was refused: the node is busy ("Core is busy", code -9)`)

	answers <- `{"error":{"code":-99,"message":"what"},"id":1,"jsonrpc":"2.0"}`
	err = c.Call(t.Context(), "get_info", nil, nil)
	var refused *Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, -99, refused.Code)
	require.EqualError(t, err, `get_info was refused: "what", code -99`)

	answers <- `<html>`
	err = c.Call(t.Context(), "get_info", nil, nil)
	require.ErrorContains(t, err, "get_info of monerod: ")
	require.NotErrorIs(t, err, busy)
}

func TestTimeout(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer s.Close()
	defer close(release)
	c, err := New(Config{URL: s.URL, Timeout: 20 * time.Millisecond}, "monerod", "is it up?", nil)
	require.NoError(t, err)
	defer c.Close()
	require.ErrorIs(t, c.Call(t.Context(), "get_info", nil, nil), context.DeadlineExceeded)
}

func TestNothingListens(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	c, err := New(Config{URL: s.URL}, "monerod", "is monerod running?", nil)
	require.NoError(t, err)
	err = c.Call(t.Context(), "get_info", nil, nil)
	require.ErrorContains(t, err, s.URL)
	require.ErrorContains(t, err, "is monerod running?")
}
