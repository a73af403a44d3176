package metrics

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var epoch = time.Unix(1_700_000_000, 0)

// A steady miner is seen at its rate over every window, at any moment.
func TestRateOfSteadyWork(t *testing.T) {
	for name, m := range map[string]interface {
		Add(time.Time, float64)
		Rate(time.Time, time.Duration, time.Time) float64
	}{"float32": NewMeter[float32](), "float64": NewMeter[float64]()} {
		now, random := epoch, rand.New(rand.NewPCG(1, 2))
		for now.Before(epoch.Add(30 * time.Hour)) {
			now = now.Add(5 * time.Second)
			m.Add(now, 5000)
			since := now.Sub(epoch)
			if random.IntN(500) > 0 || since < time.Hour {
				continue
			}
			for _, window := range []time.Duration{Short, Hour, 6 * time.Hour, Day} {
				require.InEpsilon(t, 1000, m.Rate(now, window, epoch), 0.02, "%s over %s after %s", name, window, since)
			}
		}
	}
}

func TestRateFallsWhenWorkStops(t *testing.T) {
	m, now := NewMeter[float32](), epoch
	for range 720 { // an hour
		now = now.Add(5 * time.Second)
		m.Add(now, 5000)
	}
	before := now
	rates := []float64{}
	for range 12 {
		rates = append(rates, m.Rate(now, Short, epoch))
		now = now.Add(time.Minute)
	}
	require.IsNonIncreasing(t, rates)
	require.InEpsilon(t, 500, m.Rate(before.Add(5*time.Minute), Short, epoch.Add(-Day)), 1, "time does not go back, and nothing breaks")
	require.Zero(t, m.Rate(now, Short, epoch))
	require.InEpsilon(t, 800, m.Rate(now, Hour, epoch), 0.05)
	require.InEpsilon(t, 1000./24, m.Rate(now, Day, epoch.Add(-Day)), 0.05)
	require.Zero(t, m.Rate(now.Add(26*time.Hour), Day, epoch), "a day later all is forgotten")
}

func TestYoungPoolIsJudgedByItsAge(t *testing.T) {
	m := NewMeter[float64]()
	m.Add(epoch.Add(119*time.Second), 120_000)
	require.InEpsilon(t, 1000, m.Rate(epoch.Add(2*time.Minute), Day, epoch), 0.01)
	m = NewMeter[float64]()
	m.Add(epoch, 60_000)
	require.InEpsilon(t, 1000, m.Rate(epoch.Add(time.Second), Day, epoch), 0.01, "one lucky share is no large miner")
}

func TestMeterHistory(t *testing.T) {
	m, now := NewMeter[float64](), epoch
	for now.Before(epoch.Add(3 * time.Hour)) {
		now = now.Add(time.Second)
		m.Add(now, 1000)
	}
	points := m.History(now, epoch)
	require.GreaterOrEqual(t, len(points), 13)
	for i, p := range points[1:] {
		require.True(t, p.At.After(points[i].At))
		require.InEpsilon(t, 1000, p.Hashrate, 0.02)
	}
}

func BenchmarkAdd(b *testing.B) {
	m := NewMeter[float32]()
	b.ReportAllocs()
	for i := range b.N {
		m.Add(epoch.Add(time.Duration(i)*time.Millisecond), 1000)
	}
}
