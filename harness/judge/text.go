package judge

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/harness/stats"
	"github.com/aditmine/adit/harness/wire"
)

// sparkWidth is how many characters a difficulty curve gets; with the rest of
// its line it fits in 80 columns.
const sparkWidth = 32

// maxShown is how many connections, and shares per finding, the text shows.
const maxShown = 20

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	p := &printer{w: w}
	p.trace(r)
	p.matrix(r)
	p.listed(r)
	p.latency(r)
	p.jobs(r)
	p.connections(r)
	for _, n := range r.Notes {
		p.line("note: %s", n)
	}
	p.verdict(r)
	return p.err
}

// printer keeps the first write error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

// table writes tab-separated rows in columns.
func (p *printer) table(rows [][]string) {
	tw := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		_, _ = fmt.Fprintln(tw, "  "+strings.Join(row, "\t")) // kept by Flush
	}
	if err := tw.Flush(); p.err == nil {
		p.err = err
	}
}

func (p *printer) trace(r *Report) {
	t := r.Trace
	state := "complete"
	switch {
	case t.Truncated:
		state = "truncated"
	case !t.Complete:
		state = "damaged"
	}
	p.line("trace %s: %d events in %s, %d connections, %s",
		printable(t.ID), t.Events, short(time.Duration(t.Seconds*1e9)), len(r.Connections), state)
}

// matrix prints truth against verdict.
func (p *printer) matrix(r *Report) {
	p.line("")
	p.line("shares: %d, credited difficulty %s", r.Shares, chain.FormatDifficulty(r.Credited))
	if r.Shares == 0 {
		return
	}
	counts := map[Cell]int{}
	used := map[wire.Verdict]bool{}
	for _, c := range r.Matrix {
		counts[Cell{Truth: c.Truth, Verdict: c.Verdict}] = c.Count
		used[c.Verdict] = true
	}
	header := []string{"truth"}
	for _, v := range verdicts {
		if used[v] {
			header = append(header, string(v))
		}
	}
	rows := [][]string{header}
	for _, truth := range Truths() {
		row, any := []string{string(truth)}, false
		for _, v := range verdicts {
			if !used[v] {
				continue
			}
			n := counts[Cell{Truth: truth, Verdict: v}]
			any = any || n > 0
			row = append(row, dash(n))
		}
		if any {
			rows = append(rows, row)
		}
	}
	p.table(rows)
}

func dash(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

// listed prints the shares that need a look.
func (p *printer) listed(r *Report) {
	shown := map[Finding]int{}
	for _, s := range r.Listed {
		if shown[s.Finding]++; shown[s.Finding] > maxShown {
			continue
		}
		what := string(s.Finding)
		if s.Verdict == wire.Unclear {
			what = "unclear answer"
		}
		reason := ""
		if s.Reason != "" {
			reason = fmt.Sprintf(" (%s: %q)", s.Reason, s.Text)
		}
		p.line("%s: conn %d at %s, id %s, job %s, nonce %s: is %s, was %s%s",
			what, s.Conn, short(time.Duration(s.At)), s.Request, s.Job, s.Nonce, s.Truth, s.Verdict, reason)
	}
	for _, why := range slices.Sorted(maps.Keys(r.Unjudged)) {
		p.line("not judged: %d shares: %s", r.Unjudged[why], why)
	}
}

func (p *printer) latency(r *Report) {
	if len(r.Answers) == 0 {
		return
	}
	p.line("")
	p.line("submit to answer:")
	rows := [][]string{summaryHeader()}
	for _, a := range r.Answers {
		rows = append(rows, summaryRow(a.Of, a.Summary))
	}
	p.table(rows)
}

func (p *printer) jobs(r *Report) {
	j := r.Jobs
	if j.Blocks == 0 {
		return
	}
	p.line("")
	p.line("jobs: %d blocks; %d of %d arrivals behind the first within %v", j.Blocks, j.InTime, j.Expected, coverageLimit)
	p.table([][]string{summaryHeader(),
		summaryRow("skew", j.Skew), summaryRow("block interval", j.BlockIntervals), summaryRow("job interval", j.JobIntervals)})
}

func summaryHeader() []string {
	return []string{"", "n", "p50", "p90", "p95", "p99", "p99.9", "max", "censored"}
}

// summaryRow prints percentiles; those with too few samples are refused.
func summaryRow(name string, s stats.Summary) []string {
	row := []string{name, fmt.Sprint(s.Count)}
	for _, q := range s.Quantiles {
		if q.Nanoseconds == nil {
			row = append(row, fmt.Sprintf("n<%d", q.Need))
			continue
		}
		row = append(row, short(time.Duration(*q.Nanoseconds)))
	}
	longest := "-"
	if s.Count > 0 {
		longest = short(time.Duration(s.Max))
	}
	return append(row, longest, fmt.Sprint(s.Censored))
}

func (p *printer) connections(r *Report) {
	if len(r.Connections) == 0 {
		return
	}
	p.line("")
	rows := [][]string{{"conn", "proto", "jobs", "acc", "rej", "open", "credited", "difficulty over time", "last"}}
	for i, c := range r.Connections {
		if i == maxShown {
			break
		}
		last := uint64(0)
		if n := len(c.Difficulty); n > 0 {
			last = c.Difficulty[n-1].Value
		}
		rows = append(rows, []string{fmt.Sprint(c.Conn), c.Proto, fmt.Sprint(c.Jobs), fmt.Sprint(c.Accepted),
			fmt.Sprint(c.Rejected), fmt.Sprint(c.Unanswered), chain.FormatDifficulty(c.Credited),
			stats.Sparkline(c.Difficulty, time.Duration(c.Opened), time.Duration(c.Closed), sparkWidth),
			chain.FormatDifficulty(last)})
	}
	p.table(rows)
	if more := len(r.Connections) - maxShown; more > 0 {
		p.line("  and %d more connections (--json has them all)", more)
	}
}

func (p *printer) verdict(r *Report) {
	p.line("")
	p.line("false accepts %d, false rejects %d, wrong reasons %d, stale accepted %d, not judged %d",
		r.Findings[FalseAccept], r.Findings[FalseReject], r.Findings[Misreason],
		r.Findings[StaleAccepted], r.Findings[NotJudged])
	switch {
	case !r.Agreed():
		p.line("verdict: the pool's verdicts are wrong")
	case r.Findings[Agrees] == 0:
		p.line("verdict: no share could be judged")
	default:
		p.line("verdict: the pool's verdicts agree")
	}
}

// short rounds a duration to three digits or so.
func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(10 * time.Nanosecond).String()
}
