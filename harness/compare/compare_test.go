package compare

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/conform"
	"github.com/aditmine/adit/harness/stats"
)

func TestVerdict(t *testing.T) {
	same, other, unsure := Ratio{Verdict: stats.Equivalent}, Ratio{Verdict: stats.Different}, Ratio{Verdict: stats.Undecided}
	for _, row := range []struct {
		report Report
		want   stats.Verdict
	}{
		{Report{}, stats.Equivalent},
		{Report{Ratios: []Ratio{same, same}}, stats.Equivalent},
		{Report{Ratios: []Ratio{same, unsure}}, stats.Undecided},
		{Report{Ratios: []Ratio{unsure, other}}, stats.Different},
		{Report{Ratios: []Ratio{same}, Differences: []Difference{{ID: "CN-SUB-06"}}}, stats.Different},
	} {
		require.Equal(t, row.want, row.report.verdict())
	}
}

func TestWriteText(t *testing.T) {
	r := &Report{A: &conform.Report{Results: make([]conform.Result, 3)}, Margin: 0.1, Verdict: stats.Different,
		Differences: []Difference{{ID: "CN-SUB-06", A: conform.Pass, B: conform.Fail, GotB: "accepted"}},
		Ratios:      []Ratio{{Measure: "answer", Samples: 40, A: 0.001, B: 0.002, Ratio: 2, Interval: stats.Interval{Low: 1.9, High: 2.1}, Verdict: stats.Different}}}
	var b strings.Builder
	require.NoError(t, r.WriteText(&b))
	for _, want := range []string{"3 checks, 1 with different verdicts", "CN-SUB-06", "B: accepted", "A 1ms, B 2ms", "n=40", "1.900 to 2.100: different", "verdict: different, with a margin of 10%"} {
		require.Contains(t, b.String(), want)
	}
}

func TestMedian(t *testing.T) {
	require.Equal(t, 3.0, median(flat([][]float64{{5, 1}, {3}})))
}
