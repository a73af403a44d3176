package vardiff

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/stats"
)

// fixed is a controller that never moves.
type fixed struct{ d uint64 }

func (c fixed) Difficulty() uint64        { return c.d }
func (fixed) Share(time.Duration, uint64) {}
func (fixed) Tick(time.Duration)          {}
func fixedModel() *Model {
	return &Model{ID: "fixed", TickEvery: time.Minute, New: func(s Settings) Controller { return fixed{s.Start} }}
}

func simulate(m *Model, sc Scenario, seed uint64) Trial {
	return Simulate(m, &sc, DefaultInterval, rand.New(rand.NewPCG(seed, 0)))
}

// TestGapsAreExponential tests the generator itself, events between shares
// and all.
func TestGapsAreExponential(t *testing.T) {
	sc := Scenario{Start: 0.5, Length: 20 * time.Hour}
	tr := simulate(fixedModel(), sc, 3)
	var gaps []float64
	for i := 1; i < len(tr.Shares); i++ {
		gaps = append(gaps, (tr.Shares[i] - tr.Shares[i-1]).Seconds())
	}
	require.Greater(t, len(gaps), 9000)
	_, p := stats.Exponential(gaps, 7.5)
	require.Greater(t, p, 1e-4)
	_, p = stats.Exponential(gaps, 8)
	require.Less(t, p, 1e-4, "the test must be able to tell")
}

func TestRatesAreFollowed(t *testing.T) {
	sc := Scenario{Start: 0.1, Length: 40 * time.Minute, Rates: []Step{{0, 1}, {20 * time.Minute, 0}, {30 * time.Minute, 10}}}
	tr := simulate(fixedModel(), sc, 1)
	first := stats.Poisson(uint64(between(tr.Shares, 0, 20*time.Minute)), 0.9999)
	require.True(t, first.Contains(800), "%v", first)
	require.Zero(t, between(tr.Shares, 20*time.Minute, 30*time.Minute))
	last := stats.Poisson(uint64(between(tr.Shares, 30*time.Minute, 40*time.Minute)), 0.9999)
	require.True(t, last.Contains(4000), "%v", last)
	require.InDelta(t, 80+400, tr.Work, 1e-6)
}

func between(shares []time.Duration, from, to time.Duration) (n int) {
	for _, at := range shares {
		if at >= from && at < to {
			n++
		}
	}
	return n
}

func TestASeedRepeats(t *testing.T) {
	m := Models()[0]
	require.Equal(t, simulate(&m, Cold("", 0.01), 5), simulate(&m, Cold("", 0.01), 5))
	require.NotEqual(t, simulate(&m, Cold("", 0.01), 5), simulate(&m, Cold("", 0.01), 6))
}

// flipper doubles and halves, which puts shares in flight at each change.
type flipper struct{ d uint64 }

func (c *flipper) Difficulty() uint64          { return c.d }
func (c *flipper) Share(time.Duration, uint64) {}
func (c *flipper) Tick(time.Duration) {
	if c.d == ideal/10 {
		c.d = ideal / 5
	} else {
		c.d = ideal / 10
	}
}

func TestSharesInFlightKeepTheirDifficulty(t *testing.T) {
	m := &Model{TickEvery: 10 * time.Second, New: func(Settings) Controller { return &flipper{ideal / 10} }}
	sc := Scenario{Start: 0.1, Length: 10 * time.Hour, Flight: 2 * time.Second}
	tr := simulate(m, sc, 1)
	require.InDelta(t, 1, tr.Credit/tr.Work, 0.03)
}

// greedy credits the highest of two thresholds that a share met.
type greedy struct{ flipper }

func (greedy) Credit(issued uint64, met float64) float64 {
	if met >= 2*float64(issued) {
		return 2 * float64(issued)
	}
	return float64(issued)
}

// TestCreditingTheHighestThresholdShows: with one doubling it pays half again
// as much as was worked, on shares of the lower difficulty.
func TestCreditingTheHighestThresholdShows(t *testing.T) {
	m := &Model{ID: "greedy", TickEvery: time.Hour * 100, New: func(Settings) Controller { return &greedy{flipper{ideal / 10}} }}
	res, err := Run(t.Context(), m, Scenario{Start: 0.1, Length: 2 * time.Hour}, Options{Trials: 50, Seed: 2})
	require.NoError(t, err)
	require.InDelta(t, 1.5, res.Credit, 0.05)
	require.False(t, res.CreditIn.Contains(1))
}

func TestReconnectsStartAnew(t *testing.T) {
	sc := Scenario{Start: 0.5, Length: time.Hour, Reconnects: []time.Duration{10 * time.Minute, 20 * time.Minute}}
	tr := simulate(fixedModel(), sc, 1)
	require.Len(t, tr.Changes, 3)
	require.Equal(t, 10*time.Minute, tr.Changes[1].At)

	up := &Model{TickEvery: time.Minute, New: func(s Settings) Controller { return &flipperTo{s.Start} }}
	sc.Remembers = true
	tr = simulate(up, sc, 1)
	require.Equal(t, 2*0.5, tr.Changes[len(tr.Changes)-1].X, "a session that is remembered starts where it left off")
}

// flipperTo goes to twice the half of the ideal and stays there.
type flipperTo struct{ d uint64 }

func (c *flipperTo) Difficulty() uint64          { return c.d }
func (c *flipperTo) Share(time.Duration, uint64) {}
func (c *flipperTo) Tick(time.Duration)          { c.d = ideal }

// TestEveryScenarioRuns with every model: difficulties stay finite and above
// zero, credit stays what was worked.
func TestEveryScenarioRuns(t *testing.T) {
	for _, m := range Models() {
		for _, sc := range Scenarios() {
			res, err := Run(t.Context(), &m, sc, Options{Trials: 4, Seed: 1})
			require.NoError(t, err)
			require.Positive(t, res.Rest.Shares, "%s %s", m.ID, sc.Name)
			require.InDelta(t, 1, res.Credit, 0.6, "%s %s", m.ID, sc.Name)
			for _, c := range res.Example {
				require.Positive(t, c.X)
				require.Less(t, c.X, 1e6, "%s %s", m.ID, sc.Name)
			}
		}
	}
}
