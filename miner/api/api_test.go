package api

import (
	"context"
	"encoding/json"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/miner"
)

// fakeEngine shows a fixed state.
type fakeEngine struct {
	snap   miner.Snapshot
	paused bool
}

func (f *fakeEngine) Snapshot() miner.Snapshot { s := f.snap; s.Paused = f.paused; return s }
func (f *fakeEngine) Pause()                   { f.paused = true }
func (f *fakeEngine) Resume()                  { f.paused = false }

func newFake(t *testing.T) *fakeEngine {
	t.Helper()
	a, err := hash.Lookup("cn/r")
	require.NoError(t, err)
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	rates := miner.Rates{Recent: 12.349, Short: miner.Rate{PerSecond: 12.349, Known: true}}
	huge, over := big.NewInt(900000), new(big.Int).Lsh(big.NewInt(1), 70)
	return &fakeEngine{snap: miner.Snapshot{
		Time: now, Started: now.Add(-100 * time.Second), Algorithm: a,
		Pool:   miner.Pool{State: miner.PoolReady, Host: "pool:3333", Remote: "192.0.2.1:3333", TLS: "TLS 1.3", Since: now.Add(-50 * time.Second), Failures: 2},
		Job:    &miner.Job{ID: "1", Algorithm: a, Difficulty: 1000},
		Hashes: 1234, Rates: rates, MaxRate: 15.5,
		Workers: []miner.Worker{{Hashes: 1234, Rates: rates,
			Info: hash.SearcherInfo{Backend: "cpu", Impl: "avx2", Lanes: 2, Memory: hash.MemoryStatus{Bytes: 4 << 20, Huge: 2 << 20}}}},
		Shares: miner.Shares{Accepted: 8, Rejected: 1, Stale: 1}, Best: []*big.Int{over, huge}, Latency: 34 * time.Millisecond,
	}}
}

func newAPI(t *testing.T, change func(*Config)) (*httptest.Server, *fakeEngine) {
	t.Helper()
	e := newFake(t)
	cfg := Config{Engine: e, ID: "0123456789abcdef", WorkerID: "rig", Version: "0.1.0", Agent: "adit/0.1.0", CPU: "Test CPU",
		Threads: 4, Algorithms: []*hash.Algorithm{e.snap.Algorithm}}
	if change != nil {
		change(&cfg)
	}
	h, err := NewHandler(cfg)
	require.NoError(t, err)
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv, e
}

// ask makes a request and returns status and body.
func ask(t *testing.T, method, url, body string, headers ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "*", res.Header.Get("Access-Control-Allow-Origin"))
	return res.StatusCode, string(text)
}

