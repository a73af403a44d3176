package report

import (
	"fmt"
	"slices"
	"time"

	"github.com/aditmine/adit/harness/lab/vardiff"
	"github.com/aditmine/adit/harness/stats"
)

// maxCourses is how many miners' difficulties are drawn.
const maxCourses = 6

// liveMeasure shows how a pool's difficulty followed miners.
func liveMeasure(r *vardiff.LiveResult) Measure {
	m := Measure{Title: "difficulty, live", Void: r.Void, Rows: [][2]string{
		{"target", r.Target}, {"miners", fmt.Sprintf("%d at %.4g H/s for %v, a share declared every %v", r.Miners, r.Rate, stats.Rounded(r.Took), r.Interval)},
		{"ideal difficulty", fmt.Sprintf("%.4g", r.Rate*r.Interval.Seconds())}, {"converged", quantiles(&r.Convergence, "s")},
		{"overshoot", quantiles(&r.Overshoot, "times")}, {"shares", fmt.Sprintf("%d accepted, %d unanswered", r.Accepted, r.Unanswered)}}}
	if r.CreditIn != nil {
		m.Rows = append(m.Rows, [2]string{"credit over work", fmt.Sprintf("%.3f (95 %%: %.3f to %.3f)", r.Credit, r.CreditIn.Low, r.CreditIn.High)})
	}
	m.Rows = append(m.Rows, restRows(&r.Rest)...)
	course := coursePlot("Difficulty over time")
	for i := range min(maxCourses, len(r.Records)) {
		course.Lines = append(course.Lines, courseLine(fmt.Sprintf("miner %d", i+1), r.Records[i].Changes, r.Records[i].End))
	}
	if len(r.Records) > maxCourses {
		m.Text = fmt.Sprintf("The first %d of %d miners are drawn; the figures are of all.", maxCourses, len(r.Records))
	}
	m.Plots = []Plot{course, spreadPlot([]string{"all miners"}, [][]vardiff.Record{r.Records})}
	return m
}

// coursePlot is difficulty over time, relative to the ideal one.
func coursePlot(title string) Plot {
	return Plot{Title: title, X: "seconds", Y: "difficulty / ideal", LogY: true}
}

// courseLine is a staircase to the end of a session.
func courseLine(name string, changes []vardiff.Change, end time.Duration) Line {
	l := Line{Name: name, Step: true}
	for _, c := range changes {
		l.Points = append(l.Points, [2]float64{c.At.Seconds(), c.X})
	}
	if n := len(changes); n > 0 && end > changes[n-1].At {
		l.Points = append(l.Points, [2]float64{end.Seconds(), changes[n-1].X})
	}
	return l
}

// spreadPlot is the part of the time that difficulty spent below each value.
func spreadPlot(names []string, groups [][]vardiff.Record) Plot {
	p := Plot{Title: "Time below a difficulty", X: "difficulty / ideal", Y: "% of the time", LogX: true}
	for i, records := range groups {
		type span struct{ x, seconds float64 }
		var spans []span
		total := 0.0
		for _, r := range records {
			for j, c := range r.Changes {
				end := r.End
				if j+1 < len(r.Changes) {
					end = r.Changes[j+1].At
				}
				if s := (end - c.At).Seconds(); s > 0 {
					spans, total = append(spans, span{c.X, s}), total+s
				}
			}
		}
		slices.SortFunc(spans, func(a, b span) int {
			if a.x < b.x {
				return -1
			}
			return 1
		})
		line, passed := Line{Name: names[i], Step: true}, 0.0
		for _, s := range spans {
			passed += s.seconds
			line.Points = append(line.Points, [2]float64{s.x, 100 * passed / total})
		}
		p.Lines = append(p.Lines, line)
	}
	return p
}

