package adapter

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/conform"
)

const exposition = `# HELP shares_total Shares.
# TYPE shares_total counter
shares_total{coin="a",verdict="accepted",reason=""} 3
shares_total{coin="b",verdict="accepted",reason=""} 4
shares_total{coin="a",verdict="rejected",reason="stale"} 2
shares_total{coin="a",verdict="rejected",reason="duplicate"} 1e1
shares_total_more 99
plain 5
`

func TestCountersAddUpSeries(t *testing.T) {
	for selector, want := range map[string]float64{
		`shares_total{verdict="accepted"}`: 7, `shares_total{verdict="rejected"}`: 12, `shares_total{coin="a",reason="stale"}`: 2,
		`shares_total`: 19, `plain`: 5, `absent`: 0, ``: 0,
	} {
		got, err := sum(exposition, selector)
		require.NoError(t, err)
		require.Equal(t, want, got, selector)
	}
	_, err := sum("plain five\n", "plain")
	require.ErrorContains(t, err, "no number")
}

// described is a pool whose operator's side is served by a test.
func described(t *testing.T, text string) *Pool {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/page":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, "<p>hello")
		case "/metrics":
			fmt.Fprint(w, exposition)
		case "/away":
			http.Redirect(w, r, "/page", http.StatusFound)
		default:
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(server.Close)
	a, err := Parse([]byte("adapter: 1\nname: x\nverified: unchecked\nprofile: cn\ntarget: 127.0.0.1:1\n" + text))
	require.NoError(t, err)
	return NewPool(a, t.TempDir(), map[string]string{"URL": server.URL})
}

func TestOperatorReadsPages(t *testing.T) {
	p := described(t, `
operator:
  pages: ["${URL}/page"]
  private: ["${URL}/secret", "${URL}/away"]
  metrics: {url: "${URL}/metrics", accepted: 'shares_total{verdict="accepted"}', rejected: 'shares_total{verdict="rejected"}', stale: 'shares_total{reason="stale"}'}
`)
	shown, err := p.Shown(t.Context())
	require.NoError(t, err)
	require.Len(t, shown, 1)
	require.Equal(t, "text/html", shown[0].Type)
	require.Equal(t, "<p>hello", shown[0].Text)
	private, err := p.Private(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]int{p.expand("${URL}/secret"): 403, p.expand("${URL}/away"): 302}, private)
	counters, err := p.Counters(t.Context())
	require.NoError(t, err)
	require.Equal(t, conform.Counters{Accepted: 7, Rejected: 12, Stale: 2}, counters)
}

func TestOperatorThatSaysNothing(t *testing.T) {
	p := described(t, "")
	_, err := p.Shown(t.Context())
	require.ErrorIs(t, err, conform.ErrUndeclared)
	_, err = p.Private(t.Context())
	require.ErrorIs(t, err, conform.ErrUndeclared)
	_, err = p.Counters(t.Context())
	require.ErrorIs(t, err, conform.ErrUndeclared)
	_, _, err = p.StartsWith(t.Context())
	require.ErrorIs(t, err, conform.ErrUndeclared)
	_, err = p.Usage(t.Context())
	require.ErrorIs(t, err, conform.ErrUndeclared)
}

func TestUnsafeStarts(t *testing.T) {
	p := described(t, `
operator:
  unsafe:
    - {name: refused, run: ["false"]}
    - {name: taken, run: ["true"]}
    - {name: running, run: [sleep, "60"], ready: 50ms}
`)
	taken, tried, err := p.StartsWith(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, tried)
	require.Equal(t, []string{"taken", "running"}, taken)
}

func TestOperatorMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"declares: {ban_scope: country}":      "ban_scope",
		"operator: {unsafe: [{name: x}]}":     "operator.unsafe",
		"operator: {metrics: {url: x}}":       "operator.metrics",
		"operator: {pages: [x], nonsense: 1}": "nonsense",
	} {
		_, err := Parse([]byte("adapter: 1\nname: x\nverified: unchecked\nprofile: cn\ntarget: 127.0.0.1:1\n" + text))
		require.ErrorContains(t, err, want)
	}
}

// TestUsage measures a program that does nothing.
func TestUsage(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("read from /proc, which only Linux has")
	}
	p := described(t, "start: {run: [sleep, '60']}")
	require.NoError(t, p.Launch(t.Context()))
	defer func() { require.NoError(t, p.Kill(t.Context())) }()
	u, err := p.Usage(t.Context())
	require.NoError(t, err)
	require.NotZero(t, u.Memory)
	require.Equal(t, 1, u.Threads)
	require.Positive(t, u.Files)
	open, err := p.Listening(t.Context())
	require.NoError(t, err)
	require.Empty(t, open)
}

func TestPrepareComesAfterReset(t *testing.T) {
	p := described(t, "reset: {run: [rm, -f, made]}\nprepare: {run: [touch, made]}")
	require.NoError(t, p.Reset(t.Context()))
	require.FileExists(t, filepath.Join(p.dir, "made"))
	p.a.Prepare.Run = []string{"false"}
	require.ErrorContains(t, p.Reset(t.Context()), "preparing x")
	require.NoFileExists(t, filepath.Join(p.dir, "made"))
}
