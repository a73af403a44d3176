package bench

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRateOfWindows(t *testing.T) {
	for _, c := range []struct {
		windows   []float64
		median    float64
		low, high float64 // 0: no interval
	}{
		{nil, 0, 0, 0},
		{[]float64{7}, 7, 0, 0},
		{[]float64{4, 2}, 3, 0, 0},
		{[]float64{5, 1, 4, 2, 3}, 3, 0, 0},
		{[]float64{6, 1, 5, 2, 4, 3}, 3.5, 1, 6},
		{[]float64{9, 8, 7, 6, 5, 4, 3, 2, 1}, 5, 2, 8},
		// A quarter of an hour's hiccup at either end changes nothing.
		{[]float64{900, 8, 7, 6, 5, 4, 3, 2, 0}, 5, 2, 8},
	} {
		r := NewRate(c.windows)
		require.Equal(t, c.median, r.Median, c.windows)
		if c.low == 0 {
			require.Nil(t, r.Low, c.windows)
			require.Nil(t, r.High, c.windows)
			continue
		}
		require.Equal(t, c.low, *r.Low, c.windows)
		require.Equal(t, c.high, *r.High, c.windows)
	}
}

// The ranks are those of the tables for the sign test.
func TestOutside(t *testing.T) {
	for n, want := range map[int]int{6: 0, 8: 0, 9: 1, 12: 2, 15: 3, 20: 5, 25: 7} {
		k, ok := outside(n)
		require.True(t, ok)
		require.Equal(t, want, k, n)
	}
	_, ok := outside(5)
	require.False(t, ok)
}

func TestImplausible(t *testing.T) {
	for _, c := range []struct {
		count    int
		expected float64
		want     bool
	}{
		{0, 0.001, false}, {0, 5, false}, {64, 64, false}, {40, 64, false}, {95, 64, false},
		{0, 64, true}, {10, 64, true}, {200, 64, true}, {1, 0, true},
		{1000, 1000, false}, {700, 1000, true}, {1300, 1000, true}, {100_000, 100_000, false},
	} {
		require.Equal(t, c.want, implausible(c.count, c.expected), "%d where %v are expected", c.count, c.expected)
	}
}
