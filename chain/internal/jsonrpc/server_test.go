package jsonrpc

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func testHandler() *Handler {
	return &Handler{MaxBatch: 2, MaxRequest: 1000, Methods: map[string]Method{
		"add": func(_ context.Context, params json.RawMessage) (any, error) {
			a, b := 0, 10
			if err := Params(params, 1, &a, &b); err != nil {
				return nil, err
			}
			return a + b, nil
		},
		"none": func(context.Context, json.RawMessage) (any, error) { return nil, nil },
		"fail": func(context.Context, json.RawMessage) (any, error) { return nil, errors.New("broken") },
		"typed": func(context.Context, json.RawMessage) (any, error) {
			return nil, Errorf(-3, "Invalid: %s", "x")
		},
	}}
}

func TestAnswer(t *testing.T) {
	for in, want := range map[string]string{
		`{"id":1,"method":"add","params":[2,3]}`:    `{"jsonrpc":"2.0","result":5,"id":1}`,
		`{"id":1,"method":"add","params":[2,null]}`: `{"jsonrpc":"2.0","result":12,"id":1}`,
		`{"id":1,"method":"add","params":[2]}`:      `{"jsonrpc":"2.0","result":12,"id":1}`,
		`{"id":"a","method":"none"}`:                `{"jsonrpc":"2.0","result":null,"id":"a"}`,
		`{"id":1,"method":"fail"}`:                  `{"jsonrpc":"2.0","error":{"code":-32603,"message":"broken"},"id":1}`,
		`{"id":1,"method":"typed"}`:                 `{"jsonrpc":"2.0","error":{"code":-3,"message":"Invalid: x"},"id":1}`,
		`{"id":1,"method":"gone"}`:                  `{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":1}`,
		`{"id":1}`:                                  `{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid request"},"id":1}`,
		`{"id":1,`:                                  `{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}`,
		``:                                          `{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}`,
		`[`:                                         `{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}`,
		`[]`:                                        `{"jsonrpc":"2.0","error":{"code":-32600,"message":"a batch holds 1 to 2 calls"},"id":null}`,
		`[{"id":1,"method":"none"},{"method":"none"}]`: `[{"jsonrpc":"2.0","result":null,"id":1}]`,
		`{"id":1,"method":"add","params":[]}`:          `{"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid params: 0 given, want 1 to 2"},"id":1}`,
		`{"id":1,"method":"add","params":{}}`:          `{"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid params: want an array"},"id":1}`,
	} {
		got := testHandler().Answer(t.Context(), []byte(in))
		require.JSONEq(t, want, string(got), in)
	}
	require.Nil(t, testHandler().Answer(t.Context(), []byte(`{"method":"none"}`)))
	require.Nil(t, testHandler().Answer(t.Context(), []byte(`[{"method":"none"}]`)))
}

func TestParamsNamesTheBadOne(t *testing.T) {
	var a, b int
	err := Params(json.RawMessage(`[1,"x"]`), 1, &a, &b)
	require.ErrorContains(t, err, "parameter 2")
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, CodeInvalidParams, e.Code)
}

func TestHandlerServes(t *testing.T) {
	s := httptest.NewServer(testHandler())
	defer s.Close()
	c := &Client{URL: s.URL}
	var sum int
	require.NoError(t, c.Call(t.Context(), "add", []int{1, 2}, &sum))
	require.Equal(t, 3, sum)

	r, err := http.Get(s.URL)
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	require.Equal(t, http.StatusMethodNotAllowed, r.StatusCode)

	r, err = http.Post(s.URL, "application/json", strings.NewReader(strings.Repeat(" ", 1001)))
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	require.Equal(t, http.StatusRequestEntityTooLarge, r.StatusCode)
}
