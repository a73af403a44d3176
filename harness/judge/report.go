package judge

import (
	"fmt"
	"sort"
	"time"

	"github.com/aditmine/adit/harness/stats"
	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/harness/wire"
)

// maxListed is how many shares of each finding a report lists.
const maxListed = 100

// Report is what a trace says about a pool. Times are in nanoseconds since
// the trace's start.
type Report struct {
	Trace       TraceFacts       `json:"trace"`
	Shares      int              `json:"shares"`
	Matrix      []Cell           `json:"matrix"`
	Findings    map[Finding]int  `json:"findings"`
	Reasons     map[string]int   `json:"reasons"` // of rejections, normalised
	Listed      []ListedShare    `json:"listed"`  // shares whose verdict needs a look
	Unjudged    map[string]int   `json:"unjudged"`
	Credited    uint64           `json:"credited_difficulty"` // of accepted shares
	Answers     []AnswerLatency  `json:"submit_latency"`
	Jobs        JobFacts         `json:"jobs"`
	Connections []ConnectionFact `json:"connections"`
	Notes       []string         `json:"notes"`
}

// TraceFacts describe the file.
type TraceFacts struct {
	ID        string  `json:"id"`
	Tool      string  `json:"tool"`
	Coin      string  `json:"coin,omitempty"`
	Algo      string  `json:"algo,omitempty"`
	Seconds   float64 `json:"seconds"`
	Events    uint64  `json:"events"`
	Complete  bool    `json:"complete"`
	Truncated bool    `json:"truncated"`
	GoodUpTo  int64   `json:"good_up_to"` // uncompressed bytes
	Gaps      int     `json:"gaps"`
	Dropped   uint64  `json:"dropped"`
	Redacted  bool    `json:"redacted"`
}

// Cell counts the shares of one truth that got one verdict.
type Cell struct {
	Truth   Truth        `json:"truth"`
	Verdict wire.Verdict `json:"verdict"`
	Count   int          `json:"count"`
}

// ListedShare is one share that a finding is about.
type ListedShare struct {
	Finding Finding      `json:"finding"`
	Conn    uint64       `json:"conn"`
	At      int64        `json:"t_ns"`
	Request string       `json:"request_id"`
	Job     string       `json:"job"`
	Nonce   string       `json:"nonce"`
	Truth   Truth        `json:"truth"`
	Verdict wire.Verdict `json:"verdict"`
	Reason  wire.Reason  `json:"reason,omitempty"`
	Text    string       `json:"text,omitempty"`
}

// AnswerLatency is the time from submit to answer for one kind of share.
type AnswerLatency struct {
	Of string `json:"of"` // a verdict, or "truth/" and a class
	stats.Summary
}

// JobFacts are about how work reached the miners.
type JobFacts struct {
	Blocks         int           `json:"blocks"` // different previous blocks seen
	Skew           stats.Summary `json:"skew"`   // arrival behind the first connection's
	Expected       int           `json:"expected_arrivals"`
	InTime         int           `json:"arrivals_in_time"` // within 5 seconds
	BlockIntervals stats.Summary `json:"block_intervals"`
	JobIntervals   stats.Summary `json:"job_intervals"` // per connection, all together
}

// ConnectionFact is one connection's account.
type ConnectionFact struct {
	Conn       uint64        `json:"conn"`
	Proto      string        `json:"proto"`
	Opened     int64         `json:"opened_ns"`
	Closed     int64         `json:"closed_ns"`
	Jobs       int           `json:"jobs"`
	Accepted   int           `json:"accepted"`
	Rejected   int           `json:"rejected"`
	Unanswered int           `json:"unanswered"`
	Credited   uint64        `json:"credited_difficulty"`
	Difficulty []stats.Point `json:"difficulty"`
	Opaque     int           `json:"withheld_lines,omitempty"`
}

// Agreed reports whether the pool judged every share rightly, as far as the
// trace tells: no false accept and no false reject.
func (r *Report) Agreed() bool {
	return r.Findings[FalseAccept] == 0 && r.Findings[FalseReject] == 0
}

// newReport adds everything up.
func newReport(c *collector, r *trace.Reader, opts *Options) *Report {
	rep := &Report{
		Trace: traceFacts(c, r.Header(), r.Summary()), Shares: len(c.shares),
		Findings: map[Finding]int{}, Reasons: map[string]int{}, Unjudged: map[string]int{},
		Matrix: []Cell{}, Listed: []ListedShare{}, Connections: []ConnectionFact{}, Notes: []string{},
	}
	rep.addShares(c.shares)
	rep.Answers = answerLatencies(c.shares)
	rep.Jobs = jobFacts(c)
	rep.addConnections(c)
	rep.addNotes(opts)
	return rep
}

func traceFacts(c *collector, h *trace.Header, sum trace.Summary) TraceFacts {
	f := TraceFacts{
		ID: h.ID, Tool: h.Tool, Coin: h.Coin, Algo: h.Algo, Seconds: c.last.Seconds(), Events: sum.Events,
		Complete: sum.Complete, Truncated: sum.Truncated, GoodUpTo: sum.GoodOffset,
		Gaps: c.gaps, Dropped: c.dropped, Redacted: h.Redact != nil,
	}
	if sum.End != nil {
		f.Dropped = max(f.Dropped, sum.End.Dropped)
	}
	return f
}

