package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aditmine/adit/harness/lab/latency"
	"github.com/aditmine/adit/harness/lab/load"
	"github.com/aditmine/adit/harness/lab/vardiff"
	"github.com/aditmine/adit/harness/stats"
)

// ErrNoMeasurement says that a document is none of the laboratory's results.
var ErrNoMeasurement = errors.New("it holds no result of adit harness load, latency or vardiff")

// Measures reads what adit harness load, latency and vardiff wrote with --json:
// one document after the other. name stands before each title.
func Measures(r io.Reader, name string) ([]Measure, error) {
	var all []Measure
	dec := json.NewDecoder(r)
	for {
		var doc json.RawMessage
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("it is no JSON: %w", err)
		}
		found, err := measures(doc)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	if len(all) == 0 {
		return nil, ErrNoMeasurement
	}
	for i := range all {
		all[i].Title = name + ": " + all[i].Title
	}
	return all, nil
}

// measures tells the results apart by members that only they have.
func measures(doc json.RawMessage) ([]Measure, error) {
	var list []map[string]json.RawMessage
	if json.Unmarshal(doc, &list) == nil {
		return measuresOf(list, doc)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(doc, &members); err != nil {
		return nil, ErrNoMeasurement
	}
	for _, kind := range []struct {
		member string
		read   func(json.RawMessage) (Measure, error)
	}{
		{"knee_per_s", one(sweepMeasure)}, {"offered_per_s", one(loadMeasure)}, {"alone", one(jobsMeasure)},
		{"backoff", one(stormMeasure)}, {"reaped", one(halfOpenMeasure)}, {"records", one(liveMeasure)},
	} {
		if members[kind.member] != nil {
			m, err := kind.read(doc)
			return []Measure{m}, err
		}
	}
	return nil, ErrNoMeasurement
}

// measuresOf reads lists: simulated sessions, or the table of models.
func measuresOf(list []map[string]json.RawMessage, doc json.RawMessage) ([]Measure, error) {
	switch {
	case len(list) == 0 || list[0]["model"] == nil:
		return nil, ErrNoMeasurement
	case list[0]["cold_low"] != nil:
		var rows []vardiff.Row
		if err := json.Unmarshal(doc, &rows); err != nil {
			return nil, err
		}
		return []Measure{modelsMeasure(rows)}, nil
	}
	var results []vardiff.Result
	if err := json.Unmarshal(doc, &results); err != nil {
		return nil, err
	}
	return scenarioMeasures(results), nil
}

// one reads a document of one type.
func one[T any](make func(*T) Measure) func(json.RawMessage) (Measure, error) {
	return func(doc json.RawMessage) (Measure, error) {
		v := new(T)
		if err := json.Unmarshal(doc, v); err != nil {
			return Measure{}, err
		}
		return make(v), nil
	}
}

// curve draws distributions, in milliseconds over percentiles.
func curve(title string, lines map[string]*stats.Summary, order ...string) Plot {
	p := Plot{Title: title, X: "percentile", Y: "ms", LogX: true, LogY: true, Percentiles: true}
	for _, name := range order {
		s := lines[name]
		if s == nil || len(s.Curve) == 0 {
			continue
		}
		line := Line{Name: fmt.Sprintf("%s (n %d)", name, s.Count)}
		for _, at := range s.Curve {
			line.Points = append(line.Points, [2]float64{1 / (1 - at.Q), milliseconds(at.Nanoseconds)})
		}
		p.Lines = append(p.Lines, line)
	}
	return p
}

func milliseconds(ns int64) float64 { return float64(ns) / 1e6 }

// duration is one in a cell.
func duration(ns int64) string { return stats.Rounded(time.Duration(ns)).String() }

// quantile is one of a summary in a cell.
func quantile(s *stats.Summary, q float64) string {
	if v := load.Quantile(s, q); v != nil {
		return duration(*v)
	}
	return "too few"
}

// loadMeasure shows a run of the load generator.
func loadMeasure(r *load.Result) Measure {
	m := Measure{Title: fmt.Sprintf("load, %.4g submits/s", r.Offered), Void: r.Void,
		Text: "Latency counts from the planned time of each submit.",
		Rows: [][2]string{
			{"target", r.Target}, {"offered", fmt.Sprintf("%.4g/s on %d connections for %v", r.Offered, r.Conns, stats.Rounded(r.Took))},
			{"answered", fmt.Sprintf("%.4g/s, the last %v after the end", r.Reached, stats.Rounded(r.Drain))},
			{"sent", fmt.Sprintf("%d of %d", r.Sent, r.Planned)},
			{"generator", fmt.Sprintf("late by %s at the 99th percentile, %s at most", quantile(&r.Lag, 0.99), duration(r.Lag.Max))},
		},
		Table: Table{Head: []string{"class", "sent", "accepted", "rejected", "unanswered", "wrong", "p50", "p99", "max"}}}
	lines, order := map[string]*stats.Summary{}, []string{}
	for i := range r.Classes {
		c := &r.Classes[i]
		lines[string(c.Class)], order = &c.Latency, append(order, string(c.Class))
		m.Table.Rows = append(m.Table.Rows, []string{string(c.Class), fmt.Sprint(c.Sent), fmt.Sprint(c.Accepted), fmt.Sprint(c.Rejected),
			fmt.Sprint(c.Unanswered), fmt.Sprint(c.Wrong), quantile(&c.Latency, 0.5), quantile(&c.Latency, 0.99), duration(c.Latency.Max)})
	}
	m.Plots = []Plot{curve("Submit to result", lines, order...)}
	return m
}

// sweepMeasure shows a series of runs at growing rates.
func sweepMeasure(s *load.Sweep) Measure {
	m := Measure{Title: "load, rate sweep", Text: s.Beyond, Table: Table{Head: []string{"offered /s", "answered /s", "p50", "p99", "max", "wrong"}}}
	knee := "below the lowest rate"
	if s.Knee > 0 {
		knee = fmt.Sprintf("%.4g submits/s", s.Knee)
	}
	m.Rows = [][2]string{{"knee", knee}}
	rates := Plot{Title: "Answers kept up with", X: "offered, submits/s", Y: "answered, submits/s"}
	times := Plot{Title: "Submit to result", X: "offered, submits/s", Y: "ms", LogY: true}
	var answered, p50, p99 Line
	answered.Name, p50.Name, p99.Name = "answered", "p50", "p99"
	for _, r := range s.Runs {
		if len(r.Classes) == 0 {
			continue
		}
		latency := &r.Classes[0].Latency
		answered.Points = append(answered.Points, [2]float64{r.Offered, r.Reached})
		for q, line := range map[float64]*Line{0.5: &p50, 0.99: &p99} {
			if v := load.Quantile(latency, q); v != nil {
				line.Points = append(line.Points, [2]float64{r.Offered, milliseconds(*v)})
			}
		}
		m.Table.Rows = append(m.Table.Rows, []string{fmt.Sprintf("%.4g", r.Offered), fmt.Sprintf("%.4g", r.Reached),
			quantile(latency, 0.5), quantile(latency, 0.99), duration(latency.Max), fmt.Sprint(r.Wrong())})
	}
	rates.Lines, times.Lines = []Line{answered}, []Line{p50, p99}
	if s.Knee > 0 {
		mark := []Mark{{s.Knee, "knee"}}
		rates.Marks, times.Marks = mark, mark
	}
	m.Plots = []Plot{rates, times}
	return m
}

// jobsMeasure shows how new blocks reach the connections.
func jobsMeasure(r *latency.Result) Measure {
	m := Measure{Title: "new block to job", Rows: [][2]string{{"target", r.Target},
		{"rounds", fmt.Sprintf("%d blocks, %d connections", r.Alone.Rounds, r.Alone.Conns)}},
		Table: Table{Head: []string{"", "first job p50", "each job p50", "p99", "max", "skew p99", "coverage", "order", "cost of work"}}}
	series := map[string]*latency.Series{"alone": &r.Alone}
	if r.Beside != nil {
		m.Rows = append(m.Rows, [2]string{"slow readers", fmt.Sprintf("%d, %d of them closed by the pool", r.SlowReaders, r.Evicted)})
		series["beside slow readers"] = r.Beside
	}
	lines, order := map[string]*stats.Summary{}, []string{}
	places := Plot{Title: "Mean delay by order of login", X: "place in the order of logins", Y: "ms"}
	for _, name := range []string{"alone", "beside slow readers"} {
		s := series[name]
		if s == nil {
			continue
		}
		m.Table.Rows = append(m.Table.Rows, []string{name, quantile(&s.First, 0.5), quantile(&s.Job, 0.5), quantile(&s.Job, 0.99), duration(s.Job.Max),
			quantile(&s.Skew, 0.99), fmt.Sprintf("%.2f %%", 100*s.Coverage), fmt.Sprintf("%+.2f (p %.2g)", s.Order, s.OrderP), fmt.Sprintf("%.3f %%", 100*s.Cost)})
		for part, summary := range map[string]*stats.Summary{"first job": &s.First, "each job": &s.Job, "skew": &s.Skew} {
			lines[part+", "+name] = summary
		}
		order = append(order, "first job, "+name, "each job, "+name, "skew, "+name)
		places.Lines = append(places.Lines, Line{Name: name, Points: meanDelays(s)})
	}
	m.Plots = []Plot{curve("From the block to the job", lines, order...), places}
	return m
}

// meanDelays are those of each connection, where it was served.
func meanDelays(s *latency.Series) (points [][2]float64) {
	widest := 0
	for _, round := range s.Delays {
		widest = max(widest, len(round))
	}
	for i := range widest {
		sum, n := time.Duration(0), 0
		for _, round := range s.Delays {
			if i < len(round) && round[i] >= 0 {
				sum, n = sum+round[i], n+1
			}
		}
		if n > 0 {
			points = append(points, [2]float64{float64(i + 1), milliseconds(int64(sum)) / float64(n)})
		}
	}
	return points
}

// stormMeasure shows how everybody came back at once.
func stormMeasure(s *latency.Storm) Measure {
	m := Measure{Title: "reconnect storm", Rows: [][2]string{
		{"connections", fmt.Sprintf("%d, backoff %s", s.Conns, s.Backoff)}, {"served", fmt.Sprintf("%d, %d not %s", s.Served, s.Failed, s.Failure)},
		{"difficulty", fmt.Sprintf("%d before, %d after (medians)", s.Before, s.After)},
		{"login", fmt.Sprintf("p50 %s, p99 %s", quantile(&s.Login, 0.5), quantile(&s.Login, 0.99))},
	}}
	if s.To99 != nil {
		m.Rows = append(m.Rows, [2]string{"99 % served", stats.Rounded(*s.To99).String()})
	}
	m.Plots = []Plot{curve("Until a job", map[string]*stats.Summary{"from dialling": &s.Login, "from the reset": &s.Back}, "from dialling", "from the reset")}
	return m
}

// halfOpenMeasure shows when dead lines were noticed.
func halfOpenMeasure(h *latency.HalfOpen) Measure {
	return Measure{Title: "half-open connections", Rows: [][2]string{
		{"noticed", fmt.Sprintf("%d of %d within %v", h.Reaped, h.Conns, h.Limit)}, {"after", fmt.Sprintf("p50 %s, at most %s", quantile(&h.After, 0.5), duration(h.After.Max))},
	}, Plots: []Plot{curve("Until the connection was closed", map[string]*stats.Summary{"closed": &h.After}, "closed")}}
}
