package vardiff

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// spread is a pair of quantiles in seconds; the second may be never.
type spread struct{ p50, p90 float64 }

var never = math.Inf(1)

// published are the figures that models of the same algorithms gave elsewhere
// (300 seeds, constant hashrate, 15 s, the gate 3.33 s).
var published = map[string]struct {
	coldLow, coldHigh, up, down spread
	overshoot, rate, retargets  float64
	x5, x95, near               float64
}{
	"ring":   {spread{339, 561}, spread{248, 492}, spread{190, 423}, spread{250, 494}, 2.7, 1.08, 8.3, .55, 1.67, .61},
	"submit": {spread{46, 46}, spread{2620, never}, spread{104, 183}, spread{483, 774}, 2.1, 1.07, 3.5, .64, 1.48, .72},
	"gaps":   {spread{92, 279}, spread{364, 576}, spread{100, 354}, spread{242, 474}, 2.7, 1.08, 8.4, .54, 1.72, .55},
	"ladder": {spread{174, 390}, spread{314, 562}, spread{144, 297}, spread{436, 1098}, 2.4, 1.01, 1.6, .80, 1.28, .91},
	"gate":   {spread{3, 3}, spread{918, 1557}, spread{53, 116}, spread{1073, 1259}, 1.7, .83, .3, .89, 1.52, .46},
	"ewma":   {spread{27, 38}, spread{87, 182}, spread{116, 178}, spread{364, 454}, 1.8, 1.05, 9.4, .69, 1.40, .76},
}

// TestModelsReproduceTheTable compares the models with figures that were
// published for the same forms. Details differ, so spreads must overlap, to
// the second that times were rounded to.
func TestModelsReproduceTheTable(t *testing.T) {
	rows, err := Table(t.Context(), Models(), Options{Seed: 7, Trials: 100})
	require.NoError(t, err)
	require.Len(t, rows, len(published))
	for _, row := range rows {
		t.Run(row.Model.ID, func(t *testing.T) {
			want := published[row.Model.ID]
			overlaps(t, "cold D*/100", want.coldLow, row.ColdLow.Convergence)
			overlaps(t, "cold 100 D*", want.coldHigh, row.ColdHigh.Convergence)
			overlaps(t, "step x10", want.up, row.StepUp.Convergence)
			overlaps(t, "step /10", want.down, row.StepDown.Convergence)
			rest := row.Steady.Rest
			require.InDelta(t, want.overshoot, *row.StepUp.Overshoot.P90, 0.4)
			require.InDelta(t, want.rate, rest.Rate, 0.05)
			require.InDelta(t, rest.Expected, rest.Rate, 0.02, "counted against expected from x")
			require.InDelta(t, want.retargets, rest.Retargets, 0.35+0.25*want.retargets+0.4)
			require.InDelta(t, want.x5, rest.X5, 0.08)
			require.InDelta(t, want.x95, rest.X95, 0.15)
			require.InDelta(t, want.near, rest.Near, 0.12)
			require.InDelta(t, 1, row.Steady.Credit, 0.02)
			require.True(t, rest.RateIn.Contains(rest.Rate))
		})
	}
}

func overlaps(t *testing.T, what string, want spread, got Quantiles) {
	t.Helper()
	p50, p90 := orNever(got.P50), orNever(got.P90)
	require.LessOrEqual(t, p50, want.p90+1, "%s: %s", what, got)
	require.GreaterOrEqual(t, p90, want.p50-1, "%s: %s", what, got)
}

func orNever(v *float64) float64 {
	if v == nil {
		return never
	}
	return *v
}

func TestWriteTable(t *testing.T) {
	rows, err := Table(t.Context(), Models()[1:2], Options{Seed: 1, Trials: 40})
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, WriteTable(&out, rows))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 2)
	require.Contains(t, lines[1], "submit")
	require.Contains(t, lines[1], "never", "a retarget on submit alone cannot rescue every miner that starts too high")
}

// TestFewTrialsAreStillJSON: what cannot be said is left out.
func TestFewTrialsAreStillJSON(t *testing.T) {
	for _, sc := range Scenarios() {
		res, err := Run(t.Context(), &Models()[0], sc, Options{Trials: 1})
		require.NoError(t, err)
		require.Nil(t, res.CreditIn)
		_, err = json.Marshal(res)
		require.NoError(t, err, sc.Name)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Run(ctx, &Models()[0], Steady(), Options{})
	require.ErrorIs(t, err, context.Canceled)
}

// BenchmarkThousandMinersOneHour is 1,000 simulated sessions of one virtual
// hour each.
func BenchmarkThousandMinersOneHour(b *testing.B) {
	sc := Cold("hour", 0.01)
	sc.Length = 3600e9
	m := Models()[0]
	for b.Loop() {
		if _, err := Run(b.Context(), &m, sc, Options{Seed: 1, Trials: 1000}); err != nil {
			b.Fatal(err)
		}
	}
}
