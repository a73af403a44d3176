package miner

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fill feeds a meter one row a second in which worker i does (i+1)*rate
// hashes, and returns the time it ended at.
func fill(m *meter, from, seconds int, rate uint64, counts []uint64) int {
	for s := from + 1; s <= from+seconds; s++ {
		for i := range counts {
			counts[i] += uint64(i+1) * rate
		}
		m.add(time.Duration(s)*time.Second, counts)
	}
	return from + seconds
}

func TestMeterWindowsBecomeKnown(t *testing.T) {
	for _, tc := range []struct {
		seconds             int
		short, medium, long bool
	}{
		{0, false, false, false},
		{9, false, false, false},
		{10, true, false, false},
		{59, true, false, false},
		{60, true, true, false},
		{899, true, true, false},
		{900, true, true, true},
		{5000, true, true, true},
	} {
		m := newMeter(2)
		fill(m, 0, tc.seconds, 50, make([]uint64, 2))
		r := m.rates(2)
		require.Equal(t, tc.short, r.Short.Known, "10s after %d s", tc.seconds)
		require.Equal(t, tc.medium, r.Medium.Known, "60s after %d s", tc.seconds)
		require.Equal(t, tc.long, r.Long.Known, "15m after %d s", tc.seconds)
	}
}

func TestMeterAverages(t *testing.T) {
	m := newMeter(2)
	counts := make([]uint64, 2)
	end := fill(m, 0, 840, 100, counts)
	end = fill(m, end, 50, 10, counts)
	fill(m, end, 10, 1, counts)

	total, second := m.rates(2), m.rates(1)
	require.InDelta(t, 3, total.Short.PerSecond, 1e-9)
	require.InDelta(t, 2, second.Short.PerSecond, 1e-9)
	require.InDelta(t, (50*30+10*3)/60.0, total.Medium.PerSecond, 1e-9)
	require.InDelta(t, (840*300+50*30+10*3)/900.0, total.Long.PerSecond, 1e-9)
	require.InDelta(t, 300, m.max, 1e-9, "the best ten seconds are kept")
}

func TestMeterRecentNeedsNoWarmUp(t *testing.T) {
	m := newMeter(1)
	require.Zero(t, m.rates(0).Recent)
	fill(m, 0, 3, 40, make([]uint64, 1))
	require.InDelta(t, 40, m.rates(0).Recent, 1e-9)
	require.False(t, m.rates(0).Short.Known)
}

func TestMeterUnevenTicks(t *testing.T) {
	m := newMeter(1)
	require.True(t, m.add(4*time.Second, []uint64{400}))
	require.False(t, m.add(4*time.Second+sampleMin-1, []uint64{500}), "a crowded row is dropped")
	require.True(t, m.add(11*time.Second, []uint64{1100}))
	// No row lies exactly ten seconds back: the one before it is used.
	require.Equal(t, Rate{PerSecond: 100, Known: true}, m.rate(0, ShortWindow))
	require.Equal(t, []float64{100, 100}, m.history())
}

func TestMeterHistoryIsBoundedAndRecent(t *testing.T) {
	m := newMeter(1)
	counts := make([]uint64, 1)
	end := fill(m, 0, 3*ringRows, 7, counts)
	fill(m, end, 2, 9, counts)
	h := m.history()
	require.Len(t, h, HistoryLength)
	require.Equal(t, []float64{7, 9, 9}, h[len(h)-3:])
}
