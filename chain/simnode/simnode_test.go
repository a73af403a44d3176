package simnode_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/simnode"
)

// start serves h on a loopback port until the test ends and returns its URL.
func start(t *testing.T, h http.Handler) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- simnode.Serve(ctx, ln, h) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			require.NoError(t, err)
		case <-time.After(10 * time.Second):
			t.Error("Serve did not end")
		}
	})
	return "http://" + ln.Addr().String()
}

func post(ctx context.Context, url, body string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

func echo(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }

func TestFaults(t *testing.T) {
	f := &simnode.Faults{
		Internal: simnode.RPCError{Code: -5, Message: "Internal error"},
		Busy:     simnode.RPCError{Code: -9, Message: "Core is busy"},
	}
	addr := start(t, f.Wrap(http.HandlerFunc(echo)))
	const call = `{"id":7}`

	for _, tt := range []struct {
		kind   simnode.Kind
		status int
		body   string
	}{
		{simnode.FailStatus, 500, "simulated failure\n"},
		{simnode.FailGarbage, 200, `<html>simulated garbage {"result":`},
		{simnode.FailRPC, 200, `{"error":{"code":-5,"message":"Internal error"},"id":7,"jsonrpc":"2.0"}` + "\n"},
		{simnode.FailBusy, 200, `{"error":{"code":-9,"message":"Core is busy"},"id":7,"jsonrpc":"2.0"}` + "\n"},
	} {
		f.FailNext(2, tt.kind)
		for range 2 {
			status, body, err := post(t.Context(), addr, call)
			require.NoError(t, err)
			require.Equal(t, tt.status, status)
			require.Equal(t, tt.body, body)
		}
		_, body, err := post(t.Context(), addr, call)
		require.NoError(t, err)
		require.Equal(t, call, body, "the call after those lives")
	}

	f.FailNext(1, simnode.FailRefused)
	_, _, err := post(t.Context(), addr, call)
	require.ErrorIs(t, err, io.EOF)

	f.FailNext(1, simnode.FailHang)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _, err = post(ctx, addr, call)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestLag(t *testing.T) {
	f := &simnode.Faults{}
	addr := start(t, f.Wrap(http.HandlerFunc(echo)))
	f.SetLag(time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _, err := post(ctx, addr, "x")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	f.Clear()
	_, body, err := post(t.Context(), addr, "x")
	require.NoError(t, err)
	require.Equal(t, "x", body)
}

// TestServeEndsHangingCalls ends the server while a call hangs and another
// client is connected without saying anything.
func TestServeEndsHangingCalls(t *testing.T) {
	f := &simnode.Faults{}
	f.FailNext(1, simnode.FailHang)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	entered, done := make(chan struct{}), make(chan error, 1)
	wrapped := f.Wrap(http.HandlerFunc(echo))
	go func() {
		done <- simnode.Serve(ctx, ln, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(entered)
			wrapped.ServeHTTP(w, r)
		}))
	}()
	silent, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	defer silent.Close()
	caller := make(chan error, 1)
	go func() {
		_, _, err := post(context.Background(), "http://"+ln.Addr().String(), "x")
		caller <- err
	}()
	<-entered
	cancel()
	require.NoError(t, <-done)
	require.Error(t, <-caller)
}

func TestServeReportsABrokenListener(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ln.Close()
	require.ErrorIs(t, simnode.Serve(t.Context(), ln, http.NotFoundHandler()), net.ErrClosed)
}

func TestControl(t *testing.T) {
	f := &simnode.Faults{}
	mux := http.NewServeMux()
	mux.Handle(simnode.ControlPath, simnode.Control(append(f.Actions(), simnode.Action{
		Name: "double", Help: "double?n=N: twice N", Do: func(q url.Values) (any, error) {
			n, err := simnode.Count(q, "n", 1)
			if n == 13 {
				return nil, errors.New("not this one")
			}
			return 2 * n, err
		},
	})...))
	mux.Handle("/", f.Wrap(http.HandlerFunc(echo)))
	addr := start(t, mux)

	ask := func(path string) (int, string) {
		status, body, err := post(t.Context(), addr+simnode.ControlPath+path, "")
		require.NoError(t, err)
		return status, strings.TrimSpace(body)
	}
	for _, tt := range []struct {
		path   string
		status int
		body   string
	}{
		{"double", 200, "2"},
		{"double?n=21", 200, "42"},
		{"double?n=13", 400, `{"error":"not this one"}`},
		{"double?n=0", 400, `{"error":"n=\"0\" is not a number from 1 to 100000"}`},
		{"lag?ms=5", 200, `{"ok":true}`},
		{"lag?ms=-5", 400, `{"error":"ms=\"-5\" is not a number of milliseconds"}`},
		{"fail?kind=nap", 400, `{"error":"unknown kind \"nap\", known are refused 500 garbage hang rpc busy"}`},
		{"fail?n=x&kind=500", 400, `{"error":"n=\"x\" is not a number from 1 to 100000"}`},
		{"clear", 200, `{"ok":true}`},
		{"nothing", 404, "404 page not found"},
	} {
		status, body := ask(tt.path)
		require.Equal(t, tt.status, status, tt.path)
		require.Equal(t, tt.body, body, tt.path)
	}

	ask("fail?n=1&kind=500")
	status, _, err := post(t.Context(), addr, "x")
	require.NoError(t, err)
	require.Equal(t, 500, status)

	resp, err := http.Get(addr + simnode.ControlPath)
	require.NoError(t, err)
	defer resp.Body.Close()
	help, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Contains(t, string(help), "POST /sim/double?n=N: twice N\n")
	require.Contains(t, string(help), "POST /sim/fail?n=K&kind=KIND")
}

func TestBool(t *testing.T) {
	v, err := simnode.Bool(url.Values{"on": {"true"}}, "on")
	require.NoError(t, err)
	require.True(t, v)
	_, err = simnode.Bool(url.Values{}, "on")
	require.ErrorContains(t, err, "neither true nor false")
}