func (r *Report) addShares(shares []*share) {
	cells := map[Cell]int{}
	listed := map[Finding]int{}
	for _, s := range shares {
		cells[Cell{Truth: s.truth(), Verdict: s.verdict()}]++
		r.Findings[s.finding]++
		if s.unknown != "" {
			r.Unjudged[s.unknown]++
		}
		switch s.verdict() {
		case wire.Rejected:
			r.Reasons[string(s.result.Reason)]++
		case wire.Accepted:
			if s.submit.Job != nil {
				r.Credited += s.submit.Job.Difficulty
			}
		}
		unclear := s.verdict() == wire.Unclear
		if (s.finding == FalseAccept || s.finding == FalseReject || s.finding == Misreason || unclear) && listed[s.finding] < maxListed {
			listed[s.finding]++
			r.Listed = append(r.Listed, list(s))
		}
	}
	for _, truth := range Truths() {
		for _, v := range verdicts {
			if n := cells[Cell{Truth: truth, Verdict: v}]; n > 0 {
				r.Matrix = append(r.Matrix, Cell{truth, v, n})
			}
		}
	}
}

// verdicts in report order.
var verdicts = []wire.Verdict{wire.Accepted, wire.Rejected, wire.None, wire.Closed, wire.Cut, wire.Unclear}

func list(s *share) ListedShare {
	l := ListedShare{Finding: s.finding, Conn: s.conn.id, At: int64(s.submit.At), Request: printable(s.submit.ID.String()),
		Job: printable(s.submit.JobID), Nonce: fmt.Sprintf("%x", s.submit.Nonce), Truth: s.truth(), Verdict: s.verdict()}
	if s.result != nil {
		l.Reason, l.Text = s.result.Reason, printable(s.result.Text)
	}
	return l
}

// answerLatencies are per verdict and, since refusals ought to be cheap, per
// truth class.
func answerLatencies(shares []*share) []AnswerLatency {
	byKind, censored := map[string]*stats.Latency{}, map[string]int64{}
	for _, s := range shares {
		truth := "truth/" + string(s.truth())
		if s.result == nil {
			censored[truth]++
			continue
		}
		for _, kind := range []string{string(s.verdict()), truth} {
			if byKind[kind] == nil {
				byKind[kind] = new(stats.Latency)
			}
			byKind[kind].Add(s.result.At - s.submit.At)
		}
	}
	out := []AnswerLatency{}
	for kind, l := range byKind {
		out = append(out, AnswerLatency{Of: kind, Summary: l.Summary(censored[kind])})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Of < out[j].Of })
	return out
}

func jobFacts(c *collector) JobFacts {
	var all stats.Latency
	for _, conn := range c.order {
		all.Merge(&conn.intervals)
	}
	t := &c.tips
	return JobFacts{Blocks: t.count, Skew: t.skew.Summary(0), Expected: t.expected, InTime: t.inTime,
		BlockIntervals: t.intervals.Summary(0), JobIntervals: all.Summary(0)}
}

func (r *Report) addConnections(c *collector) {
	facts := map[*connection]*ConnectionFact{}
	list := make([]*ConnectionFact, 0, len(c.order))
	for _, conn := range c.order {
		f := &ConnectionFact{Conn: conn.id, Proto: conn.proto, Opened: int64(conn.opened), Closed: int64(conn.closed),
			Jobs: conn.jobs, Difficulty: append([]stats.Point{}, conn.difficulty...), Opaque: conn.opaque}
		facts[conn] = f
		list = append(list, f)
	}
	for _, s := range c.shares {
		f := facts[s.conn]
		switch s.verdict() {
		case wire.Accepted:
			f.Accepted++
			if s.submit.Job != nil {
				f.Credited += s.submit.Job.Difficulty
			}
		case wire.Rejected:
			f.Rejected++
		default:
			f.Unanswered++
		}
	}
	for _, f := range list {
		r.Connections = append(r.Connections, *f)
	}
}

// addNotes says what limits the report.
func (r *Report) addNotes(opts *Options) {
	note := func(format string, args ...any) { r.Notes = append(r.Notes, fmt.Sprintf(format, args...)) }
	t := r.Trace
	if t.Truncated {
		note("the trace is truncated: everything up to byte %d was judged, shares in flight at the cut were not", t.GoodUpTo)
	}
	if t.Gaps > 0 {
		note("%d damaged places were skipped: shares around them could not all be judged", t.Gaps)
	}
	if t.Dropped > 0 {
		note("the recorder lost %d events: counts are lower bounds", t.Dropped)
	}
	if n := r.Findings[StaleAccepted]; n > 0 && opts.StaleGrace == 0 {
		note("%d shares for a previous block were accepted; give --stale-grace to judge them by the pool's declaration", n)
	}
	if lost := r.Jobs.Expected - r.Jobs.InTime; lost > 0 {
		note("%d times a connection got no job within %v of a new block", lost, time.Duration(coverageLimit))
	}
}
