package stats

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPoissonKnown compares with the relative widths that the field quotes.
func TestPoissonKnown(t *testing.T) {
	for n, want := range map[uint64][2]float64{10: {-.52, .84}, 16: {-.43, .62}, 100: {-.19, .22}, 385: {-.10, .10}, 9604: {-.02, .02}} {
		in := Poisson(n, 0.95)
		require.InDelta(t, want[0], in.Low/float64(n)-1, 0.006, "n=%d", n)
		require.InDelta(t, want[1], in.High/float64(n)-1, 0.006, "n=%d", n)
	}
	none := Poisson(0, 0.95)
	require.Zero(t, none.Low)
	require.InDelta(t, -math.Log(0.025), none.High, 1e-9)
}

func TestProportionKnown(t *testing.T) {
	for n, upper := range map[uint64]float64{300: 0.01, 3000: 0.001, 30000: 0.0001} {
		require.InEpsilon(t, upper, Proportion(0, n, 0.90).High, 0.01, "zero of %d", n) // one-sided 95 %
	}
	in := Proportion(5, 10, 0.95)
	require.InDelta(t, 0.1871, in.Low, 1e-4)
	require.InDelta(t, 0.8129, in.High, 1e-4)
	require.Equal(t, 1.0, Proportion(7, 7, 0.95).High)
}

func TestQuantileOfNeedsSamples(t *testing.T) {
	for _, q := range []float64{0.5, 0.9, 0.95, 0.99} {
		n := int(Need(q))
		if q == 0.5 {
			n = 6
		}
		samples := make([]float64, n)
		for i := range samples {
			samples[i] = float64(i)
		}
		_, _, ok := QuantileOf(samples[:n-1], q, 0.95)
		require.False(t, ok, "q=%v with %d samples", q, n-1)
		v, in, ok := QuantileOf(samples, q, 0.95)
		require.True(t, ok, "q=%v with %d samples", q, n)
		require.True(t, in.Contains(v))
	}
}

// poisson draws a count by its gaps.
func poisson(rng *rand.Rand, mean float64) (n uint64) {
	for at := rng.ExpFloat64(); at < mean; at += rng.ExpFloat64() {
		n++
	}
	return n
}

// TestCoverage draws from known truths: each interval must cover them about as
// often as it says, and the exact ones never much less. The bounds leave five
// standard deviations of the simulation.
func TestCoverage(t *testing.T) {
	const trials, confidence = 1000, 0.95
	slack := 5 * math.Sqrt(confidence*(1-confidence)/trials)
	for name, tc := range map[string]struct {
		most float64 // discrete counts make exact intervals cover more
		draw func(rng *rand.Rand) bool
	}{
		"Poisson, mean 4":  {0.99, func(rng *rand.Rand) bool { return Poisson(poisson(rng, 4), confidence).Contains(4) }},
		"Poisson, mean 60": {0.975, func(rng *rand.Rand) bool { return Poisson(poisson(rng, 60), confidence).Contains(60) }},
		"proportion 0.3":   {0.98, func(rng *rand.Rand) bool { return Proportion(bernoulli(rng, 80, 0.3), 80, confidence).Contains(0.3) }},
		"rate ratio 1.5": {0.985, func(rng *rand.Rand) bool {
			return RateRatio(poisson(rng, 30), poisson(rng, 45), confidence).Contains(1.5)
		}},
		"mean of 100":  {confidence + slack, func(rng *rand.Rand) bool { _, in := Mean(normals(rng, 100), confidence); return in.Contains(0) }},
		"median of 60": {0.985, func(rng *rand.Rand) bool { return quantileCovers(rng, 60, 0.5) }},
		"90th of 200":  {0.985, func(rng *rand.Rand) bool { return quantileCovers(rng, 200, 0.9) }},
	} {
		t.Run(name, func(t *testing.T) {
			rng, covered := rand.New(rand.NewPCG(11, uint64(len(name)))), 0
			for range trials {
				if tc.draw(rng) {
					covered++
				}
			}
			rate := float64(covered) / trials
			require.GreaterOrEqual(t, rate, confidence-slack-0.005)
			require.LessOrEqual(t, rate, tc.most+slack)
		})
	}
}

func bernoulli(rng *rand.Rand, n int, p float64) (hits uint64) {
	for range n {
		if rng.Float64() < p {
			hits++
		}
	}
	return hits
}

func normals(rng *rand.Rand, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = rng.NormFloat64()
	}
	return out
}

func quantileCovers(rng *rand.Rand, n int, q float64) bool {
	samples := make([]float64, n)
	for i := range samples {
		samples[i] = rng.ExpFloat64()
	}
	_, in, ok := QuantileOf(Sorted(samples), q, 0.95)
	return ok && in.Contains(-math.Log(1-q))
}

// TestBlockRatioCovers lets both arms share what disturbs a block, as runs on
// one machine do.
func TestBlockRatioCovers(t *testing.T) {
	const trials = 40
	rng, covered := rand.New(rand.NewPCG(5, 5)), 0
	for range trials {
		a, b := make([][]float64, 20), make([][]float64, 20)
		for i := range a {
			disturbance := math.Exp(0.5 * rng.NormFloat64())
			for range 3 {
				a[i] = append(a[i], disturbance*rng.ExpFloat64())
				b[i] = append(b[i], 1.2*disturbance*rng.ExpFloat64())
			}
		}
		if _, in := BlockRatio(a, b, Average, 0.95, rng); in.Contains(1.2) {
			covered++
		}
	}
	require.GreaterOrEqual(t, float64(covered)/trials, 0.8)
	require.Less(t, covered, trials, "an interval that always covers is no 95 %% interval")
}

func TestEquivalence(t *testing.T) {
	require.Equal(t, Equivalent, Equivalence(Interval{0.95, 1.05}, 0.1))
	require.Equal(t, Different, Equivalence(Interval{1.2, 1.4}, 0.1))
	require.Equal(t, Different, Equivalence(Interval{0.2, 0.4}, 0.1))
	require.Equal(t, Undecided, Equivalence(Interval{0.9, 1.3}, 0.1))
}
