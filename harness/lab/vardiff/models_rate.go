package vardiff

import (
	"math"
	"time"
)

// ladder compares the rate since the last change with the declared one, and
// asks for less deviation the longer it has looked.
type ladder struct {
	s       Settings
	d       float64
	retimed float64 // seconds
	shares  float64
}

// rungs are the deviations that are enough for a change after so many seconds.
var rungs = []struct{ seconds, deviation float64 }{{300, 0.15}, {240, 0.30}, {180, 0.45}, {120, 0.50}, {60, 0.60}, {15, 1.00}}

func newLadder(s Settings) Controller { return &ladder{s: s, d: float64(s.Start)} }

func (c *ladder) Difficulty() uint64              { return difficulty(c.d) }
func (c *ladder) Share(_ time.Duration, _ uint64) { c.shares++ }

func (c *ladder) Tick(at time.Duration) {
	elapsed := at.Seconds() - c.retimed
	ratio := c.shares * c.s.seconds() / elapsed
	if !due(elapsed, math.Abs(ratio-1)) {
		return
	}
	c.d = c.s.clamp(c.d * bounded(ratio, elapsed))
	c.retimed, c.shares = at.Seconds(), 0
}

func due(elapsed, deviation float64) bool {
	for _, r := range rungs {
		if elapsed >= r.seconds {
			return deviation >= r.deviation
		}
	}
	return false
}

// bounded keeps a change from silence or from a flood within limits that
// depend on how long was looked.
func bounded(ratio, elapsed float64) float64 {
	switch {
	case ratio == 0 && elapsed <= 30:
		return 1 / 1.5
	case ratio == 0 && elapsed < 60:
		return 1.0 / 2
	case ratio == 0:
		return 1.0 / 3
	case ratio > 11 && elapsed <= 30:
		return 10
	case ratio > 11 && elapsed < 60:
		return 5
	case ratio > 11:
		return 3
	}
	return ratio
}

// gate lets 72 shares or 240 seconds pass, then compares a decaying average
// of the work rate with a wide band: that of the last minute when shares came
// fast, else that of the last five.
type gate struct {
	s                   Settings
	d                   float64
	begun               bool
	first, last, change float64 // seconds
	minute, five        float64 // decaying averages, difficulty a second
	shares              int
}

// The numbers of the gate's form. Its band is for an aim of 0.3 shares a
// second; for other intervals it is scaled.
const (
	gateShares  = 72
	gateSeconds = 240
	gateMinute  = 60
	gateFive    = 300
	gateAim     = 1 / 3.33
	gateLow     = 0.15
	gateHigh    = 0.4
)

func newGate(s Settings) Controller { return &gate{s: s, d: float64(s.Start)} }

func (c *gate) Difficulty() uint64   { return difficulty(c.d) }
func (c *gate) Tick(_ time.Duration) {}

func (c *gate) Share(at time.Duration, d uint64) {
	now := at.Seconds()
	if !c.begun {
		c.begun, c.first, c.last, c.change = true, now, now, now
	}
	gap := max(now-c.last, 0.001)
	c.minute, c.five = decayed(c.minute, float64(d), gap, gateMinute), decayed(c.five, float64(d), gap, gateFive)
	c.last = now
	c.shares++
	if c.shares < gateShares && now-c.change < gateSeconds {
		return
	}
	rate := c.five / filled(now-c.first, gateFive)
	if c.shares >= gateShares {
		rate = c.minute / filled(now-c.first, gateMinute)
	}
	aims := rate / c.d * c.s.seconds() // declared share rates
	if aims > gateLow/gateAim && aims < gateHigh/gateAim {
		return
	}
	c.d, c.change, c.shares = c.s.clamp(rate*c.s.seconds()), now, 0
}

// decayed takes a share of difficulty d, a gap after the last one, into an
// average over so many seconds.
func decayed(rate, d, gap, seconds float64) float64 {
	part := -math.Expm1(-gap / seconds)
	return (rate + d/gap*part) / (1 + part)
}

// filled is how much of an average has been filled so far.
func filled(so, seconds float64) float64 { return -math.Expm1(-max(so, 0.001) / seconds) }

// ewma estimates the work rate from credited difficulty over ten intervals,
// counts one share of the present difficulty as seen in advance, and moves
// when the estimate leaves a dead band.
type ewma struct {
	s         Settings
	d         float64
	last      float64 // seconds
	work, sec float64 // decayed credited difficulty, and the time it took
}

// The numbers of the average.
const (
	ewmaSpan = 10.0 // intervals
	ewmaBand = 0.25
)

func newEWMA(s Settings) Controller { return &ewma{s: s, d: float64(s.Start)} }

func (c *ewma) Difficulty() uint64 { return difficulty(c.d) }

func (c *ewma) Share(at time.Duration, d uint64) {
	c.advance(at)
	c.work += float64(d)
}

func (c *ewma) Tick(at time.Duration) {
	c.advance(at)
	t := c.s.seconds()
	ideal := (c.work + c.d) / (c.sec + t) * t
	if ideal > c.d*(1+ewmaBand) || ideal < c.d/(1+ewmaBand) {
		c.d = c.s.clamp(ideal)
	}
}

// advance lets the past fade.
func (c *ewma) advance(at time.Duration) {
	gap := at.Seconds() - c.last
	span := ewmaSpan * c.s.seconds()
	fade := math.Exp(-gap / span)
	c.work *= fade
	c.sec = c.sec*fade + span*(1-fade)
	c.last = at.Seconds()
}
