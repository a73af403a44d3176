package vardiff

import (
	"math"
	"slices"
	"time"

	"github.com/aditmine/adit/harness/stats"
)

// Convergence is measured against a band of this factor either way, for this
// many intervals, this part of them inside.
const (
	band         = 2.0
	bandLasts    = 20
	bandInside   = 0.9
	nearFraction = 0.25 // of "within +-25 %"
)

// Record is a session's difficulty over time, with x relative to the ideal
// one at rate 1: of a simulated trial, or of a live miner.
type Record struct {
	Changes []Change
	// End is when the record stops.
	End time.Duration
	// Interval is the declared share interval.
	Interval time.Duration
}

// until is when change i ends.
func (r *Record) until(i int) time.Duration {
	if i+1 < len(r.Changes) {
		return r.Changes[i+1].At
	}
	return r.End
}

// Convergence is how long it took from a time until the difficulty was within
// a factor 2 of goal and stayed there for 90 % of the next 20 intervals. ok is
// false when it did not while the record lasts.
func (r *Record) Convergence(from time.Duration, goal float64) (time.Duration, bool) {
	lasts := bandLasts * r.Interval
	for i, c := range r.Changes {
		begin := max(c.At, from)
		if r.until(i) <= begin || begin+lasts > r.End || !inBand(c.X, goal) {
			continue
		}
		if float64(r.inside(i, begin, begin+lasts, goal)) >= bandInside*float64(lasts) {
			return begin - from, true
		}
	}
	return 0, false
}

func inBand(x, goal float64) bool { return x <= goal*band && x >= goal/band }

// inside sums the time in the band, from change i on.
func (r *Record) inside(i int, begin, end time.Duration, goal float64) (sum time.Duration) {
	for ; i < len(r.Changes) && r.Changes[i].At < end; i++ {
		if inBand(r.Changes[i].X, goal) {
			sum += min(r.until(i), end) - max(r.Changes[i].At, begin)
		}
	}
	return sum
}

// Overshoot is how far the difficulty went beyond the goal, as a factor, after
// it first crossed it: upwards of a goal that was above, below one that was
// below. It is 1 when it never crossed.
func (r *Record) Overshoot(from time.Duration, goal float64) float64 {
	most, rising, crossed := 1.0, false, false
	for i, c := range r.Changes {
		if r.until(i) <= from {
			continue
		}
		if c.At <= from {
			rising = c.X < goal
			continue
		}
		beyond := c.X / goal
		if !rising {
			beyond = 1 / beyond
		}
		crossed = crossed || beyond >= 1
		if crossed {
			most = max(most, beyond)
		}
	}
	return most
}

// Wander is how the difficulty of a session at rest moves.
type Wander struct {
	// spans are times in force with their x; x is relative to the goal.
	spans []span
	// logs are ln x after each change, per session.
	logs [][]float64
	// counts are shares per window of ten intervals.
	counts   []float64
	changes  int
	shares   int
	expected float64 // shares at the declared interval
}

type span struct{ x, seconds float64 }

// window is the time over which shares are counted for their dispersion, in
// intervals.
const window = 10

// Add takes the part of a session from a time on. Shares are those of the
// session.
func (w *Wander) Add(r *Record, shares []time.Duration, from time.Duration, goal float64) {
	var logs []float64
	for i, c := range r.Changes {
		begin, end := max(c.At, from), min(r.until(i), r.End)
		if end <= begin {
			continue
		}
		w.spans = append(w.spans, span{c.X / goal, (end - begin).Seconds()})
		logs = append(logs, math.Log(c.X/goal))
		if c.At > from {
			w.changes++
		}
	}
	w.logs = append(w.logs, logs)
	w.expected += (r.End - from).Seconds() / r.Interval.Seconds()
	w.count(r, shares, from)
}

func (w *Wander) count(r *Record, shares []time.Duration, from time.Duration) {
	size := window * r.Interval
	counts := make([]float64, max(0, int((r.End-from)/size)))
	for _, at := range shares {
		if at < from || at >= r.End {
			continue
		}
		w.shares++
		if i := int((at - from) / size); i < len(counts) {
			counts[i]++
		}
	}
	w.counts = append(w.counts, counts...)
}

// Rest is what reports say of a Wander.
type Rest struct {
	// Rate is accepted shares over declared ones, with its interval.
	Rate   float64        `json:"rate"`
	RateIn stats.Interval `json:"rate_95"`
	// Expected is the mean of 1/x over time: what the rate would be without
	// chance.
	Expected float64 `json:"expected_rate"`
	// Retargets are difficulty changes per 100 shares.
	Retargets float64 `json:"retargets_per_100_shares"`
	// X5, X50 and X95 are quantiles of x over time; Near is the part of it
	// that x spends within 25 % of 1. Deviation is that of ln x.
	X5        float64 `json:"x_p5"`
	X50       float64 `json:"x_p50"`
	X95       float64 `json:"x_p95"`
	Near      float64 `json:"within_25_percent"`
	Deviation float64 `json:"sd_ln_x"`
	// Cycle is the autocorrelation of ln x from one change to the next, and
	// CycleP the chance of one as negative without a limit cycle.
	Cycle  float64 `json:"autocorrelation"`
	CycleP float64 `json:"autocorrelation_p"`
	// Dispersion is that of shares per ten intervals: 1 is Poisson, 0 that
	// there was not time enough.
	Dispersion float64 `json:"dispersion"`
	Shares     int     `json:"shares"`
}

// Rest sums up. It needs shares and time; without, all is zero.
func (w *Wander) Rest() Rest {
	if w.shares == 0 || len(w.spans) == 0 || w.expected <= 0 {
		return Rest{}
	}
	r := Rest{Shares: w.shares, Rate: float64(w.shares) / w.expected,
		RateIn:    stats.Poisson(uint64(w.shares), 0.95).Scale(1 / w.expected),
		Retargets: 100 * float64(w.changes) / float64(w.shares)}
	if d := stats.Dispersion(w.counts); !math.IsNaN(d) && !math.IsInf(d, 0) {
		r.Dispersion = d
	}
	r.distribution(w.spans)
	r.cycle(w.logs)
	return r
}

func (r *Rest) distribution(spans []span) {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b span) int { return compare(a.x, b.x) })
	var total, inverse, near, logs, squares float64
	for _, s := range spans {
		l := math.Log(s.x)
		total += s.seconds
		inverse += s.seconds / s.x
		logs += s.seconds * l
		squares += s.seconds * l * l
		if math.Abs(s.x-1) <= nearFraction {
			near += s.seconds
		}
	}
	r.Expected, r.Near = inverse/total, near/total
	r.Deviation = math.Sqrt(max(0, squares/total-logs*logs/total/total))
	r.X5, r.X50, r.X95 = quantileBySpan(spans, total, 0.05), quantileBySpan(spans, total, 0.5), quantileBySpan(spans, total, 0.95)
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// quantileBySpan is the x that is not exceeded for a part q of the time.
func quantileBySpan(sorted []span, total, q float64) float64 {
	passed := 0.0
	for _, s := range sorted {
		if passed += s.seconds; passed >= q*total {
			return s.x
		}
	}
	return sorted[len(sorted)-1].x
}

// cycle looks for a difficulty that overcorrects: the sessions' series are
// joined, about the mean of all. About its own mean a short series of chance
// values would seem to swing.
func (r *Rest) cycle(series [][]float64) {
	var all []float64
	for _, s := range series {
		if len(s) >= 2 {
			all = append(all, s...)
		}
	}
	r.Cycle, r.CycleP = stats.Autocorrelation(all)
}
