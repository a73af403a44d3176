package plain

import (
	"fmt"
	"io"
	"strings"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/miner"
)

// Row is a line of a banner: " * LABEL        value".
type Row struct{ Label, Value string }

// Banner prints rows.
func Banner(w io.Writer, color bool, rows []Row) error {
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, " %s %s%s\n", paint(color, green, "*"), paint(color, bold, fmt.Sprintf("%-13s", r.Label)), r.Value)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Summary says what a run came to.
func Summary(w io.Writer, color bool, s *miner.Snapshot) error {
	work := fmt.Sprintf("%d in %s, %s on average", s.Hashes, miner.FormatAge(s.Uptime()), miner.FormatRate(s.AverageRate()))
	if s.MaxRate > 0 {
		work += ", " + miner.FormatRate(s.MaxRate) + " at most"
	}
	rows := []Row{{"SHARES", shareCounts(s.Shares)}, {"HASHES", work}}
	if s.Effort > 0 {
		best := chain.FormatDifficulty(chain.Uint64(s.Best[0]))
		rows = append(rows, Row{"EFFORT", fmt.Sprintf("%.1f %% of the expected, best share %s", s.Effort, best)})
	}
	for _, r := range s.Reasons {
		rows = append(rows, Row{"REFUSED", fmt.Sprintf("%d x %q", r.Count, r.Text)})
	}
	return Banner(w, color, rows)
}

// shareCounts names the verdicts, and whatever else there is.
func shareCounts(s miner.Shares) string {
	parts := []string{
		fmt.Sprintf("%d accepted", s.Accepted), fmt.Sprintf("%d rejected", s.Rejected), fmt.Sprintf("%d stale", s.Stale),
	}
	for _, more := range []struct {
		n    uint64
		what string
	}{
		{s.Invalid, "invalid (not sent)"}, {s.Duplicate, "duplicate (not sent)"},
		{s.Late, "too late (not sent)"}, {s.Lost, "without a verdict"},
	} {
		if more.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", more.n, more.what))
		}
	}
	return strings.Join(parts, ", ")
}
