package stats

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSpearman(t *testing.T) {
	rho, p := Spearman([]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, []float64{1, 4, 9, 16, 25, 36, 49, 64, 81, 100})
	require.InDelta(t, 1, rho, 1e-12)
	require.Less(t, p, 0.01)
	rho, _ = Spearman([]float64{1, 2, 2, 3}, []float64{4, 3, 3, 1})
	require.InDelta(t, -1, rho, 1e-12)
	rho, p = Spearman([]float64{1, 2, 3}, []float64{5, 5, 5})
	require.Zero(t, rho)
	require.Equal(t, 1.0, p)
}

// TestTestsKeepTheirLevel draws where there is nothing to find: 5 % of the
// p-values lie below 5 %.
func TestTestsKeepTheirLevel(t *testing.T) {
	const trials = 2000
	slack := 5 * math.Sqrt(0.05*0.95/trials)
	for name, p := range map[string]func(rng *rand.Rand) float64{
		"Spearman":        func(rng *rand.Rand) float64 { _, p := Spearman(normals(rng, 40), normals(rng, 40)); return p },
		"autocorrelation": func(rng *rand.Rand) float64 { _, p := Autocorrelation(normals(rng, 200)); return p },
		"exponential": func(rng *rand.Rand) float64 {
			gaps := make([]float64, 100)
			for i := range gaps {
				gaps[i] = 3 * rng.ExpFloat64()
			}
			_, p := Exponential(gaps, 3)
			return p
		},
	} {
		t.Run(name, func(t *testing.T) {
			rng, found := rand.New(rand.NewPCG(3, 4)), 0
			for range trials {
				if p(rng) < 0.05 {
					found++
				}
			}
			require.InDelta(t, 0.05, float64(found)/trials, slack+0.01)
		})
	}
}

func TestTestsFind(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var alternating, even []float64
	for i := range 50 {
		alternating = append(alternating, float64(i%2)+0.2*rng.NormFloat64())
		even = append(even, 1)
	}
	r, p := Autocorrelation(alternating)
	require.Less(t, r, -0.3)
	require.Less(t, p, 0.01)
	_, p = Exponential(even, 1)
	require.Less(t, p, 0.001)
	require.Less(t, Dispersion([]float64{5, 5, 5, 6}), 0.2)
	require.Greater(t, Dispersion([]float64{0, 20, 0, 20}), 5.0)
}
