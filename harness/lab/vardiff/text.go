package vardiff

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aditmine/adit/harness/stats"
)

// sparkWidth is how many characters a difficulty over time is drawn in.
const sparkWidth = 60

// WriteText prints a simulated scenario for a terminal.
func (r *Result) WriteText(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s, %s: %d sessions, a share every %v\n", r.Model, r.Scenario, r.Trials, r.Interval)
	summary(&out, r.Convergence, r.Overshoot, &r.Rest)
	fmt.Fprintf(&out, "  credit / work   %.4f", r.Credit)
	if r.CreditIn != nil {
		fmt.Fprintf(&out, " (95 %%: %.4f to %.4f)", r.CreditIn.Low, r.CreditIn.High)
	}
	fmt.Fprintln(&out)
	fmt.Fprintf(&out, "  flood           %d shares in a second at most\n", r.Flood)
	if n := len(r.Example); n > 0 {
		fmt.Fprintf(&out, "  one session     %s\n", spark(r.Example, r.Example[n-1].At+10*r.Interval))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// summary prints what simulated and live runs share.
func summary(out *strings.Builder, convergence, overshoot Quantiles, rest *Rest) {
	fmt.Fprintf(out, "  converged       p50/p90 %s s%s\n", convergence, within(convergence))
	fmt.Fprintf(out, "  overshoot       p50 %s  p90 %s\n", number(overshoot.P50, "%.2fx"), number(overshoot.P90, "%.2fx"))
	if rest.Shares == 0 {
		fmt.Fprintln(out, "  at rest         no shares in that time")
		return
	}
	fmt.Fprintf(out, "  share rate      %.3f of the declared one (95 %%: %.3f to %.3f; %d shares)\n",
		rest.Rate, rest.RateIn.Low, rest.RateIn.High, rest.Shares)
	fmt.Fprintf(out, "  difficulty      x %.2f / %.2f / %.2f (p5/p50/p95), %.0f %% of the time within 25 %%\n",
		rest.X5, rest.X50, rest.X95, 100*rest.Near)
	fmt.Fprintf(out, "  retargets       %.1f per 100 shares; autocorrelation %+.2f%s\n", rest.Retargets, rest.Cycle, cycle(rest))
	fmt.Fprintf(out, "  dispersion      %.2f (1 is Poisson)\n", rest.Dispersion)
}

// within gives the interval of the 90th percentile where there is one.
func within(q Quantiles) string {
	if q.P90In == nil {
		return fmt.Sprintf(" (%d sessions: too few for an interval of p90)", q.N)
	}
	return fmt.Sprintf(" (p90, 95 %%: %.0f to %.0f)", q.P90In.Low, q.P90In.High)
}

// The signs of a limit cycle.
const (
	cycleBelow = -0.3
	cycleP     = 0.01
)

func cycle(r *Rest) string {
	if r.Cycle < cycleBelow && r.CycleP < cycleP {
		return ": it overcorrects"
	}
	return ""
}

// spark draws x over time on a logarithmic scale.
func spark(changes []Change, end time.Duration) string {
	points := make([]stats.Point, len(changes))
	for i, c := range changes {
		points[i] = stats.Point{At: c.At, Value: difficulty(c.X * ideal)}
	}
	return stats.Sparkline(points, 0, end, sparkWidth)
}

// WriteText prints a live run for a terminal.
func (r *LiveResult) WriteText(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintf(&out, "live: %d miners at %g H/s for %v, a share declared every %v: ideal difficulty %.0f\n",
		r.Miners, r.Rate, stats.Rounded(r.Took), r.Interval, r.Rate*r.Interval.Seconds())
	summary(&out, r.Convergence, r.Overshoot, &r.Rest)
	fmt.Fprintf(&out, "  shares          %d accepted, %d without an answer\n", r.Accepted, r.Unanswered)
	for reason, n := range r.Rejected {
		fmt.Fprintf(&out, "  REJECTED        %d valid shares as %s\n", n, reason)
	}
	if r.CreditIn != nil {
		fmt.Fprintf(&out, "  credit / work   %.3f (95 %%: %.3f to %.3f): %d of %d hashes\n",
			r.Credit, r.CreditIn.Low, r.CreditIn.High, r.Credited, r.Hashes)
	}
	if len(r.Records) > 0 {
		fmt.Fprintf(&out, "  first miner     %s\n", spark(r.Records[0].Changes, r.Took))
	}
	for _, why := range r.Void {
		fmt.Fprintf(&out, "VOID: %s\n", why)
	}
	_, err := io.WriteString(w, out.String())
	return err
}
