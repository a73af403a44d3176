package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/lab/latency"
	"github.com/aditmine/adit/harness/lab/load"
	"github.com/aditmine/adit/harness/lab/vardiff"
	"github.com/aditmine/adit/harness/stats"
)

// document is a result as the commands print it.
func document(t *testing.T, results ...any) string {
	t.Helper()
	var b bytes.Buffer
	for _, r := range results {
		require.NoError(t, json.NewEncoder(&b).Encode(r))
	}
	return b.String()
}

func times(n int) stats.Summary {
	var l stats.Latency
	for i := range n {
		l.Add(time.Duration(i+1) * time.Millisecond)
	}
	return l.Summary(0)
}

func run(rate float64, void ...string) *load.Result {
	return &load.Result{Target: hostile, Offered: rate, Reached: rate - 1, Took: time.Second, Void: void,
		Classes: []load.ClassResult{{Class: load.Valid, Sent: 500, Accepted: 500, Latency: times(500)}}}
}

func TestMeasuresOfEachKind(t *testing.T) {
	simulated, err := vardiff.Run(t.Context(), &vardiff.Models()[0], vardiff.StepTo("step-up", 10), vardiff.Options{Trials: 3})
	require.NoError(t, err)
	record := vardiff.Record{Changes: simulated.Example, End: 2 * time.Hour, Interval: time.Second}
	took := 5 * time.Second
	for _, row := range []struct {
		name   string
		doc    string
		titles []string
		want   []string // somewhere on the page
		lines  []int    // of each plot
	}{
		{"load", document(t, run(100, "too slow")), []string{"load, 100 submits/s"}, []string{"<b>VOID</b> too slow", "99%"}, []int{1}},
		{"sweep", document(t, &load.Sweep{Knee: 200, Runs: []*load.Result{run(100), run(200), run(400)}}), []string{"load, rate sweep"},
			[]string{"200 submits/s", `class="mark"`}, []int{1, 2}},
		{"jobs", document(t, &latency.Result{Alone: latency.Series{Conns: 2, Rounds: 1, Job: times(50), Delays: [][]time.Duration{{1e6, -1}}},
			Beside: &latency.Series{Conns: 2, Job: times(5), Delays: [][]time.Duration{{1e6, 2e6}}}}), []string{"new block to job"}, []string{"beside slow readers"}, []int{2, 2}},
		{"storm and half-open", document(t, &latency.Storm{Backoff: latency.Jitter, Login: times(9), To99: &took}, &latency.HalfOpen{Conns: 3, Reaped: 2, After: times(2)}),
			[]string{"reconnect storm", "half-open connections"}, []string{"2 of 3 within", "5s"}, []int{1, 1}},
		{"live", document(t, &vardiff.LiveResult{Target: hostile, Miners: 8, Rate: 5, Interval: time.Second, Records: []vardiff.Record{record, record, record, record, record, record, record, record}}),
			[]string{"difficulty, live"}, []string{"first 6 of 8 miners", "no shares in that time"}, []int{6, 1}},
		{"simulated", document(t, []vardiff.Result{simulated, simulated}), []string{"difficulty, simulated: step-up"}, []string{"3 sessions of each model"}, []int{2, 2}},
		{"table", document(t, []vardiff.Row{{Model: vardiff.Models()[0], StepUp: simulated}}), []string{"models of difficulty, simulated"}, []string{"ring"}, []int{1, 0}},
	} {
		t.Run(row.name, func(t *testing.T) {
			found, err := Measures(strings.NewReader(row.doc), "mine")
			require.NoError(t, err)
			var titles []string
			var lines []int
			for _, m := range found {
				titles = append(titles, strings.TrimPrefix(m.Title, "mine: "))
				for _, p := range m.Plots {
					lines = append(lines, len(p.Lines))
					wellFormed(t, p.svg())
				}
			}
			require.Equal(t, row.titles, titles)
			require.Equal(t, row.lines, lines)
			var page bytes.Buffer
			require.NoError(t, HTML(&page, &Page{Title: "x", Measures: found}))
			require.NotContains(t, page.String(), "<img")
			for _, want := range row.want {
				require.Contains(t, page.String(), want)
			}
		})
	}
}

// wellFormed reads a picture as XML.
func wellFormed(t *testing.T, svg string) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := dec.Token(); err == io.EOF {
			return
		} else {
			require.NoError(t, err, svg)
		}
	}
}

func TestMeasuresRefuseOtherDocuments(t *testing.T) {
	for _, doc := range []string{"", "{}", "[]", `{"profile":"cn","results":[]}`, "7", `[{"a":1}]`, "null"} {
		_, err := Measures(strings.NewReader(doc), "x")
		require.ErrorIs(t, err, ErrNoMeasurement, doc)
	}
	_, err := Measures(strings.NewReader(`{"knee_per_s":`), "x")
	require.ErrorContains(t, err, "no JSON")
	_, err = Measures(strings.NewReader(`{"knee_per_s":"much"}`), "x")
	require.Error(t, err)
}

// FuzzMeasures: whatever a file holds, a page can be made of what is read of it.
func FuzzMeasures(f *testing.F) {
	for _, doc := range []string{`{"knee_per_s":1,"runs":[{"offered_per_s":1,"classes":[{"class":"valid"}]}]}`, `{"alone":{"connections":3,"delays_ns":[[1]]}}`,
		`{"records":[{"Changes":[{"at_ns":1,"x":2}]}]}`, `[{"model":"a","scenario":"b","example":[{"at_ns":0,"x":1e300}]}]`, `[{"model":{"id":"a"},"cold_low":{}}]`,
		`{"backoff":"none"}{"reaped":1}`} {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		found, err := Measures(strings.NewReader(doc), "x")
		if err == nil {
			require.NoError(t, HTML(io.Discard, &Page{Measures: found}))
		}
	})
}

func TestShortLogarithmicAxes(t *testing.T) {
	p := Plot{LogY: true, Lines: []Line{{Points: [][2]float64{{0, 0.2}, {1, 2.5}}}}}
	y, ok := p.span(1, true, 100, 0)
	require.True(t, ok)
	require.InDeltaSlice(t, []float64{0.2, 0.5, 1, 2}, y.ticks(), 1e-9)
}
