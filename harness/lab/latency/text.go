package latency

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aditmine/adit/harness/stats"
)

// WriteText prints a result for a terminal.
func (r *Result) WriteText(w io.Writer) error {
	var out strings.Builder
	r.Alone.text(&out, "new block to job")
	if r.Beside != nil {
		fmt.Fprintln(&out)
		r.Beside.text(&out, fmt.Sprintf("the same beside %d connections that do not read (%d closed by the pool)", r.SlowReaders, r.Evicted))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func (s *Series) text(out *strings.Builder, title string) {
	fmt.Fprintf(out, "%s: %d blocks, %d connections\n", title, s.Rounds, s.Conns)
	fmt.Fprintf(out, "  first job  %s\n  each job   %s\n  skew       %s\n", s.First, s.Job, s.Skew)
	fmt.Fprintf(out, "  coverage   %.2f %% (95 %%: %.2f to %.2f), %d missed, %d connections closed\n",
		100*s.Coverage, 100*s.CoverageIn.Low, 100*s.CoverageIn.High, s.Missed, s.Closed)
	fmt.Fprintf(out, "  order      %+.2f (p %.3g): %s\n", s.Order, s.OrderP, s.orderText())
	fmt.Fprintf(out, "  cost       %.3f %% of the work, with a block every %v\n", 100*s.Cost, s.BlockTime)
	fmt.Fprintf(out, "  times are sure to %v: the node took so long at most\n", stats.Rounded(s.TipTook))
}

func (s *Series) orderText() string {
	switch {
	case s.OrderP > 0.01:
		return "no sign that it matters who logged in first"
	case s.Order > 0:
		return "who logged in first is served first"
	}
	return "who logged in last is served first"
}

// WriteText prints a storm.
func (s *Storm) WriteText(w io.Writer) error {
	back := "never"
	if s.To99 != nil {
		back = stats.Rounded(*s.To99).String()
	}
	_, err := fmt.Fprintf(w, "reconnection storm: %d connections, backoff %s: %d served, %d failed\n"+
		"  login      %s\n  back       %s\n  99 %% after %s\n  difficulty %d before, %d after\n",
		s.Conns, s.Backoff, s.Served, s.Failed, s.Login, s.Back, back, s.Before, s.After)
	if err == nil && s.Failure != "" {
		_, err = fmt.Fprintf(w, "  first failure: %s\n", s.Failure)
	}
	return err
}

// WriteText prints what became of dead lines.
func (h *HalfOpen) WriteText(w io.Writer) error {
	_, err := fmt.Fprintf(w, "dead lines: %d of %d closed by the pool within %v\n  after      %s\n",
		h.Reaped, h.Conns, h.Limit.Round(time.Millisecond), h.After)
	return err
}
