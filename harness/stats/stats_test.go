package stats

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestNeed compares with the sample sizes of the order-statistic interval.
func TestNeed(t *testing.T) {
	for q, want := range map[float64]int64{0.5: 6, 0.9: 36, 0.95: 72, 0.99: 368, 0.999: 3688} {
		require.Equal(t, want, Need(q), "q=%v", q)
	}
}

func TestLatencySummary(t *testing.T) {
	var l Latency
	require.Zero(t, l.Count())
	for _, q := range l.Summary(0).Quantiles {
		require.Nil(t, q.Nanoseconds)
	}
	for i := range 100 {
		l.Add(time.Duration(i+1) * time.Millisecond)
	}
	s := l.Summary(3)
	require.EqualValues(t, 100, s.Count)
	require.EqualValues(t, 3, s.Censored)
	require.EqualValues(t, time.Millisecond, s.Min)
	require.EqualValues(t, 100*time.Millisecond, s.Max)
	require.InEpsilon(t, int64(50*time.Millisecond), *s.Quantiles[0].Nanoseconds, 0.001)
	require.InEpsilon(t, int64(95*time.Millisecond), *s.Quantiles[2].Nanoseconds, 0.001)
	require.Nil(t, s.Quantiles[3].Nanoseconds, "p99 of 100 samples must be refused")
	require.EqualValues(t, 368, s.Quantiles[3].Need)
}

func TestLatencyEdges(t *testing.T) {
	var l Latency
	for range 6 {
		l.Add(0)
	}
	l.Add(2 * time.Hour)
	s := l.Summary(0)
	require.EqualValues(t, 7, s.Count)
	require.EqualValues(t, 2*time.Hour, s.Max)
	require.EqualValues(t, time.Microsecond, *s.Quantiles[0].Nanoseconds)
}

func TestSparkline(t *testing.T) {
	series := []Point{{10, 1}, {20, 16}, {30, 128}}
	require.Equal(t, " ▁▅███", Sparkline(series, 0, 45, 6)) // columns end at 7.5, 15, ...
	require.Equal(t, "▅▅", Sparkline([]Point{{0, 5}}, 0, 1, 2))
	require.Empty(t, Sparkline(nil, 0, 1, 5))
	require.Empty(t, Sparkline(series, 0, 1, 0))
}
