package vardiff

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func record(end int, changes ...Change) *Record {
	return &Record{Changes: changes, End: time.Duration(end) * time.Second, Interval: time.Second}
}

func at(seconds int, x float64) Change { return Change{time.Duration(seconds) * time.Second, x} }

func TestConvergence(t *testing.T) {
	for name, tc := range map[string]struct {
		r    *Record
		from int
		want int // seconds; -1 never
	}{
		"at once":              {record(100, at(0, 1)), 0, 0},
		"after a while":        {record(100, at(0, .01), at(10, .3), at(12, .6)), 0, 12},
		"left for too long":    {record(100, at(0, 1), at(5, 3), at(9, 1)), 0, 9},
		"left for a moment":    {record(100, at(0, 1), at(5, 3), at(6, 1)), 0, 0},
		"counted from a step":  {record(100, at(0, 10), at(40, 1)), 30, 10},
		"in force at the step": {record(100, at(0, 1)), 30, 0},
		"never":                {record(100, at(0, 10)), 0, -1},
		"too near the end":     {record(100, at(0, 10), at(90, 1)), 0, -1},
	} {
		t.Run(name, func(t *testing.T) {
			took, ok := tc.r.Convergence(time.Duration(tc.from)*time.Second, 1)
			require.Equal(t, tc.want >= 0, ok)
			if ok {
				require.Equal(t, time.Duration(tc.want)*time.Second, took)
			}
		})
	}
}

func TestOvershoot(t *testing.T) {
	require.Equal(t, 3.0, record(100, at(0, .1), at(10, .9), at(20, 3), at(30, .2)).Overshoot(0, 1))
	require.Equal(t, 4.0, record(100, at(0, 10), at(10, .25), at(20, 9)).Overshoot(0, 1))
	require.Equal(t, 1.0, record(100, at(0, .1), at(10, .9)).Overshoot(0, 1))
	require.Equal(t, 2.0, record(100, at(0, 1), at(40, 20)).Overshoot(30, 10), "a step up")
}

func TestRestWeighsByTime(t *testing.T) {
	var w Wander
	var shares []time.Duration
	for i := range 100 {
		shares = append(shares, time.Duration(i)*time.Second)
	}
	w.Add(record(100, at(0, 1), at(50, 2), at(75, .5)), shares, 0, 1)
	r := w.Rest()
	require.InDelta(t, 1, r.Rate, 1e-9)
	require.InDelta(t, (50+25/2.0+25*2)/100, r.Expected, 1e-9)
	require.InDelta(t, 2, r.Retargets, 1e-9)
	require.InDelta(t, .5, r.Near, 1e-9)
	require.Equal(t, []float64{.5, 1, 2}, []float64{r.X5, r.X50, r.X95})
	require.Zero(t, r.Dispersion, "shares like a clock")
	require.Zero(t, new(Wander).Rest())
}

func TestBusiest(t *testing.T) {
	require.Equal(t, 3, busiest([]time.Duration{0, 1e9, 11e8, 19e8, 30e8}))
	require.Zero(t, busiest(nil))
}
