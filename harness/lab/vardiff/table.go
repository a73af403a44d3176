package vardiff

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
)

// Row is one model in the table that compares them.
type Row struct {
	Model    Model  `json:"model"`
	ColdLow  Result `json:"cold_low"`
	ColdHigh Result `json:"cold_high"`
	StepUp   Result `json:"step_up"`
	StepDown Result `json:"step_down"`
	Steady   Result `json:"steady"`
}

// Table measures each model in the scenarios by which algorithms are compared.
func Table(ctx context.Context, models []Model, o Options) ([]Row, error) {
	var rows []Row
	for _, m := range models {
		row := Row{Model: m}
		for _, part := range []struct {
			sc  Scenario
			out *Result
		}{
			{Cold("cold-low", 0.01), &row.ColdLow}, {Cold("cold-high", 100), &row.ColdHigh},
			{StepTo("step-up", 10), &row.StepUp}, {StepTo("step-down", 0.1), &row.StepDown}, {Steady(), &row.Steady},
		} {
			var err error
			if *part.out, err = Run(ctx, &m, part.sc, o); err != nil {
				return rows, err
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// WriteTable prints rows: convergence in seconds as p50/p90.
func WriteTable(w io.Writer, rows []Row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "model\tcold D*/100\tcold 100 D*\tstep x10\tstep /10\tover p90\trate\tretargets/100\tx p5..p95\tin +-25 %")
	for _, r := range rows {
		rest := r.Steady.Rest
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%.2f\t%.1f\t%.2f-%.2f\t%.0f %%\n", r.Model.ID,
			r.ColdLow.Convergence, r.ColdHigh.Convergence, r.StepUp.Convergence, r.StepDown.Convergence,
			number(r.StepUp.Overshoot.P90, "%.1fx"), rest.Rate, rest.Retargets, rest.X5, rest.X95, 100*rest.Near)
	}
	return t.Flush()
}

func (q Quantiles) String() string {
	s := number(q.P50, "%.0f") + "/" + number(q.P90, "%.0f")
	if q.Never > 0 {
		s += fmt.Sprintf(" (%.0f %% never)", 100*q.Never)
	}
	return s
}

// number prints a value that may be missing.
func number(v *float64, format string) string {
	if v == nil {
		return "never"
	}
	return fmt.Sprintf(format, *v)
}
