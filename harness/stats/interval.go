package stats

import (
	"math"
	"slices"
)

// Interval is a two-sided confidence interval. JSON knows no infinity: an
// interval that is not Finite is to be left out of it.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Contains reports whether v lies in the interval, ends included.
func (i Interval) Contains(v float64) bool { return i.Low <= v && v <= i.High }

// Within reports whether the whole interval lies in another one.
func (i Interval) Within(o Interval) bool { return o.Low <= i.Low && i.High <= o.High }

// Scale multiplies both ends by a factor above 0.
func (i Interval) Scale(f float64) Interval { return Interval{i.Low * f, i.High * f} }

// Finite reports whether both ends are finite.
func (i Interval) Finite() bool { return !math.IsInf(i.Low, 0) && !math.IsInf(i.High, 0) }

// Poisson is the exact interval of Garwood (1936) for the mean of a Poisson
// count, at a confidence such as 0.95.
func Poisson(n uint64, confidence float64) Interval {
	alpha := 1 - confidence
	out := Interval{High: gammaQuantile(float64(n)+1, 1-alpha/2)}
	if n > 0 {
		out.Low = gammaQuantile(float64(n), alpha/2)
	}
	return out
}

// Proportion is the exact interval of Clopper and Pearson (1934) for the
// probability behind hits out of n trials.
func Proportion(hits, n uint64, confidence float64) Interval {
	alpha := 1 - confidence
	out := Interval{High: 1}
	if hits > 0 {
		out.Low = betaQuantile(float64(hits), float64(n-hits)+1, alpha/2)
	}
	if hits < n {
		out.High = betaQuantile(float64(hits)+1, float64(n-hits), 1-alpha/2)
	}
	return out
}

// RateRatio is an interval for the ratio of two Poisson rates, b's over a's,
// from counts over equal exposures: given the sum, the count of b is binomial.
func RateRatio(a, b uint64, confidence float64) Interval {
	if a+b == 0 {
		return Interval{High: math.Inf(1)}
	}
	p := Proportion(b, a+b, confidence)
	return Interval{odds(p.Low), odds(p.High)}
}

func odds(p float64) float64 {
	if p >= 1 {
		return math.Inf(1)
	}
	return p / (1 - p)
}

// QuantileOf is the sample quantile q of sorted samples (the least sample that
// at least a share q of them does not exceed), with the order statistics that
// enclose the true one at the confidence. ok is false where there are too few
// samples for an end.
func QuantileOf(sorted []float64, q, confidence float64) (v float64, in Interval, ok bool) {
	n := len(sorted)
	if n == 0 {
		return math.NaN(), Interval{}, false
	}
	v = sorted[min(max(int(math.Ceil(q*float64(n)))-1, 0), n-1)]
	alpha := 1 - confidence
	low, high := -1, -1
	for k := range n + 1 { // k: how many samples lie below the true quantile
		below := binomialCDF(k, n, q)
		if below <= alpha/2 {
			low = k
		}
		if high < 0 && below >= 1-alpha/2 {
			high = k
		}
	}
	if low < 0 || high < 0 || high >= n {
		return v, Interval{}, false
	}
	return v, Interval{sorted[low], sorted[high]}, true
}

// binomialCDF is the probability of at most k hits in n trials.
func binomialCDF(k, n int, p float64) float64 {
	if k >= n {
		return 1
	}
	return betaI(float64(n-k), float64(k)+1, 1-p)
}

// Mean is the mean of independent samples with its interval by the normal
// approximation: for some dozens of samples and more.
func Mean(samples []float64, confidence float64) (float64, Interval) {
	n := float64(len(samples))
	if n < 2 {
		return Average(samples), Interval{math.Inf(-1), math.Inf(1)}
	}
	mean, half := Average(samples), normalQuantile(1-(1-confidence)/2)*StandardDeviation(samples)/math.Sqrt(n)
	return mean, Interval{mean - half, mean + half}
}

// Average is the arithmetic mean, NaN of nothing.
func Average(samples []float64) float64 {
	sum := 0.0
	for _, v := range samples {
		sum += v
	}
	return sum / float64(len(samples))
}

// StandardDeviation is that of the population the samples come from.
func StandardDeviation(samples []float64) float64 {
	mean, sum := Average(samples), 0.0
	for _, v := range samples {
		sum += (v - mean) * (v - mean)
	}
	return math.Sqrt(sum / float64(len(samples)-1))
}

// Sorted is a sorted copy.
func Sorted(samples []float64) []float64 { return slices.Sorted(slices.Values(samples)) }
