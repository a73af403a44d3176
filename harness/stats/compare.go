package stats

import (
	"math"
	"math/rand/v2"
)

// Verdict is the outcome of a test of equivalence.
type Verdict string

// The verdicts on a ratio, by where its interval lies. A margin m stands for
// the ratios from 1/(1+m) to 1+m.
const (
	Equivalent Verdict = "equivalent" // all of the interval lies within the margin
	Different  Verdict = "different"  // none of it does
	Undecided  Verdict = "undecided"  // more samples are needed
)

// Equivalence judges the ratio behind an interval. With an interval of 90 %
// confidence this is the two one-sided tests procedure at the 5 % level.
func Equivalence(ratio Interval, margin float64) Verdict {
	zone := Interval{1 / (1 + margin), 1 + margin}
	switch {
	case ratio.Within(zone):
		return Equivalent
	case ratio.Low > zone.High || ratio.High < zone.Low:
		return Different
	}
	return Undecided
}

// resamples is how many times BlockRatio draws: enough for 95 % intervals.
const resamples = 2000

// BlockRatio compares a statistic of two runs that took turns, block by block:
// the ratio b over a of the statistic on all samples, with a percentile
// interval from resampling whole pairs of blocks (paired block bootstrap),
// since samples within a block depend on each other. Blocks must be equally
// many; with fewer than two there is no interval. The randomness is the
// caller's.
func BlockRatio(a, b [][]float64, statistic func([]float64) float64, confidence float64, rng *rand.Rand) (float64, Interval) {
	ratio := statistic(flatten(b, nil)) / statistic(flatten(a, nil))
	n := min(len(a), len(b))
	if n < 2 {
		return ratio, Interval{0, math.Inf(1)}
	}
	draws, pick := make([]float64, resamples), make([]int, n)
	for i := range draws {
		for j := range pick {
			pick[j] = rng.IntN(n)
		}
		draws[i] = statistic(flatten(b, pick)) / statistic(flatten(a, pick))
	}
	sorted, alpha := Sorted(draws), 1-confidence
	at := func(q float64) float64 { return sorted[int(q*float64(resamples-1))] }
	return ratio, Interval{at(alpha / 2), at(1 - alpha/2)}
}

// flatten joins blocks: all of them, or those picked.
func flatten(blocks [][]float64, pick []int) []float64 {
	var out []float64
	if pick == nil {
		for _, block := range blocks {
			out = append(out, block...)
		}
		return out
	}
	for _, i := range pick {
		out = append(out, blocks[i]...)
	}
	return out
}
