package stats

import (
	"cmp"
	"math"
	"slices"
)

// Spearman is the rank correlation of two equally long lists, ties given
// their mean rank, and the two-sided p-value of seeing one as strong where
// there is none (normal approximation; for ten pairs and more). It is 0 with
// p = 1 where either list is constant.
func Spearman(x, y []float64) (rho, p float64) {
	rho = correlation(ranks(x), ranks(y))
	if math.IsNaN(rho) || len(x) < 3 {
		return 0, 1
	}
	return rho, normalTail(rho * math.Sqrt(float64(len(x)-1)))
}

func correlation(x, y []float64) float64 {
	mx, my := Average(x), Average(y)
	var xy, xx, yy float64
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		xy, xx, yy = xy+dx*dy, xx+dx*dx, yy+dy*dy
	}
	return xy / math.Sqrt(xx*yy)
}

func ranks(v []float64) []float64 {
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(v[a], v[b]) })
	out := make([]float64, len(v))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && v[order[j]] == v[order[i]] {
			j++
		}
		for _, k := range order[i:j] {
			out[k] = float64(i+j-1) / 2
		}
		i = j
	}
	return out
}

// Autocorrelation is the correlation of a series with itself one step later,
// and the p-value of one at least that far below zero in a series without any
// (normal approximation). A difficulty that overcorrects alternates, and so
// has a strongly negative one.
func Autocorrelation(series []float64) (r, p float64) {
	n := len(series)
	if n < 4 {
		return 0, 1
	}
	mean := Average(series)
	var num, den float64
	for i, v := range series {
		den += (v - mean) * (v - mean)
		if i > 0 {
			num += (v - mean) * (series[i-1] - mean)
		}
	}
	if den == 0 {
		return 0, 1
	}
	r = num / den
	return r, math.Erfc(-r*math.Sqrt(float64(n))/math.Sqrt2) / 2
}

// Dispersion is the variance of counts over their mean: 1 for a Poisson
// process of constant rate, more where the rate wanders, less where arrivals
// are evened out. It is NaN for fewer than two counts, or none above zero.
func Dispersion(counts []float64) float64 {
	sd := StandardDeviation(counts)
	return sd * sd / Average(counts)
}

// Exponential is the Kolmogorov-Smirnov test that gaps are exponential with
// the given mean: the greatest distance of the distributions, and the p-value
// of one at least as great (asymptotic; for some dozens of gaps and more).
func Exponential(gaps []float64, mean float64) (distance, p float64) {
	sorted, n := Sorted(gaps), float64(len(gaps))
	for i, g := range sorted {
		f := -math.Expm1(-g / mean)
		distance = max(distance, f-float64(i)/n, float64(i+1)/n-f)
	}
	return distance, kolmogorov(distance * (math.Sqrt(n) + 0.12 + 0.11/math.Sqrt(n)))
}

// kolmogorov is the tail of the Kolmogorov distribution.
func kolmogorov(x float64) float64 {
	if x < 0.2 {
		return 1
	}
	sum := 0.0
	for k := 1.0; k <= 100; k++ {
		term := math.Exp(-2 * k * k * x * x)
		if math.Mod(k, 2) == 0 {
			term = -term
		}
		sum += term
	}
	return min(max(2*sum, 0), 1)
}
