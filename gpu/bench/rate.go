package bench

import (
	"math"
	"slices"
)

// Rate is a rate in hashes per second, from several windows.
type Rate struct {
	// Median is that of the windows.
	Median float64 `json:"median"`
	// Low and High bound the median of all windows there could be with 95%
	// confidence or a little more, whatever their distribution; nil where there
	// are fewer than six windows, which cannot say that.
	Low  *float64 `json:"low"`
	High *float64 `json:"high"`
}

// NewRate sums up the rates of windows, in any order. None is a rate of 0.
func NewRate(windows []float64) Rate {
	if len(windows) == 0 {
		return Rate{}
	}
	sorted := slices.Sorted(slices.Values(windows))
	r := Rate{Median: (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2}
	if k, ok := outside(len(sorted)); ok {
		r.Low, r.High = &sorted[k], &sorted[len(sorted)-1-k]
	}
	return r
}

// outside is how many of n sorted values may lie outside of an interval for the
// median at either end. Each value is below the median with probability 1/2,
// so that the interval between the k-th values from both ends misses it with
// twice the probability of k successes or fewer in n throws of a coin.
func outside(n int) (k int, ok bool) {
	term := math.Pow(0.5, float64(n)) // of exactly 0 successes
	for tail := term; 2*tail <= 0.05; tail += term {
		ok = true
		k++
		term *= float64(n-k+1) / float64(k)
	}
	return k - 1, ok
}

// implausible reports whether a count is so far from the expected one that
// chance brings it about less than once in a thousand million times: hits come
// at random, as a Poisson process.
func implausible(count int, expected float64) bool {
	const rarely = 1e-9
	term := math.Exp(-expected) // of exactly 0; too small to matter where it underflows
	if expected > 700 {         // the normal distribution is as good there
		return math.Abs(float64(count)-expected) > 6.2*math.Sqrt(expected)
	}
	below := 0.0 // the probability of fewer than count
	for i := range count {
		below += term
		term *= expected / float64(i+1)
	}
	return below+term < rarely || (float64(count) > expected && 1-below < rarely)
}
