package load

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/stats"
)

func summaryOf(n int, d time.Duration) stats.Summary {
	var l stats.Latency
	for range n {
		l.Add(d)
	}
	return l.Summary(0)
}

// TestALateGeneratorVoidsTheRun, unless its lag is small beside what the pool
// takes.
func TestALateGeneratorVoidsTheRun(t *testing.T) {
	for name, tc := range map[string]struct {
		r    Result
		void bool
	}{
		"on time":             {Result{Lag: summaryOf(1000, 900*time.Microsecond)}, false},
		"late":                {Result{Lag: summaryOf(1000, 2*time.Millisecond)}, true},
		"late, few submits":   {Result{Lag: summaryOf(10, 2*time.Millisecond)}, true},
		"late, a slower pool": {Result{Lag: summaryOf(1000, 2*time.Millisecond), Classes: []ClassResult{{Latency: summaryOf(1000, time.Second)}}}, false},
		"out of processor":    {Result{CPU: 0.9}, true},
		"connections lost":    {Result{Closed: 1}, true},
	} {
		t.Run(name, func(t *testing.T) {
			tc.r.judge(time.Millisecond)
			require.Equal(t, tc.void, len(tc.r.Void) > 0, "%v", tc.r.Void)
		})
	}
}

func TestBeyondTheKnee(t *testing.T) {
	run := func(offered, reached float64, latency time.Duration) *Result {
		return &Result{Offered: offered, Reached: reached, Took: time.Second, Planned: int(offered), Conns: 1,
			Classes: []ClassResult{{Class: Valid, Latency: summaryOf(1000, latency)}}}
	}
	first := run(1000, 1000, time.Millisecond)
	require.Empty(t, beyond(first, first))
	require.Empty(t, beyond(first, run(2000, 1990, 9*time.Millisecond)))
	require.Contains(t, beyond(first, run(2000, 1500, time.Millisecond)), "answers/s")
	require.Contains(t, beyond(first, run(2000, 2000, 11*time.Millisecond)), "99th percentile")
	void := run(2000, 2000, time.Millisecond)
	void.Void = []string{"late"}
	require.Contains(t, beyond(first, void), "void")
}

// FuzzLine feeds a connection whatever a pool may send: nothing panics, and
// no submit is answered twice.
func FuzzLine(f *testing.F) {
	for _, line := range []string{
		`{"id":1000000000,"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}`,
		`{"id":"1000000001","result":true,"error":null}`,
		`{"id":1000000000,"result":null,"error":[20,"no",null]}`,
		`{"id":1000000000,"result":false,"error":"text"}`, `{"id":-1}`, `{"id":1e300,"result":[]}`, `[]`, `{`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		rec := newRecorder(time.Now)
		rec.begin()
		c := &conn{rec: rec, slots: make([]slot, 2)}
		for i := range c.slots {
			c.slots[i].class = Valid
			c.slots[i].wrote.Store(1)
		}
		c.line(line, time.Now())
		c.line(line, time.Now())
		require.LessOrEqual(t, rec.answers(), 1)
	})
}
