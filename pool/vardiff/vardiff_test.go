package vardiff

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var began = time.Unix(1_700_000_000, 0)

func TestBoundsAreKept(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		low := 1 + rng.Uint64N(1000)
		cfg := Config{Start: rng.Uint64N(5000), Min: low, Max: low + rng.Uint64N(1000), Interval: time.Second}
		network := 1 + rng.Uint64N(3000)
		c := New(cfg, began)
		c.SetNetwork(network)
		now := began
		for range 200 {
			now = now.Add(time.Duration(rng.Uint64N(uint64(4 * time.Second))))
			if rng.IntN(2) == 0 {
				c.Share(now, c.Difficulty())
			} else {
				c.Tick(now)
			}
			d := c.Difficulty()
			require.LessOrEqual(t, d, min(cfg.Max, network))
			require.GreaterOrEqual(t, d, min(cfg.Min, network))
		}
	}
}

func TestStartIsClamped(t *testing.T) {
	for _, tc := range []struct {
		cfg  Config
		want uint64
	}{
		{Config{Start: 5, Min: 10, Max: 20}, 10},
		{Config{Start: 50, Min: 10, Max: 20}, 20},
		{Config{Start: 15, Min: 10, Max: 20}, 15},
		{Config{}, 1},
		{Config{Start: 7, Min: 10, Max: 3}, 10},
		{Config{Start: math.MaxUint64}, maxDifficulty},
	} {
		require.Equal(t, tc.want, New(tc.cfg, began).Difficulty(), "%+v", tc.cfg)
	}
}

func TestFixedNeverRetargets(t *testing.T) {
	c := New(Config{Start: 1000, Fixed: true, Interval: time.Second}, began)
	now := began
	for range 1000 {
		now = now.Add(time.Millisecond)
		require.False(t, c.Share(now, 1000))
	}
	require.False(t, c.Tick(now.Add(24*time.Hour)))
	require.Equal(t, uint64(1000), c.Difficulty())
	require.True(t, c.SetNetwork(400), "the network's difficulty caps a fixed one")
	require.Equal(t, uint64(400), c.Difficulty())
	require.True(t, c.SetNetwork(4000))
	require.Equal(t, uint64(1000), c.Difficulty())
}

func TestSilenceDecaysToTheFloor(t *testing.T) {
	c := New(Config{Start: 1 << 30, Min: 100, Interval: time.Second}, began)
	for i := range 400 {
		c.Tick(began.Add(time.Duration(i) * time.Second))
	}
	require.Equal(t, uint64(100), c.Difficulty())
	require.Zero(t, c.Rate())
}

// A hundred shares at one instant give a finite, bounded difficulty.
func TestBurstAtOneInstant(t *testing.T) {
	c := New(Config{Start: 1, Min: 1, Interval: 15 * time.Second}, began)
	for range 100 {
		c.Share(began, c.Difficulty())
	}
	require.LessOrEqual(t, c.Difficulty(), uint64(maxDifficulty))
	require.False(t, math.IsNaN(c.Rate()) || math.IsInf(c.Rate(), 0))
}

// A clock that steps back must neither stall the controller nor explode it.
func TestClockSteppingBack(t *testing.T) {
	c := New(Config{Start: 1000, Min: 1, Interval: time.Second}, began)
	now := began
	for range 60 {
		now = now.Add(time.Second)
		c.Share(now, c.Difficulty())
	}
	before := c.Difficulty()
	c.Tick(now.Add(-time.Hour))
	require.Equal(t, before, c.Difficulty())
	c.Share(now.Add(-time.Hour), before)
	require.InEpsilon(t, before, c.Difficulty(), 0.5)
	for i := range 600 {
		c.Tick(now.Add(time.Duration(i) * time.Second))
	}
	require.Less(t, c.Difficulty(), before/10, "silence counts again once time passes the highest seen")
}

func TestRateIsWorkOverTime(t *testing.T) {
	c := New(Config{Start: 3000, Min: 1, Interval: 15 * time.Second}, began)
	now := began
	for range 100 {
		now = now.Add(15 * time.Second)
		c.Share(now, 3000)
	}
	require.InEpsilon(t, 200, c.Rate(), 0.1)
}

func TestNetworkCap(t *testing.T) {
	c := New(Config{Start: 1000, Min: 10, Interval: time.Second}, began)
	require.False(t, c.SetNetwork(5000))
	require.True(t, c.SetNetwork(3))
	require.Equal(t, uint64(3), c.Difficulty(), "the network may be easier than Min")
	require.False(t, c.SetNetwork(3))
	require.True(t, c.SetNetwork(0))
	require.Equal(t, uint64(1), c.Difficulty(), "never below 1")
}

// However low the start, a fast miner is brought up.
func TestLeavesTheSmallestDifficulties(t *testing.T) {
	for start := uint64(1); start < 20; start++ {
		c := New(Config{Start: start, Min: 1, Interval: 15 * time.Second}, began)
		now := began
		for range 40 {
			now = now.Add(time.Millisecond)
			c.Share(now, c.Difficulty())
		}
		require.Greater(t, c.Difficulty(), uint64(1000), "from %d", start)
	}
}