// restRows are the figures of sessions at rest.
func restRows(r *vardiff.Rest) [][2]string {
	if r.Shares == 0 {
		return [][2]string{{"at rest", "no shares in that time"}}
	}
	return [][2]string{
		{"share rate", fmt.Sprintf("%.3f of the declared one (95 %%: %.3f to %.3f, n %d)", r.Rate, r.RateIn.Low, r.RateIn.High, r.Shares)},
		{"retargets", fmt.Sprintf("%.1f per 100 shares, autocorrelation %+.2f", r.Retargets, r.Cycle)},
		{"difficulty / ideal", fmt.Sprintf("%.2f / %.2f / %.2f (p5/p50/p95)", r.X5, r.X50, r.X95)},
		{"dispersion", fmt.Sprintf("%.2f (1 is Poisson)", r.Dispersion)},
	}
}

// quantiles are those of sessions, in a cell.
func quantiles(q *vardiff.Quantiles, unit string) string {
	text := number(q.P50) + " / " + number(q.P90) + " " + unit + fmt.Sprintf(" (p50/p90, n %d)", q.N)
	if q.Never > 0 {
		text += fmt.Sprintf(", %.0f %% never", 100*q.Never)
	}
	return text
}

func number(v *float64) string {
	if v == nil {
		return "never"
	}
	return fmt.Sprintf("%.3g", *v)
}

// modelHead are the columns of figures about models.
func modelHead(first ...string) []string {
	return append(first, "converged p50/p90 s", "overshoot p90", "share rate", "retargets /100", "x p5..p95", "credit / work")
}

func modelCells(r *vardiff.Result) []string {
	converged := number(r.Convergence.P50) + " / " + number(r.Convergence.P90)
	if r.Convergence.Never > 0 {
		converged += fmt.Sprintf(" (%.0f %% never)", 100*r.Convergence.Never)
	}
	return []string{converged, number(r.Overshoot.P90), fmt.Sprintf("%.3f", r.Rest.Rate), fmt.Sprintf("%.1f", r.Rest.Retargets),
		fmt.Sprintf("%.2f-%.2f", r.Rest.X5, r.Rest.X95), fmt.Sprintf("%.3f", r.Credit)}
}

// scenarioMeasures show simulated sessions, the models of one scenario together.
func scenarioMeasures(results []vardiff.Result) []Measure {
	var all []Measure
	at := map[string]int{}
	for i := range results {
		r := &results[i]
		n, seen := at[r.Scenario]
		if !seen {
			n = len(all)
			at[r.Scenario] = n
			all = append(all, Measure{Title: "difficulty, simulated: " + r.Scenario, Text: fmt.Sprintf("%d sessions of each model; one of each is drawn.", r.Trials),
				Table: Table{Head: modelHead("model")}, Plots: []Plot{coursePlot("Difficulty over time"), {}}})
		}
		m := &all[n]
		m.Table.Rows = append(m.Table.Rows, append([]string{r.Model}, modelCells(r)...))
		var end time.Duration
		if k := len(r.Example); k > 0 {
			end = r.Example[k-1].At + 10*r.Interval
		}
		m.Plots[0].Lines = append(m.Plots[0].Lines, courseLine(r.Model, r.Example, end))
		records := []vardiff.Record{{Changes: r.Example, End: end, Interval: r.Interval}}
		spread := spreadPlot([]string{r.Model}, [][]vardiff.Record{records})
		spread.Lines = append(m.Plots[1].Lines, spread.Lines...)
		m.Plots[1] = spread
	}
	return all
}

// modelsMeasure shows the table of models.
func modelsMeasure(rows []vardiff.Row) Measure {
	m := Measure{Title: "models of difficulty, simulated", Table: Table{Head: modelHead("model", "scenario")},
		Plots: []Plot{coursePlot("A tenfold rise of the hashrate"), coursePlot("From a hundredth of the right difficulty")}}
	for i := range rows {
		row := &rows[i]
		for _, r := range []*vardiff.Result{&row.ColdLow, &row.ColdHigh, &row.StepUp, &row.StepDown, &row.Steady} {
			m.Table.Rows = append(m.Table.Rows, append([]string{row.Model.ID, r.Scenario}, modelCells(r)...))
		}
		for j, r := range []*vardiff.Result{&row.StepUp, &row.ColdLow} {
			if k := len(r.Example); k > 0 {
				m.Plots[j].Lines = append(m.Plots[j].Lines, courseLine(row.Model.ID, r.Example, r.Example[k-1].At+10*r.Interval))
			}
		}
	}
	return m
}
