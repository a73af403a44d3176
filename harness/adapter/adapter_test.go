package adapter

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/conform"
)

// TestShippedAdapters reads each adapter that comes with the harness. Those
// that nobody has run say so.
func TestShippedAdapters(t *testing.T) {
	require.Subset(t, Names(), []string{"adit", "adit-ckb", "cryptonote-nodejs-pool", "nodejs-pool", "monero-pool", "miningcore", "xmrig-proxy"})
	for _, name := range Names() {
		a, err := Open(name)
		require.NoError(t, err, name)
		require.Equal(t, name, a.Name)
		require.NotEmpty(t, a.About, name)
		require.NotEmpty(t, a.Docs, name)
		require.Equal(t, strings.HasPrefix(name, "adit"), a.Verified == "run", name)
		require.NotEqual(t, "unchecked", a.Verified, name)
	}
	_, err := Open("no-such-pool")
	require.ErrorContains(t, err, "those that come with adit")
}

const least = "adapter: 1\nname: x\nverified: run\nprofile: cn\ntarget: 127.0.0.1:1\n"

func TestParseRefuses(t *testing.T) {
	_, err := Parse([]byte(least))
	require.NoError(t, err)
	for _, row := range []struct{ text, want string }{
		{"", "EOF"},
		{strings.Replace(least, "adapter: 1", "adapter: 2", 1), "version"},
		{strings.Replace(least, "cn", "sv2", 1), "profile"},
		{strings.Replace(least, "run", "hope", 1), "verified"},
		{strings.Replace(least, "127.0.0.1:1", "here", 1), "target"},
		{least + "colour: red\n", "colour"},
		{least + "stop: {signal: TERM}\n", "without start"},
		{least + "start: {run: [x]}\nstop: {signal: KILL}\n", "KILL"},
		{least + "start: {run: []}\n", "start: run is missing"},
		{least + "files: {../x: y}\n", "plain name"},
		{least + "ledger: {account: a, work: w}\n", "either command or url"},
		{least + "ledger: {url: 'http://x', account: a}\n", "shares or work"},
		{least + "unclaimed: {CN-NO-01: why}\n", "no check"},
		{least + "unclaimed: {CN-SUB-01: ''}\n", "no reason"},
		{least + "declares: {refresh: soon}\n", "soon"},
	} {
		_, err := Parse([]byte(row.text))
		require.ErrorContains(t, err, row.want, row.text)
	}
	_, err = Parse(make([]byte, maxFile+1))
	require.ErrorContains(t, err, "longer than")
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(least))
	for _, name := range Names() {
		text, err := files.ReadFile("files/" + name + ".yaml")
		require.NoError(f, err)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if a, err := Parse(text); err == nil {
			a.Declared()
		}
	})
}

func TestLedgerForms(t *testing.T) {
	q := Query{List: "a.b", Account: "who", Worker: "rig", Shares: "n", Work: "d"}
	credits, err := q.parse([]byte(`{"a":{"b":[{"who":"x","rig":"r","n":3,"d":"18446744073709551616"},{"who":"y","n":"4","d":1.5}]}}`))
	require.NoError(t, err)
	require.Equal(t, []conform.Credit{{Account: "x", Worker: "r", Shares: 3, Work: 18446744073709551616}, {Account: "y", Shares: 4, Work: 1.5}}, credits)
	for _, bad := range []string{"", "[]", `{"a":{}}`, `{"a":{"b":5}}`, `{"a":{"b":[5]}}`, `{"a":{"b":[{"n":1}]}}`, `{"a":{"b":[{"who":"x","n":"many"}]}}`} {
		_, err := q.parse([]byte(bad))
		require.Error(t, err, bad)
	}
}

func TestLedgerOverHTTP(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/miners" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(`[{"miner":"x","work":7}]`))
	}))
	defer srv.Close()
	a := &Adapter{Name: "x", Ledger: &Query{URL: "${API}/miners", Account: "miner", Work: "work"}}
	p := NewPool(a, t.TempDir(), map[string]string{"API": srv.URL})
	credits, err := p.Credits(t.Context())
	require.NoError(t, err)
	require.Equal(t, []conform.Credit{{Account: "x", Work: 7}}, credits)
	a.Ledger.URL = "${API}/elsewhere"
	_, err = p.Credits(t.Context())
	require.ErrorContains(t, err, "404")
}

// TestMain lets the test binary be the pool that is started and stopped.
func TestMain(m *testing.M) {
	if address := os.Getenv("ADAPTER_TEST_LISTEN"); address != "" {
		ln, err := net.Listen("tcp", address)
		if err != nil {
			println(err.Error())
			os.Exit(1)
		}
		for {
			if _, err := ln.Accept(); err != nil {
				os.Exit(1)
			}
		}
	}
	os.Exit(m.Run())
}

func TestPoolStartsAndStops(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := ln.Addr().String()
	dir := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	a := &Adapter{Name: "x", Target: address, Files: map[string]string{"pool.conf": "listen ${TARGET} in ${DIR} ${OTHER}"},
		Start: &Command{Run: []string{self}, Env: map[string]string{"ADAPTER_TEST_LISTEN": "${TARGET}"}, Ready: time.Minute},
		Reset: &Command{Run: []string{"rm", "-f", "${DIR}/pool.conf"}}}
	p := NewPool(a, dir, nil)

	// The port is taken: the pool ends by itself and its last words are told.
	taken := a.Target
	a.Target = "127.0.0.1:1"
	a.Start.Env["ADAPTER_TEST_LISTEN"] = taken
	require.ErrorContains(t, p.Start(t.Context()), "in use")
	a.Target = taken
	require.NoError(t, ln.Close())

	require.NoError(t, p.Start(t.Context()))
	text, err := os.ReadFile(filepath.Join(dir, "pool.conf"))
	require.NoError(t, err)
	require.Equal(t, "listen "+address+" in "+dir+" ${OTHER}", string(text))
	require.ErrorContains(t, p.Start(t.Context()), "runs already")
	require.NoError(t, p.Stop(t.Context()))
	_, err = net.Dial("tcp", address)
	require.Error(t, err)
	require.NoError(t, p.Stop(t.Context()))
	require.NoError(t, p.Start(t.Context()))
	require.NoError(t, p.Kill(context.Background()))
	require.NoError(t, p.Reset(t.Context()))
	require.NoFileExists(t, filepath.Join(dir, "pool.conf"))
}
