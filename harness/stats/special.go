package stats

import "math"

// The special functions behind the intervals, to about twelve digits. Sources:
// NIST Digital Library of Mathematical Functions, 8.7.1, 8.9.2 (incomplete
// gamma) and 8.17.22 (incomplete beta).

const (
	tolerance  = 1e-14
	iterations = 10_000
	tiny       = 1e-300
)

// gammaP is the regularised lower incomplete gamma function P(a, x): the
// probability that a Gamma(a, 1) variable is at most x.
func gammaP(a, x float64) float64 {
	switch {
	case x <= 0:
		return 0
	case x < a+1:
		return gammaSeries(a, x)
	}
	return 1 - gammaFraction(a, x)
}

func gammaSeries(a, x float64) float64 {
	term := 1 / a
	sum := term
	for n := 1; n < iterations && math.Abs(term) > math.Abs(sum)*tolerance; n++ {
		term *= x / (a + float64(n))
		sum += term
	}
	lg, _ := math.Lgamma(a)
	return sum * math.Exp(a*math.Log(x)-x-lg)
}

// gammaFraction is the upper function Q(a, x) as a continued fraction.
func gammaFraction(a, x float64) float64 {
	b := x + 1 - a
	c, d := 1/tiny, 1/b
	h := d
	for i := 1; i < iterations; i++ {
		an := -float64(i) * (float64(i) - a)
		b += 2
		d = 1 / nonZero(an*d+b)
		c = nonZero(b + an/c)
		h *= d * c
		if math.Abs(d*c-1) < tolerance {
			break
		}
	}
	lg, _ := math.Lgamma(a)
	return h * math.Exp(a*math.Log(x)-x-lg)
}

// betaI is the regularised incomplete beta function I_x(a, b): the probability
// that a Beta(a, b) variable is at most x.
func betaI(a, b, x float64) float64 {
	switch {
	case x <= 0:
		return 0
	case x >= 1:
		return 1
	case x > (a+1)/(a+b+2): // the fraction converges on the other side
		return 1 - betaI(b, a, 1-x)
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	return math.Exp(lab-la-lb+a*math.Log(x)+b*math.Log1p(-x)) / a * betaFraction(a, b, x)
}

func betaFraction(a, b, x float64) float64 {
	c, d := 1.0, 1/nonZero(1-(a+b)*x/(a+1))
	h := d
	step := func(an float64) float64 {
		d = 1 / nonZero(1+an*d)
		c = nonZero(1 + an/c)
		h *= d * c
		return d * c
	}
	for i := 1; i < iterations; i++ {
		m := float64(i)
		step(m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m)))
		if math.Abs(step(-(a+m)*(a+b+m)*x/((a+2*m)*(a+2*m+1)))-1) < tolerance {
			break
		}
	}
	return h
}

func nonZero(v float64) float64 {
	if math.Abs(v) < tiny {
		return tiny
	}
	return v
}

// solve finds where the increasing function f passes p, between low and high.
func solve(f func(float64) float64, p, low, high float64) float64 {
	for range 200 {
		mid := low + (high-low)/2
		if mid <= low || mid >= high {
			break
		}
		if f(mid) < p {
			low = mid
		} else {
			high = mid
		}
	}
	return low + (high-low)/2
}

// gammaQuantile is the x with P(a, x) = p.
func gammaQuantile(a, p float64) float64 {
	high := a + 1
	for gammaP(a, high) < p {
		high *= 2
	}
	return solve(func(x float64) float64 { return gammaP(a, x) }, p, 0, high)
}

// betaQuantile is the x with I_x(a, b) = p.
func betaQuantile(a, b, p float64) float64 {
	return solve(func(x float64) float64 { return betaI(a, b, x) }, p, 0, 1)
}

// normalQuantile is the z below which a standard normal variable stays with
// probability p.
func normalQuantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// normalTail is the two-sided p-value of a standard normal variable.
func normalTail(z float64) float64 { return math.Erfc(math.Abs(z) / math.Sqrt2) }
