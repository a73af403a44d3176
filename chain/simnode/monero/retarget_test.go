package monero

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRetargetStandsStillOnTime(t *testing.T) {
	var blocks []sample
	for i := range uint64(50) {
		blocks = append(blocks, sample{1000 + 60*i, 5000})
		require.Equal(t, uint64(5000), nextDifficulty(blocks, time.Minute, 5000))
	}
}

// TestRetargetByHand is a window of three blocks that took 60, 30 and 15 s:
// weighted sum 1*60+2*30+3*15 = 165, (300+300+300)*60*4/(2*165) = 654.
func TestRetargetByHand(t *testing.T) {
	blocks := []sample{{0, 1}, {60, 300}, {90, 300}, {105, 300}}
	require.Equal(t, uint64(654), nextDifficulty(blocks, time.Minute, 9))
	require.Equal(t, uint64(9), nextDifficulty(blocks[:3], time.Minute, 9), "too few")
}

// TestRetargetConverges simulates a miner of constant speed.
func TestRetargetConverges(t *testing.T) {
	const rate = 500.0 // hashes per second: 60 s need 30000
	rng := rand.New(rand.NewPCG(7, 7))
	now, blocks := 1000.0, []sample{{1000, 1}}
	sum := 0.0
	for i := range 400 {
		d := nextDifficulty(blocks, time.Minute, 100)
		now += rng.ExpFloat64() * float64(d) / rate
		blocks = append(blocks, sample{uint64(now), d})
		if i >= 200 {
			sum += float64(d)
		}
	}
	require.InEpsilon(t, 30_000, sum/200, 0.2)
}

func TestRetargetSurvivesBadTimes(t *testing.T) {
	for _, step := range []uint64{0, 1, 1 << 40, math.MaxUint64 - 50} {
		blocks := []sample{{1 << 50, 1}}
		for range 40 {
			d := nextDifficulty(blocks, time.Second, 100)
			require.True(t, d >= 1 && d <= maxDifficulty)
			blocks = append(blocks, sample{blocks[len(blocks)-1].timestamp + step, d})
		}
	}
	huge := []sample{{0, maxDifficulty}, {0, maxDifficulty}, {0, maxDifficulty}, {0, maxDifficulty}}
	require.Equal(t, uint64(maxDifficulty), nextDifficulty(huge, time.Second, 1))
}

func TestDenominate(t *testing.T) {
	require.Equal(t, []uint64{3, 200, 1000}, denominate(1203))
	require.Empty(t, denominate(0))
	sum := uint64(0)
	for _, part := range denominate(math.MaxUint64) {
		sum += part
	}
	require.Equal(t, uint64(math.MaxUint64), sum)
}
