package vardiff

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The simulation: a miner of known hashrate on one controller, in virtual
// arithmetic. Gaps between shares are exponential with mean difficulty/rate;
// the process is memoryless, so a gap is redrawn whenever anything changes.
// All times are in share intervals (T), all difficulties relative to the
// ideal one, rate*T.

const (
	simInterval = 15 * time.Second
	simTick     = simInterval / 3
	simIdeal    = 1e6  // the ideal difficulty that 1.0 stands for
	simMiners   = 1000 // where the figures that the package promises are proven
	simTrials   = 200
)

// change is a difficulty in force from a time on.
type change struct{ at, x float64 }

// trial is what one simulated session did.
type trial struct {
	changes []change
	shares  []float64 // times
	length  float64
}

// simulate runs one session for length intervals. rate gives the miner's
// hashrate relative to the one whose ideal difficulty is 1.
func simulate(seed, stream uint64, start, length float64, rate func(t float64) float64) trial {
	rng := rand.New(rand.NewPCG(seed, stream))
	base := time.Unix(1_700_000_000, 0)
	c := New(Config{Start: uint64(start * simIdeal), Min: 1, Interval: simInterval}, base)
	tr := trial{changes: []change{{0, start}}, length: length}
	now, nextTick := time.Duration(0), simTick
	inT := func() float64 { return now.Seconds() / simInterval.Seconds() }
	for inT() < length {
		perSecond := rate(inT()) * simIdeal / simInterval.Seconds()
		gap := rng.ExpFloat64() * float64(c.Difficulty()) / perSecond
		changed := false
		if now.Seconds()+gap > nextTick.Seconds() {
			now, nextTick = nextTick, nextTick+simTick
			changed = c.Tick(base.Add(now))
		} else {
			now += time.Duration(gap * 1e9)
			tr.shares = append(tr.shares, inT())
			changed = c.Share(base.Add(now), c.Difficulty())
		}
		if changed {
			tr.changes = append(tr.changes, change{inT(), float64(c.Difficulty()) / simIdeal})
		}
	}
	return tr
}

// convergence is the first time from which the difficulty stays within a
// factor 2 of ideal for at least 90 % of the next 20 intervals.
func (tr trial) convergence(from, ideal float64) float64 {
	for i, c := range tr.changes {
		begin := max(c.at, from)
		if i+1 < len(tr.changes) && tr.changes[i+1].at <= begin {
			continue
		}
		if within(c.x, ideal) && tr.timeWithin(i, begin, begin+20, ideal) >= 18 {
			return begin - from
		}
	}
	return math.Inf(1)
}

func within(x, ideal float64) bool { return x <= 2*ideal && x >= ideal/2 }

// timeWithin sums the time in [begin, end] during which changes i and later
// keep the difficulty within a factor 2 of ideal.
func (tr trial) timeWithin(i int, begin, end, ideal float64) (sum float64) {
	for ; i < len(tr.changes) && tr.changes[i].at < end; i++ {
		stop := end
		if i+1 < len(tr.changes) {
			stop = min(stop, tr.changes[i+1].at)
		}
		if within(tr.changes[i].x, ideal) {
			sum += stop - max(begin, tr.changes[i].at)
		}
	}
	return sum
}

// overshoot is the largest difficulty after the ideal was first crossed.
func (tr trial) overshoot(from, ideal float64) (most float64) {
	crossed, above := false, tr.changes[0].x >= ideal
	for _, c := range tr.changes {
		if c.at < from {
			above = c.x >= ideal
			continue
		}
		crossed = crossed || (c.x >= ideal) != above
		if crossed {
			most = max(most, c.x)
		}
	}
	return most
}

// sample is a set of measurements over trials.
type sample []float64

func (s sample) quantile(q float64) float64 {
	sorted := slices.Sorted(slices.Values(s))
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}

func constant(float64) float64 { return 1 }

