package replay

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/aditmine/adit/harness/judge"
	"github.com/aditmine/adit/harness/wire"
)

// Outcome is what became of one recorded share.
type Outcome struct {
	Conn           uint64       `json:"conn"`
	At             int64        `json:"t_ns"` // in the recording
	Truth          judge.Truth  `json:"truth"`
	Recorded       wire.Verdict `json:"recorded"`
	RecordedReason wire.Reason  `json:"recorded_reason,omitempty"`
	Live           wire.Verdict `json:"live,omitempty"` // empty when skipped
	LiveReason     wire.Reason  `json:"live_reason,omitempty"`
	LiveText       string       `json:"live_text,omitempty"`
	// Skipped says why the share was not replayed.
	Skipped string `json:"skipped,omitempty"`
	Hashes  uint64 `json:"hashes"`
	// Banked: the work in it came from a share bank.
	Banked bool `json:"banked,omitempty"`
}

// Comparison relates the live verdict to the recorded one.
type Comparison string

// The comparisons.
const (
	Same      Comparison = "same"
	Different Comparison = "different"
	// Incomparable: one of the two has no verdict, such as a share that was
	// still unanswered when the recording ended.
	Incomparable Comparison = "incomparable"
	Skipped      Comparison = "skipped"
)

// Compare relates the two verdicts. Reasons are not compared: pools word them
// differently.
func (o *Outcome) Compare() Comparison {
	said := func(v wire.Verdict) bool { return v == wire.Accepted || v == wire.Rejected }
	switch {
	case o.Skipped != "":
		return Skipped
	case !said(o.Recorded) || !said(o.Live):
		return Incomparable
	case o.Recorded == o.Live:
		return Same
	}
	return Different
}

// Report is what a replay found.
type Report struct {
	Counts   map[Comparison]int `json:"counts"`
	Outcomes []Outcome          `json:"outcomes"`
	Hashes   uint64             `json:"hashes"`
	// Banked counts the shares that came from a bank.
	Banked int `json:"banked"`
}

func newReport(sessions [][]Outcome) *Report {
	r := &Report{Counts: map[Comparison]int{}, Outcomes: []Outcome{}}
	for _, outcomes := range sessions {
		for i := range outcomes {
			r.Counts[outcomes[i].Compare()]++
			r.Hashes += outcomes[i].Hashes
			if outcomes[i].Banked {
				r.Banked++
			}
		}
		r.Outcomes = append(r.Outcomes, outcomes...)
	}
	return r
}

// Played is how many shares were handed in.
func (r *Report) Played() int { return len(r.Outcomes) - r.Counts[Skipped] }

// maxShown is how many differing and skipped shares the text names.
const maxShown = 20

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	type row struct {
		truth          judge.Truth
		recorded, live wire.Verdict
	}
	counts := map[row]int{}
	var order []row
	for _, o := range r.Outcomes {
		k := row{o.Truth, o.Recorded, o.Live}
		if o.Skipped != "" {
			k.live = "skipped"
		}
		if counts[k]++; counts[k] == 1 {
			order = append(order, k)
		}
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(tw, "truth\trecorded\tlive\tshares") // Flush keeps the error
	for _, k := range order {
		_, _ = fmt.Fprintf(tw, "%s\t%s\t%s\t%d\n", k.truth, k.recorded, k.live, counts[k])
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if err := r.writeListed(w); err != nil {
		return err
	}
	from := ""
	if r.Banked > 0 {
		from = fmt.Sprintf(", %d of them from the bank", r.Banked)
	}
	_, err := fmt.Fprintf(w, "%d shares replayed with %d hashes%s: %d same, %d different, %d incomparable; %d skipped\n",
		r.Played(), r.Hashes, from, r.Counts[Same], r.Counts[Different], r.Counts[Incomparable], r.Counts[Skipped])
	return err
}

// writeListed names the shares that differ and why others were skipped.
func (r *Report) writeListed(w io.Writer) error {
	shown := 0
	skipped := map[string]int{}
	for _, o := range r.Outcomes {
		if o.Skipped != "" {
			skipped[o.Skipped]++
		}
		if o.Compare() != Different || shown >= maxShown {
			continue
		}
		shown++
		if _, err := fmt.Fprintf(w, "different: conn %d, %s share: recorded %s%s, live %s%s %q\n", o.Conn, o.Truth,
			o.Recorded, inBrackets(o.RecordedReason), o.Live, inBrackets(o.LiveReason), o.LiveText); err != nil {
			return err
		}
	}
	for _, o := range r.Outcomes {
		n := skipped[o.Skipped]
		if o.Skipped == "" || n == 0 {
			continue
		}
		delete(skipped, o.Skipped)
		if _, err := fmt.Fprintf(w, "skipped %d: %q\n", n, o.Skipped); err != nil {
			return err
		}
	}
	return nil
}

func inBrackets(r wire.Reason) string {
	if r == "" {
		return ""
	}
	return " (" + string(r) + ")"
}
