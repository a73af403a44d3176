package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/conform"
)

// hostile is what a pool might say to whoever reads the report.
const hostile = "</script><img src=x onerror=alert(1)> # SKIP ``` \"' & ]]> | \\ \n"

func sample() *conform.Report {
	r := &conform.Report{Target: "127.0.0.1:3333", Profile: conform.CN, Seed: 1, Counts: map[conform.Verdict]int{}}
	add := func(id string, level conform.Level, v conform.Verdict, change func(*conform.Result)) {
		result := conform.Result{ID: id, Level: level, Basis: conform.Safety, Verdict: v, Requirement: "It does " + id + ".", Seconds: 0.25,
			Wire: []string{"> " + hostile, "< " + hostile}}
		if change != nil {
			change(&result)
		}
		r.Results = append(r.Results, result)
		r.Counts[v]++
	}
	found := func(r *conform.Result) {
		r.Accepted, r.Got, r.Replay = []string{"an error", hostile}, hostile, "adit harness run "+r.ID
	}
	add("CN-SUB-01", conform.Must, conform.Pass, nil)
	add("CN-SUB-06", conform.Must, conform.Fail, found)
	add("CN-SUB-07", conform.Must, conform.Fail, func(r *conform.Result) { found(r); r.Known = "later # on" })
	add("CN-SUB-19", conform.Should, conform.NonStrict, found)
	add("CN-CONN-07", conform.May, conform.Informed, found)
	add("CN-JOB-09", conform.Must, conform.Skip, func(r *conform.Result) { r.Reason = "no node" })
	add("CN-JOB-10", conform.Must, conform.Broken, func(r *conform.Result) { r.Reason = hostile })
	return r
}

func TestJUnit(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, JUnit(&b, sample()))
	var suite junitSuite
	require.NoError(t, xml.Unmarshal(b.Bytes(), &suite))
	require.Equal(t, []int{7, 1, 1, 2}, []int{suite.Tests, suite.Failures, suite.Errors, suite.Skipped})
	require.Equal(t, strings.ReplaceAll(hostile, "\n", "\n"), suite.Cases[1].Failure.Message)
	require.Contains(t, suite.Cases[1].Failure.Text, "replay: adit harness run CN-SUB-06")
}

func TestTAP(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, TAP(&b, sample()))
	lines := strings.Split(b.String(), "\n")
	require.Equal(t, []string{"TAP version 14", "1..7"}, lines[:2])
	var tests []string
	yaml := false
	for _, line := range lines[2:] {
		switch {
		case line == "  ---", line == "  ...":
			yaml = line == "  ---"
		case yaml:
			key, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
			require.True(t, ok, line)
			require.True(t, json.Valid([]byte(value)), key)
		case line != "":
			tests = append(tests, line)
		}
	}
	require.Len(t, tests, 7)
	require.Equal(t, "ok 1 - CN-SUB-01 It does CN-SUB-01.", tests[0])
	require.Equal(t, "not ok 2 - CN-SUB-06 It does CN-SUB-06.", tests[1])
	require.Contains(t, tests[2], `# TODO known: later \# on`)
	require.True(t, strings.HasPrefix(tests[3], "ok 4"))
	require.Contains(t, tests[5], "# SKIP SKIP: no node")
	require.True(t, strings.HasPrefix(tests[6], "not ok 7"))
}

func TestSARIF(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, SARIF(&b, sample(), "pool.toml"))
	var log sarifLog
	require.NoError(t, json.Unmarshal(b.Bytes(), &log))
	require.Equal(t, "2.1.0", log.Version)
	run := log.Runs[0]
	require.Len(t, run.Tool.Driver.Rules, 7)
	var levels []string
	for _, r := range run.Results {
		levels = append(levels, r.Level)
		require.Equal(t, "pool.toml", r.Locations[0].Physical.Artifact.URI)
	}
	require.Equal(t, []string{"error", "error", "warning", "note"}, levels)
	require.Equal(t, "later # on", run.Results[1].Suppressions[0].Justification)
	require.False(t, run.Invocations[0].Successful)
	require.Len(t, run.Invocations[0].Notifications, 1)
}

