package diff

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/trace"
)

// write makes a trace; a line starts with its direction.
func write(t testing.TB, conns ...[]string) *trace.Reader {
	t.Helper()
	var out bytes.Buffer
	w, err := trace.NewWriter(&out, trace.Header{}, trace.WriterOptions{})
	require.NoError(t, err)
	for i, lines := range conns {
		id := uint64(i + 1)
		w.Record(&trace.Event{Code: trace.CodeOpen, Conn: id, Open: &trace.OpenInfo{Peer: "c1"}})
		for _, l := range lines {
			ev := &trace.Event{Code: trace.Code(l[0]), Conn: id, Data: []byte(l[1:] + "\n")}
			w.Record(ev)
		}
		w.Record(&trace.Event{Code: trace.CodeClose, Conn: id, Close: &trace.CloseInfo{By: trace.ByMiner, How: "fin"}})
	}
	require.NoError(t, w.Close("done"))
	r, err := trace.NewReader(&out, trace.Options{})
	require.NoError(t, err)
	return r
}

func compare(t testing.TB, opts Options, a, b []string) []Difference {
	t.Helper()
	rep, err := Compare(t.Context(), write(t, a), write(t, b), opts)
	require.NoError(t, err)
	return rep.Differences
}

var session = []string{
	`>{"id":1,"method":"login","params":{"login":"W","algo":["cn/0"]}}`,
	`<{"id":1,"result":{"id":"s","status":"OK","job":{"job_id":"1","height":5}},"error":null}`,
	`>{"id":2,"method":"submit","params":{"nonce":"01"}}`,
	`<{"method":"job","params":{"job_id":"2"}}`,
	`>{"id":3,"method":"submit","params":{"nonce":"02"}}`,
	`<{"id":3,"result":{"status":"OK"},"error":null}`,
	`<{"id":2,"result":null,"error":{"message":"Low difficulty share"}}`,
}

// TestSameMeaning: spacing, key order, ids and the order of answers are no
// difference.
func TestSameMeaning(t *testing.T) {
	require.Empty(t, compare(t, Options{}, session, session))
	require.Empty(t, compare(t, Options{}, session, []string{
		`>{"method":"login","params":{"algo":["cn/0"],"login":"W"},"id":"a"}`,
		`<{"id":"a", "error":null, "result":{"status":"OK","id":"s","job":{"height":5,"job_id":"1"}}}`,
		`>{"id":7,"method":"submit","params":{"nonce":"01"}}`,
		`<{"id":7,"result":null,"error":{"message":"Low difficulty share"}}`,
		`>{"id":8,"method":"submit","params":{"nonce":"02"}}`,
		`<{"id":8,"result":{"status":"OK"},"error":null}`,
		`<{"method":"job","params":{"job_id":"2"}}`,
	}))
}

func TestDifferencesAreNamed(t *testing.T) {
	changed := append([]string{}, session...)
	changed[1] = `<{"id":1,"result":{"id":"s","status":"OK","job":{"job_id":"1","height":"5"}},"error":null}`
	changed[6] = `<{"id":2,"result":{"status":"OK"},"error":null}`
	changed = append(changed, `>hello`)
	require.Equal(t, []Difference{
		{Conn: 1, Message: `reply to "login" 1`, Path: "result.job.height", A: "5", B: `"5"`},
		{Conn: 1, Message: `reply to "submit" 1`, Path: "error", B: "null"},
		{Conn: 1, Message: `reply to "submit" 1`, Path: "error.message", A: `"Low difficulty share"`},
		{Conn: 1, Message: `reply to "submit" 1`, Path: "result", A: "null"},
		{Conn: 1, Message: `reply to "submit" 1`, Path: "result.status", B: `"OK"`},
		{Conn: 1, Message: "text from the miner 1", B: present},
	}, compare(t, Options{}, session, changed))
}

func TestIgnoreAndShape(t *testing.T) {
	changed := append([]string{}, session...)
	changed[2] = `>{"id":2,"method":"submit","params":{"nonce":"ff"}}`
	changed[3] = `<{"method":"job","params":{"job_id":2}}`
	require.Len(t, compare(t, Options{}, session, changed), 2)
	require.Len(t, compare(t, Options{Ignore: []string{"params.non*"}}, session, changed), 1)
	require.Empty(t, compare(t, Options{Ignore: []string{"params.*"}}, session, changed))
	require.Equal(t, []Difference{{Conn: 1, Message: `"job" from the pool 1`, Path: "params.job_id", A: "string", B: "number"}},
		compare(t, Options{Shape: true}, session, changed))
	_, err := Compare(t.Context(), write(t, session), write(t, session), Options{Ignore: []string{"["}})
	require.ErrorContains(t, err, `pattern "["`)
}

func TestConnectionsAndText(t *testing.T) {
	rep, err := Compare(t.Context(), write(t, session, session[:1]), write(t, session[:6]), Options{})
	require.NoError(t, err)
	require.Equal(t, [2]int{2, 1}, rep.Connections)
	require.Equal(t, []Difference{
		{Conn: 1, Message: `reply to "submit" 1`, A: present},
		{Conn: 2, A: present},
	}, rep.Differences)
	rep.Differences = append(rep.Differences, Difference{Conn: 3, Message: "x", Path: "p\x1b", A: "\"\u202e\"", B: ""})
	var text bytes.Buffer
	require.NoError(t, rep.WriteText(&text))
	require.Equal(t, `conn 1, reply to "submit" 1: only in the first
conn 2: only in the first
conn 3, x: "p\x1b": "?", then nothing
3 differences; connections 2 and 1, messages 10 and 7
`, text.String())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Compare(ctx, write(t, session), write(t, session), Options{})
	require.ErrorIs(t, err, context.Canceled)
}

func FuzzLine(f *testing.F) {
	for _, l := range session {
		f.Add([]byte(l[1:]))
	}
	f.Add([]byte(`{"id":[[[]]],"method":{}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		a, b := newStream(), newStream()
		for range 2 {
			a.line(trace.CodeToPool, line)
			b.line(trace.CodeToPool, line)
			a.line(trace.CodeToMiner, line)
			b.line(trace.CodeToMiner, line)
		}
		c := &comparison{report: &Report{}}
		c.streams(a, b)
		require.Empty(t, c.report.Differences)
	})
}
