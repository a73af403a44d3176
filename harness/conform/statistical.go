package conform

import (
	"fmt"
	"time"

	"github.com/aditmine/adit/harness/stats"
)

// tagStatistical marks checks whose verdict rests on a sample. They take as long
// as that needs, so a run does them only when they are named.
const tagStatistical = "statistical"

// spans are the statistical checks, with how many share intervals one round of
// the measurement takes; 0 where it waits for none.
func spans() map[string]int {
	return map[string]int{
		"VD-CONV-01": coldSpan, "VD-CONV-02": coldSpan, "VD-STEP-01": stepUpSpan, "VD-STEP-02": stepDownSpan,
		"VD-OVER-01": stepUpSpan, "VD-PROXY-01": stepDownSpan,
		"VD-STEADY-01": steadySpan, "VD-STEADY-02": steadySpan, "VD-STEADY-03": steadySpan,
		"VD-STEP-03": idleSpan, "VD-STAT-02": windowSpan,
		"VD-CREDIT-02": 0, "VD-CREDIT-03": 0, "LAT-SUB-01": 0, "LAT-SUB-02": 0,
	}
}

// maxRounds bounds how often a measurement is repeated until its sample is large
// enough; maxTrials is how many sessions are enough in any case.
const (
	maxRounds = 40
	maxTrials = 200
)

// Takes says how long the check takes, where that depends on the pool.
func (c *Check) Takes(interval time.Duration) string {
	switch {
	case !c.Statistical:
		return ""
	case c.Intervals == 0:
		return "as long as hundreds of shares take to find, and up to a minute"
	}
	text := fmt.Sprintf("%d share intervals a round, as many rounds as the sample needs, %d at most", c.Intervals, maxRounds)
	if interval > 0 {
		text += fmt.Sprintf(" (at %v: from %v on)", interval, stats.Rounded(time.Duration(c.Intervals)*interval))
	}
	return text
}

// lasts is the longest that a statistical check may take.
func (c *Check) lasts(interval time.Duration) time.Duration {
	return time.Duration(c.Intervals*maxRounds) * interval * 5 / 4
}

// Confidence of the intervals behind a verdict: a finding needs more of it than a
// pass, so that a thousand runs give one false alarm at most.
const (
	passConfidence    = 0.95
	findingConfidence = 0.999
)

// most is the part of sessions that must do what a check demands.
const most = 0.9

// sample counts sessions that did what is demanded.
type sample struct{ good, n int }

// settled says what the sample shows: 1 that most sessions are good, -1 that
// they are not, 0 that it is too small to say.
func (s sample) settled() int {
	switch {
	case s.n == 0:
		return 0
	case stats.Proportion(uint64(s.good), uint64(s.n), passConfidence).Low >= most:
		return 1
	case stats.Proportion(uint64(s.good), uint64(s.n), findingConfidence).High < most:
		return -1
	}
	return 0
}

func (s sample) String() string {
	in := stats.Proportion(uint64(s.good), uint64(max(1, s.n)), passConfidence)
	return fmt.Sprintf("%d of %d sessions (95 %%: %.0f to %.0f %%)", s.good, s.n, 100*in.Low, 100*in.High)
}

// within judges a rate by the intervals it may lie in: 1 inside, -1 outside, 0
// too wide to say. in returns the sample's interval at a confidence.
func within(low, high float64, in func(confidence float64) stats.Interval) int {
	sure := in(findingConfidence)
	switch {
	case in(passConfidence).Within(stats.Interval{Low: low, High: high}):
		return 1
	case sure.High < low || sure.Low > high:
		return -1
	}
	return 0
}

// tally compares what was credited with what was hashed for it. Shares of
// different difficulties count as so many equal ones: the square of the sum over
// the sum of the squares.
type tally struct {
	shares                          int
	hashes, credit, squares, issued float64
}

// add takes accepted shares of one difficulty and the hashes that they took.
func (t *tally) add(shares int, difficulty uint64, hashes float64) {
	t.shares += shares
	t.hashes += hashes
	t.issued += float64(shares) * float64(difficulty)
	t.squares += float64(shares) * float64(difficulty) * float64(difficulty)
}

// ratio is credit over work, with its interval.
func (t *tally) ratio(confidence float64) (float64, stats.Interval) {
	if t.squares == 0 || t.hashes == 0 {
		return 0, stats.Interval{}
	}
	equal, ratio := t.issued*t.issued/t.squares, t.credit/t.hashes
	return ratio, stats.Poisson(uint64(equal+0.5), confidence).Scale(ratio / equal)
}