func TestMarkdown(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, Markdown(&b, sample()))
	text := b.String()
	require.Contains(t, text, "## Pool conformance: 1 failure")
	require.Contains(t, text, "| FAIL | 2 |")
	// The wire's own fence must not end the block that it stands in.
	require.Contains(t, text, "````text\n> </script>")
	outside := regexp.MustCompile("(?s)````text.*?\n````|````+ .*? ````+").ReplaceAllString(text, "")
	require.NotContains(t, outside, "onerror")
}

func TestText(t *testing.T) {
	var plain, colored bytes.Buffer
	r := &sample().Results[1]
	require.NoError(t, (&Text{Wire: true}).Result(&plain, r))
	require.NoError(t, (&Text{Color: true}).Result(&colored, r))
	require.NotContains(t, plain.String(), "\x1b")
	require.Contains(t, plain.String(), "FAIL         CN-SUB-06    MUST   It does CN-SUB-06.")
	require.Contains(t, plain.String(), "replay    adit harness run CN-SUB-06")
	require.Contains(t, colored.String(), "\x1b[1;31mFAIL")
	plain.Reset()
	require.NoError(t, (&Text{}).Summary(&plain, sample()))
	require.Contains(t, plain.String(), "7 checks against 127.0.0.1:3333 (cn, seed 1): 1 PASS, 2 FAIL")
	require.Contains(t, plain.String(), "1 of them known")
}

func TestHTML(t *testing.T) {
	short := sample()
	short.Results = short.Results[:2]
	page := &Page{Title: "Pools " + hostile, Tool: "adit test", Made: time.Unix(0, 0).UTC(),
		Pools: []Pool{{"one " + hostile, sample()}, {"two", short}},
		Measures: []Measure{{Title: hostile, Rows: [][2]string{{hostile, hostile}}, Plots: []Plot{
			{Title: hostile, X: hostile, Y: hostile, Lines: []Line{{Name: hostile, Points: [][2]float64{{0, 1}, {1, math.NaN()}, {2, 3}}}}},
			{Title: "empty"},
		}}},
	}
	var b bytes.Buffer
	require.NoError(t, HTML(&b, page))
	text := b.String()
	require.NotContains(t, text, "<img")
	require.Equal(t, 1, strings.Count(text, "<script"))
	require.Equal(t, 1, strings.Count(text, "</script"))
	for _, outside := range []string{"src=\"", "url(", "@import", "<link"} {
		require.NotContains(t, text, outside, "the page needs something beside itself")
	}
	// Each badge leads to a section.
	links := regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(text, -1)
	require.Len(t, links, 9)
	for _, l := range links {
		require.Contains(t, text, `id="`+l[1]+`"`)
	}
	require.Contains(t, text, "no data")
}

func TestPlotAxes(t *testing.T) {
	for _, row := range []struct {
		plot Plot
		want int // least ticks on the vertical axis
	}{
		{Plot{Lines: []Line{{Points: [][2]float64{{0, 5}}}}}, 2},
		{Plot{LogY: true, Lines: []Line{{Points: [][2]float64{{0, 0}, {1, 10}, {2, 1e6}}}}}, 3},
		{Plot{Lines: []Line{{Points: [][2]float64{{0, -4}, {1, 900}}}}}, 3},
	} {
		y, ok := row.plot.span(1, row.plot.LogY, 100, 0)
		require.True(t, ok)
		ticks := y.ticks()
		require.GreaterOrEqual(t, len(ticks), row.want)
		require.LessOrEqual(t, len(ticks), 20)
		for _, v := range ticks {
			at := y.at(v)
			require.True(t, at >= -0.01 && at <= 100.01, "%v at %v", v, at)
		}
	}
	_, ok := (&Plot{}).span(0, false, 0, 1)
	require.False(t, ok)
}
