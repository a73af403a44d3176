package load

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/aditmine/adit/harness/stats"
	"github.com/aditmine/adit/harness/wire"
)

// WriteText prints a result for a terminal.
func (r *Result) WriteText(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintf(&out, "offered %.0f/s over %d connections for %v: sent %d of %d, answered %.0f/s, last answer %v after the end\n",
		r.Offered, r.Conns, stats.Rounded(r.Took), r.Sent, r.Planned, r.Reached, stats.Rounded(r.Drain))
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "class\tsent\taccepted\trejected\tno answer\twrong\tlatency from the planned time")
	for i := range r.Classes {
		c := &r.Classes[i]
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%s\n", c.Class, c.Sent, c.Accepted, c.Rejected, c.Unanswered, c.Wrong, c.Latency)
	}
	_ = t.Flush() // into memory
	for i := range r.Classes {
		if c := &r.Classes[i]; len(c.Reasons) > 0 {
			fmt.Fprintf(&out, "%s rejected as %s\n", c.Class, reasons(c.Reasons))
		}
	}
	if r.Shares != nil {
		fmt.Fprintf(&out, "shares: %d from the bank, %d mined\n", r.Shares.Banked, r.Shares.Mined)
	}
	fmt.Fprintf(&out, "generator: lag %s; %.0f %% of the machine\n", r.Lag, 100*r.CPU)
	for _, why := range r.Void {
		fmt.Fprintf(&out, "VOID: %s\n", why)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func reasons(m map[wire.Reason]int) string {
	var parts []string
	for reason, n := range m {
		parts = append(parts, fmt.Sprintf("%s %d", reason, n))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// WriteText prints a sweep: a line for each rate, then the knee.
func (s *Sweep) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "offered/s\tanswered/s\twrong\tlatency of the first class\tgenerator lag")
	for _, r := range s.Runs {
		var first stats.Summary
		if len(r.Classes) > 0 {
			first = r.Classes[0].Latency
		}
		fmt.Fprintf(t, "%.0f\t%.0f\t%d\t%s\t%s\n", r.Offered, r.Reached, r.Wrong(), first, r.Lag)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	end := fmt.Sprintf("knee: %.0f/s (%s)", s.Knee, s.Beyond)
	if s.Beyond == "" {
		end = fmt.Sprintf("the pool kept up with every rate, to %.0f/s", s.Knee)
	}
	_, err := fmt.Fprintln(w, end)
	return err
}
