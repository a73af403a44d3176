package vardiff

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"github.com/aditmine/adit/harness/stats"
)

// DefaultInterval is the share interval of the laboratory where a model has
// none of its own, DefaultTrials how many sessions it runs.
const (
	DefaultInterval = 15 * time.Second
	DefaultTrials   = 300
)

// Options say how a laboratory is run.
type Options struct {
	// Interval is the declared share interval (0: DefaultInterval). Models with
	// an interval of their own keep it.
	Interval time.Duration
	// Trials is the number of sessions per scenario (0: DefaultTrials).
	Trials int
	// Seed repeats a run. Models see the same draws.
	Seed uint64
}

func (o Options) withDefaults() Options {
	if o.Interval <= 0 {
		o.Interval = DefaultInterval
	}
	if o.Trials <= 0 {
		o.Trials = DefaultTrials
	}
	return o
}

// Quantiles are seconds by which a part of the trials had converged, with 95 %
// intervals. Nil is never, or too few trials for an interval.
type Quantiles struct {
	P50   *float64        `json:"p50"`
	P50In *stats.Interval `json:"p50_95,omitempty"`
	P90   *float64        `json:"p90"`
	P90In *stats.Interval `json:"p90_95,omitempty"`
	// Never is the part of the trials that did not.
	Never float64 `json:"never"`
	N     int     `json:"n"`
}

// quantilesOf sorts out infinities: a trial that never converged counts as
// slower than all.
func quantilesOf(samples []float64) Quantiles {
	q := Quantiles{N: len(samples)}
	for _, v := range samples {
		if math.IsInf(v, 1) {
			q.Never += 1 / float64(len(samples))
		}
	}
	sorted := stats.Sorted(samples)
	q.P50, q.P50In = finiteQuantile(sorted, 0.5)
	q.P90, q.P90In = finiteQuantile(sorted, 0.9)
	return q
}

func finiteQuantile(sorted []float64, at float64) (*float64, *stats.Interval) {
	v, in, ok := stats.QuantileOf(sorted, at, 0.95)
	if math.IsInf(v, 1) || math.IsNaN(v) {
		return nil, nil
	}
	if !ok || !in.Finite() {
		return &v, nil
	}
	return &v, &in
}

// Result is what came of one scenario with one model.
type Result struct {
	Model    string `json:"model"`
	Scenario string `json:"scenario"`
	// Interval is the declared share interval, Trials how many sessions ran.
	Interval time.Duration `json:"interval_ns"`
	Trials   int           `json:"trials"`
	// Convergence is in seconds from the start, or from the step.
	Convergence Quantiles `json:"convergence_s"`
	// Overshoot is a factor beyond the goal.
	Overshoot Quantiles `json:"overshoot"`
	// Rest is of the time after From.
	Rest Rest `json:"rest"`
	// Credit is what the pool gave over what was worked, with an interval from
	// the spread of trials, where there are two and more.
	Credit   float64         `json:"credit_ratio"`
	CreditIn *stats.Interval `json:"credit_ratio_95,omitempty"`
	// Flood is the most shares in a second, over all trials.
	Flood int `json:"flood_per_s"`
	// Example is the first trial's difficulty over time, for a plot.
	Example []Change `json:"example,omitempty"`
}

// Run measures a scenario with a model.
func Run(ctx context.Context, m *Model, sc Scenario, o Options) (Result, error) {
	o = o.withDefaults()
	interval := o.Interval
	if m.Interval > 0 {
		interval = m.Interval
	}
	res := Result{Model: m.ID, Scenario: sc.Name, Interval: interval, Trials: o.Trials}
	var convergence, overshoot, credit []float64
	var wander Wander
	goal := sc.finalRate()
	for i := range o.Trials {
		if err := ctx.Err(); err != nil {
			return res, err
		}
		t := Simulate(m, &sc, interval, rand.New(rand.NewPCG(o.Seed, uint64(i))))
		r := &Record{Changes: t.Changes, End: sc.Length, Interval: interval}
		took, ok := r.Convergence(sc.From, goal)
		convergence = append(convergence, secondsOr(took, ok))
		overshoot = append(overshoot, r.Overshoot(sc.From, goal))
		credit = append(credit, t.Credit/t.Work)
		wander.Add(r, t.Shares, sc.From, goal)
		res.Flood = max(res.Flood, busiest(t.Shares))
		if i == 0 {
			res.Example = t.Changes
		}
	}
	res.Convergence, res.Overshoot, res.Rest = quantilesOf(convergence), quantilesOf(overshoot), wander.Rest()
	var in stats.Interval
	if res.Credit, in = stats.Mean(credit, 0.95); in.Finite() {
		res.CreditIn = &in
	}
	return res, nil
}

func secondsOr(d time.Duration, ok bool) float64 {
	if !ok {
		return math.Inf(1)
	}
	return d.Seconds()
}

// busiest is the most shares in one second.
func busiest(shares []time.Duration) (most int) {
	first := 0
	for i, at := range shares {
		for shares[first] <= at-time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}
