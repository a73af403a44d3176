// Package stats holds what harness reports say about samples: latency
// percentiles that are only given when there are enough samples for them,
// confidence intervals, tests, comparisons of two runs, and series drawn in a
// line of text.
//
// It imports nothing of adit; harness packages import it.
package stats

import (
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Range of a Latency's histogram. Samples outside are counted at its edges;
// the largest is kept exactly.
const (
	lowest  = time.Microsecond
	highest = time.Minute
	digits  = 3
)

// Quantiles are the ones reports give.
var quantiles = []float64{0.5, 0.9, 0.95, 0.99, 0.999}

// Latency is a distribution of durations from 1 microsecond to 1 minute with
// three significant digits. The zero value is empty and usable.
type Latency struct {
	hist     *hdrhistogram.Histogram
	max, min time.Duration
}

// Add takes a sample.
func (l *Latency) Add(d time.Duration) {
	if l.hist == nil {
		l.hist = hdrhistogram.New(int64(lowest/time.Microsecond), int64(highest/time.Microsecond), digits)
		l.min = d
	}
	l.max, l.min = max(l.max, d), min(l.min, d)
	clamped := min(max(d, lowest), highest)
	_ = l.hist.RecordValue(int64(clamped / time.Microsecond)) // in range by now
}

// Count is the number of samples.
func (l *Latency) Count() int64 {
	if l.hist == nil {
		return 0
	}
	return l.hist.TotalCount()
}

// Quantile is one percentile of a distribution, or the statement that there
// are too few samples for it.
type Quantile struct {
	Q float64 `json:"q"`
	// Need is how many samples it takes before a 95 % interval for this
	// quantile is finite on both sides.
	Need int64 `json:"need"`
	// Nanoseconds is nil when there are fewer.
	Nanoseconds *int64 `json:"ns"`
}

// Summary is a distribution as reports show it.
type Summary struct {
	Count int64 `json:"n"`
	// Censored counts samples that were still running when the recording, or
	// the connection, ended: they are in no percentile.
	Censored  int64      `json:"censored"`
	Min       int64      `json:"min_ns"`
	Max       int64      `json:"max_ns"`
	Quantiles []Quantile `json:"quantiles"`
	// Curve is the whole distribution, as far as the samples tell it.
	Curve []CurvePoint `json:"curve,omitempty"`
}

// CurvePoint says that a part Q of the samples was at most Nanoseconds.
type CurvePoint struct {
	Q           float64 `json:"q"`
	Nanoseconds int64   `json:"ns"`
}

// Summary describes the distribution.
func (l *Latency) Summary(censored int64) Summary {
	s := Summary{Count: l.Count(), Censored: censored, Min: int64(l.min), Max: int64(l.max)}
	for _, q := range quantiles {
		out := Quantile{Q: q, Need: Need(q)}
		if s.Count >= out.Need {
			// The histogram rounds up to its bucket; no sample exceeds the maximum.
			v := min(l.hist.ValueAtQuantile(q*100)*int64(time.Microsecond), s.Max)
			out.Nanoseconds = &v
		}
		s.Quantiles = append(s.Quantiles, out)
	}
	s.Curve = l.curve()
	return s
}

// curve goes on in tenths of what is left, down to the share of one sample: q is
// 0, 0.1 ... 0.9, 0.91 ... 0.99, 0.991 and so on.
func (l *Latency) curve() (points []CurvePoint) {
	n := float64(l.Count())
	for left := 1.0; left >= 1/n && n > 0; left /= 10 {
		for tenth := 0.0; tenth < 9; tenth++ {
			q := 1 - left + left*tenth/10
			if 1-q < 1/n {
				break
			}
			points = append(points, CurvePoint{q, min(l.hist.ValueAtQuantile(q*100)*int64(time.Microsecond), int64(l.max))})
		}
	}
	return points
}

// Need is the least number of samples whose smallest and largest value are
// the ends of a two-sided 95 % confidence interval for quantile q, at least
// 0.5: the least n with q^n <= 0.025.
func Need(q float64) int64 {
	return int64(math.Ceil(math.Log(0.025) / math.Log(q)))
}

// Merge adds the samples of another distribution.
func (l *Latency) Merge(o *Latency) {
	if o.hist == nil {
		return
	}
	if l.hist == nil {
		l.Add(o.min)
		l.hist.Reset()
	}
	l.hist.Merge(o.hist)
	l.max, l.min = max(l.max, o.max), min(l.min, o.min)
}