func TestSummary(t *testing.T) {
	srv, _ := newAPI(t, func(c *Config) {
		c.System = func() System { return System{MemoryFree: 1, MemoryTotal: 2, Resident: 3, Load: [3]float64{1, 2, 3}} }
	})
	status, body := ask(t, "GET", srv.URL+"/2/summary", "")
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{
	 "id":"0123456789abcdef","worker_id":"rig","uptime":100,"restricted":true,
	 "resources":{"memory":{"free":1,"total":2,"resident_set_memory":3},"load_average":[1,2,3],"hardware_concurrency":4},
	 "features":["api","http","tls"],
	 "results":{"diff_current":1000,"shares_good":8,"shares_total":10,"avg_time":12,"avg_time_ms":12500,"hashes_total":1234,
	  "best":[18446744073709551615,900000,0,0,0,0,0,0,0,0]},
	 "algo":"cn/r",
	 "connection":{"pool":"pool:3333","ip":"192.0.2.1","uptime":50,"uptime_ms":50000,"ping":34,"failures":2,"tls":"TLS 1.3",
	  "tls-fingerprint":null,"algo":"cn/r","diff":1000,"accepted":8,"rejected":2,"avg_time":12,"avg_time_ms":12500,"hashes_total":1234},
	 "version":"0.1.0","kind":"miner","ua":"adit/0.1.0","cpu":{"brand":"Test CPU","threads":4,"backend":"adit"},
	 "donate_level":0,"paused":false,"algorithms":["cn/r"],
	 "hashrate":{"total":[12.34,null,null],"highest":15.5},"hugepages":[1,2]}`, body)

	for _, path := range []string{"/1/summary", "/api.json"} {
		_, body = ask(t, "GET", srv.URL+path, "")
		var v1 map[string]any
		require.NoError(t, json.Unmarshal([]byte(body), &v1))
		require.Equal(t, false, v1["hugepages"])
		require.Equal(t, []any{}, v1["results"].(map[string]any)["error_log"])
		require.Equal(t, []any{[]any{12.34, nil, nil}}, v1["hashrate"].(map[string]any)["threads"])
	}
}

// TestBeforeTheFirstJob: what is not known is null or absent.
func TestBeforeTheFirstJob(t *testing.T) {
	srv, e := newAPI(t, nil)
	e.snap = miner.Snapshot{Time: time.Now()}
	status, body := ask(t, "GET", srv.URL+"/2/summary", "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, `"algo": null`)
	require.Contains(t, body, `"highest": null`)
	_, body = ask(t, "GET", srv.URL+"/2/backends", "")
	require.NotContains(t, body, "threads")
	status, _ = ask(t, "GET", srv.URL+"/metrics", "")
	require.Equal(t, http.StatusOK, status)
}

func TestBackends(t *testing.T) {
	srv, _ := newAPI(t, nil)
	_, body := ask(t, "GET", srv.URL+"/2/backends", "")
	require.JSONEq(t, `[{"type":"cpu","enabled":true,"algo":"cn/r","profile":"cn/r","asm":"avx2","hugepages":[1,2],"memory":4194304,
	 "hashrate":[12.34,null,null],"threads":[{"intensity":2,"affinity":-1,"av":2,"hashrate":[12.34,null,null]}]}]`, body)
}

func TestWhoMayAsk(t *testing.T) {
	const bearer, right, wrong, kind = "Authorization", "Bearer secret", "Bearer no", "Content-Type"
	open, _ := newAPI(t, nil)
	locked, _ := newAPI(t, func(c *Config) { c.Token = "secret" })
	control, _ := newAPI(t, func(c *Config) { c.Token, c.Control = "secret", true })
	for _, c := range []struct {
		srv          *httptest.Server
		method, path string
		headers      []string
		want         int
	}{
		{open, "GET", "/2/summary", nil, 200},
		{open, "HEAD", "/2/summary", nil, 200},
		{open, "GET", "/2/summary", []string{bearer, right}, 401},
		{open, "GET", "/2/nothing", nil, 404},
		{open, "GET", "/2/config", nil, 403},
		{open, "POST", "/json_rpc", []string{kind, "application/json"}, 403},
		{open, "DELETE", "/2/summary", nil, 405},
		{open, "OPTIONS", "/json_rpc", nil, 200},
		{locked, "GET", "/2/summary", nil, 401},
		{locked, "GET", "/metrics", nil, 401},
		{locked, "GET", "/2/summary", []string{bearer, wrong}, 403},
		{locked, "GET", "/2/summary", []string{bearer, "secret"}, 403},
		{locked, "GET", "/2/summary", []string{bearer, right}, 200},
		{locked, "POST", "/json_rpc", []string{bearer, right, kind, "application/json"}, 403},
		{control, "POST", "/json_rpc", []string{bearer, right, kind, "text/plain"}, 415},
		{control, "POST", "/json_rpc", []string{bearer, wrong, kind, "application/json"}, 403},
		{control, "POST", "/2/summary", []string{bearer, right, kind, "application/json"}, 405},
		{control, "PUT", "/2/config", []string{bearer, right, kind, "application/json"}, 405},
		{control, "GET", "/2/config", []string{bearer, right}, 200},
		{control, "GET", "/json_rpc", []string{bearer, right}, 405},
	} {
		status, body := ask(t, c.method, c.srv.URL+c.path, "", c.headers...)
		require.Equal(t, c.want, status, "%s %s %v: %s", c.method, c.path, c.headers, body)
	}
}

func TestControl(t *testing.T) {
	stopped := 0
	srv, e := newAPI(t, func(c *Config) { c.Token, c.Control, c.Stop = "t", true, func() { stopped++ } })
	rpc := func(body string) string {
		status, text := ask(t, "POST", srv.URL+"/json_rpc", body, "Authorization", "Bearer t", "Content-Type", "application/json; charset=utf-8")
		require.Equal(t, http.StatusOK, status)
		return text
	}
	require.JSONEq(t, `{"id":7,"jsonrpc":"2.0","result":{"status":"OK"}}`, rpc(`{"id":7,"method":"pause"}`))
	require.True(t, e.paused)
	rpc(`{"method":"resume"}`)
	require.False(t, e.paused)
	rpc(`{"method":"stop","id":"x"}`)
	require.Equal(t, 1, stopped)
	require.JSONEq(t, `{"id":1,"jsonrpc":"2.0","error":{"code":-32601,"message":"method not found"}}`, rpc(`{"id":1,"method":"format_disk"}`))
	require.Contains(t, rpc(`{"id":1}`), "-32600")
	require.Contains(t, rpc(`{`), "-32700")
	require.Contains(t, rpc(`{"method":"`+strings.Repeat("x", maxBody)+`"}`), "-32700")

	_, err := NewHandler(Config{Engine: e, Control: true})
	require.ErrorIs(t, err, ErrControlNeedsToken)
	_, err = NewHandler(Config{})
	require.Error(t, err)
}

func TestMetrics(t *testing.T) {
	srv, e := newAPI(t, nil)
	e.snap.Pool.Host = "bad\xff:1" // as a hostile pool may redirect to
	status, body := ask(t, "GET", srv.URL+"/metrics", "")
	require.Equal(t, http.StatusOK, status)
	for _, line := range []string{
		`adit_miner_hashes_total{worker="0"} 1234`,
		`adit_miner_shares_total{result="accepted"} 8`,
		`adit_miner_pool_connected{algorithm="cn/r",pool="bad?:1"} 1`,
		`adit_miner_worker_hashrate{implementation="avx2",worker="0"} 12.349`,
		`adit_miner_share_latency_seconds 0.034`,
		`adit_miner_huge_pages_bytes 2.097152e+06`,
	} {
		require.Contains(t, body, line+"\n")
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	h, err := NewHandler(Config{Engine: newFake(t)})
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, l, h) }()
	status, _ := ask(t, "GET", "http://"+l.Addr().String()+"/2/summary", "")
	require.Equal(t, http.StatusOK, status)
	stop()
	require.NoError(t, <-done)
	require.ErrorContains(t, Serve(t.Context(), l, h), "HTTP API")
}

// TestStopIsAnswered ends the server from inside a request: its answer is
// written all the same.
func TestStopIsAnswered(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	h, err := NewHandler(Config{Engine: newFake(t), Token: "t", Control: true, Stop: func() {
		cancel()
		require.Eventually(t, func() bool {
			c, err := net.Dial("tcp", l.Addr().String())
			if err == nil {
				_ = c.Close()
			}
			return err != nil
		}, 10*time.Second, time.Millisecond)
	}})
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, l, h) }()
	req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+l.Addr().String()+"/json_rpc", strings.NewReader(`{"id":1,"method":"stop"}`))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer t")
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Contains(t, string(body), `"OK"`)
	require.NoError(t, <-done)
}

func TestReadSystem(t *testing.T) {
	proc := fstest.MapFS{
		"meminfo":    {Data: []byte("MemTotal:       2048 kB\nMemFree: 5 kB\nMemAvailable:   1024 kB\n")},
		"loadavg":    {Data: []byte("0.50 1.25 2.00 1/100 4242\n")},
		"self/statm": {Data: []byte("100 7 3 1 0 5 0\n")},
	}
	require.Equal(t, System{MemoryFree: 1 << 20, MemoryTotal: 2 << 20, Resident: 7 * 4096, Load: [3]float64{0.5, 1.25, 2}},
		ReadSystem(proc, 4096))
	require.Equal(t, System{}, ReadSystem(fstest.MapFS{}, 4096))
	if _, err := os.Stat("/proc/meminfo"); err == nil {
		require.Positive(t, ReadSystem(os.DirFS("/proc"), os.Getpagesize()).MemoryTotal)
	}
}