func TestConvergesFromAnyStart(t *testing.T) {
	for _, tc := range []struct {
		name                string
		start               float64
		median, p90, beyond float64
	}{
		{"100 times too low", 0.01, 6, 20, 2},
		{"100 times too high", 100, 12, 20, 2},
		{"10000 times too low", 0.0001, 6, 20, 2},
		{"right", 1, 6, 20, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var convergence, overshoot sample
			for i := range simMiners {
				tr := simulate(1, uint64(i), tc.start, 60, constant)
				convergence = append(convergence, tr.convergence(0, 1))
				overshoot = append(overshoot, tr.overshoot(0, 1))
			}
			t.Logf("convergence p50 %.1f T, p90 %.1f T; overshoot p90 %.2f; %d trials",
				convergence.quantile(.5), convergence.quantile(.9), overshoot.quantile(.9), simMiners)
			require.LessOrEqual(t, convergence.quantile(.5), tc.median)
			require.LessOrEqual(t, convergence.quantile(.9), tc.p90)
			require.LessOrEqual(t, overshoot.quantile(.9), tc.beyond)
		})
	}
}

func TestFollowsAChangeOfHashrate(t *testing.T) {
	const at = 40
	for _, tc := range []struct {
		name   string
		factor float64
		p90    float64
	}{
		{"ten times faster", 10, 20},
		{"ten times slower", 0.1, 40},
		{"twice as fast", 2, 20},
		{"half as fast", 0.5, 40},
		{"a hundred rigs behind one proxy", 100, 20},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rate := func(t float64) float64 {
				if t < at {
					return 1
				}
				return tc.factor
			}
			var convergence sample
			for i := range simTrials {
				tr := simulate(2, uint64(i), 1, at+80, rate)
				convergence = append(convergence, tr.convergence(at, tc.factor))
			}
			t.Logf("p50 %.1f T, p90 %.1f T", convergence.quantile(.5), convergence.quantile(.9))
			require.LessOrEqual(t, convergence.quantile(.9), tc.p90)
		})
	}
}

func TestSteadyState(t *testing.T) {
	const warmUp, length = 40, 120
	var shares, retargets float64
	for i := range simMiners {
		tr := simulate(3, uint64(i), 1, length, constant)
		for _, at := range tr.shares {
			if at >= warmUp {
				shares++
			}
		}
		for _, c := range tr.changes {
			if c.at >= warmUp {
				retargets++
			}
		}
	}
	rate := shares / (simMiners * (length - warmUp))
	per100 := retargets / shares * 100
	t.Logf("share rate %.3f of the declared one, %.2f retargets per 100 shares; %.0f shares", rate, per100, shares)
	require.InDelta(t, 1, rate, 0.1)
	require.LessOrEqual(t, per100, 5.0)
}

// A session that hops between two difficulties must be credited what it
// worked, within chance: credit per hash is what vardiff must not distort.
func TestCreditEqualsWork(t *testing.T) {
	var credit, work float64
	for i := range simTrials {
		tr := simulate(4, uint64(i), 0.01, 60, func(t float64) float64 { return 1 + 9*float64(int(t/10)%2) })
		k := 0
		for _, at := range tr.shares {
			for k+1 < len(tr.changes) && tr.changes[k+1].at < at {
				k++
			}
			credit += tr.changes[k].x
		}
		work += 3*10*1 + 3*10*10
	}
	t.Logf("credit over work %.4f", credit/work)
	require.InDelta(t, 1, credit/work, 0.02)
}

// Miners that fall silent are let down to the floor, steadily: an idle rig that
// comes back must not face the difficulty of its best days.
func TestIdleDecay(t *testing.T) {
	for i := range simTrials {
		tr := simulate(5, uint64(i), 1, 140, func(t float64) float64 {
			if t < 40 {
				return 1
			}
			return 1e-9
		})
		last := math.Inf(1)
		for _, c := range tr.changes {
			if c.at < 45 {
				continue
			}
			require.Less(t, c.x, last, "silence only lowers the difficulty")
			last = c.x
		}
		require.LessOrEqual(t, last, 0.02, "a hundred intervals of silence bring it down fiftyfold")
	}
}
