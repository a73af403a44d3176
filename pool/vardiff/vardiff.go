// Package vardiff decides the share difficulty of one mining session from the
// rate at which its accepted shares prove work.
//
// The controller is pure: it reads no clock, draws no random numbers and
// starts nothing. The caller passes the time with each accepted share and with
// each periodic tick. Memory keeps difficulties for miners that come back. The
// package imports pool/lru; package pool drives it, and anything that wants to
// study it in virtual time may.
//
// # Method
//
// An accepted share credits the difficulty it was issued at, so difficulty
// credited over a span of time estimates the work rate in hashes a second,
// whatever the difficulty was in between. The span is the last Window shares
// plus the silence since. Until it is full one more Interval is added to it,
// which keeps the first estimates modest.
//
// A new difficulty (rate times Interval) is issued only when it leaves a dead
// band around the present one. The band is wide while few shares are known and
// narrows as evidence grows: most of the wander of a correct difficulty is
// Poisson noise, and must not be chased. When the newest shares, or a silence,
// cannot be reconciled with the present difficulty, older shares are
// forgotten: the miner has changed.
package vardiff

import (
	"math"
	"time"
)

// Defaults of Config.
const (
	DefaultInterval = 15 * time.Second
	DefaultWindow   = 30
)

// The constants of the method, chosen with the simulation in this package's
// tests, which fixes what they achieve.
const (
	// bandFloor is the narrowest dead band: a factor of 1+bandFloor either way.
	bandFloor = 0.4
	// bandNoise over the square root of the shares known (or, downwards,
	// expected) is the dead band while they are few.
	bandNoise = 1.5
	// tooFew and tooMany are the log-likelihood ratios at which a lack or a
	// surplus of shares means that the miner has changed. The surplus needs
	// more, since an overshoot costs the miner more than an undershoot.
	tooFew, tooMany = 6, 12
	// silenceCut is how many Intervals of a long silence are held against the
	// miner at once, so that one unlucky gap cannot cost more than a factor 3.
	silenceCut = 2
)

// Config says how one session's difficulty is to be steered.
type Config struct {
	// Start is the difficulty of the first job; Min and Max bound all others.
	// Difficulty is the expected number of hashes per share. Max 0: no bound.
	Start, Min, Max uint64
	// Interval is the wanted time between accepted shares.
	Interval time.Duration
	// Window is how many recent shares the work rate is estimated from, 8 to
	// 64. More is steadier, fewer is quicker.
	Window int
	// Fixed keeps the difficulty at Start, whatever happens.
	Fixed bool
}

// share is one accepted share: when, in nanoseconds since the session began,
// and the difficulty credited.
type share struct {
	at         int64
	difficulty float64
}

// Controller steers the difficulty of one session. It is not safe for
// concurrent use. Times passed to it should not go back (use the monotonic
// clock); where one does, no time is taken to have passed.
type Controller struct {
	cfg     Config
	epoch   time.Time
	now     int64 // latest time seen, nanoseconds since epoch
	current float64
	ceiling float64 // network difficulty, +Inf when unknown

	ring  []share // recent shares, oldest first
	start int64   // where the span of ring begins
	full  bool    // ring has lost its oldest: no added Interval
}

// New returns a controller whose session begins at now. Values out of range
// are brought into it: Min at least 1, Start within [Min, Max].
func New(cfg Config, now time.Time) *Controller {
	if cfg.Interval <= 0 {
		cfg.Interval = DefaultInterval
	}
	if cfg.Window == 0 {
		cfg.Window = DefaultWindow
	}
	cfg.Window = min(max(cfg.Window, 8), 64)
	cfg.Min = max(cfg.Min, 1)
	if cfg.Max == 0 {
		cfg.Max = math.MaxInt64
	}
	cfg.Max = max(cfg.Max, cfg.Min)
	c := &Controller{cfg: cfg, epoch: now, ceiling: math.Inf(1)}
	c.current = c.clamp(float64(cfg.Start))
	return c
}

// Difficulty is what the next job should be issued at.
func (c *Controller) Difficulty() uint64 { return uint64(c.current) }

// SetNetwork caps the difficulty at that of the network: a share harder than
// a block would make no sense. It applies to a Fixed controller too. It
// reports whether Difficulty changed.
func (c *Controller) SetNetwork(difficulty uint64) bool {
	c.ceiling = float64(max(difficulty, 1))
	was := c.current
	if c.cfg.Fixed {
		c.current = c.clamp(float64(c.cfg.Start))
	} else {
		c.current = c.clamp(c.current)
	}
	return c.current != was
}

// Share takes in a share accepted at now and credited with difficulty, and
// reports whether Difficulty changed.
func (c *Controller) Share(now time.Time, difficulty uint64) bool {
	c.advance(now)
	if len(c.ring) == c.cfg.Window {
		c.start = c.ring[0].at
		c.ring = append(c.ring[:0], c.ring[1:]...)
		c.full = true
	}
	c.ring = append(c.ring, share{c.now, float64(difficulty)})
	return c.retarget()
}

// Tick lets silence count: call it every third of Interval or so. It reports
// whether Difficulty changed.
func (c *Controller) Tick(now time.Time) bool {
	c.advance(now)
	return c.retarget()
}

// Rate is the work rate that the session's shares prove, in hashes a second;
// 0 before the first share.
func (c *Controller) Rate() float64 {
	if len(c.ring) == 0 {
		return 0
	}
	work, intervals := c.evidence()
	return work / intervals / c.cfg.Interval.Seconds()
}

func (c *Controller) advance(now time.Time) {
	c.now = max(c.now, now.Sub(c.epoch).Nanoseconds())
}

// intervals converts nanoseconds to Intervals; never 0, for use as a divisor.
func (c *Controller) intervals(ns int64) float64 {
	return float64(max(ns, 1)) / float64(c.cfg.Interval)
}

// evidence is the work proven, in hashes, and in how many Intervals. Before
// the first share it assumes one at the present difficulty.
func (c *Controller) evidence() (work, intervals float64) {
	intervals = c.intervals(c.now - c.start)
	if !c.full {
		intervals++
	}
	if len(c.ring) == 0 {
		return c.current, intervals
	}
	for _, s := range c.ring {
		work += s.difficulty
	}
	return work, intervals
}

// retarget moves the difficulty when the evidence asks for it.
func (c *Controller) retarget() bool {
	if c.cfg.Fixed {
		return false
	}
	c.forget()
	work, intervals := c.evidence()
	want := c.clamp(work / intervals)
	up, down := 1+band(float64(len(c.ring)+1)), 1/(1+band(intervals))
	if ratio := want / c.current; ratio < up && ratio > down {
		return false
	}
	changed := want != c.current
	c.current = want
	if len(c.ring) == 0 {
		c.restart(c.now)
	}
	return changed
}

// band is the half-width of the dead band when so many shares are known.
func band(shares float64) float64 {
	return max(bandFloor, bandNoise/math.Sqrt(shares))
}

// forget drops the older shares when the newer ones, or the silence since the
// last, are too unlikely at the present difficulty. Of all ways to cut the
// history it takes the one whose newer part is the least likely.
func (c *Controller) forget() {
	cut, worst, events := 0, 0.0, 0.0
	for i := len(c.ring); i > 0; i-- {
		expected := c.intervals(c.now - c.ring[i-1].at)
		limit := float64(tooFew)
		if events > expected {
			limit = tooMany
		}
		if s := surprise(events, expected); s > limit && s > worst {
			cut, worst = i, s
		}
		events += c.ring[i-1].difficulty / c.current
	}
	if cut == 0 {
		return
	}
	from := c.ring[cut-1].at
	if cut == len(c.ring) {
		from = max(from, c.now-silenceCut*c.cfg.Interval.Nanoseconds())
	}
	c.ring = append(c.ring[:0], c.ring[cut:]...)
	c.restart(from)
}

// restart lets the span begin at a time, with one Interval added to it again.
func (c *Controller) restart(at int64) {
	c.start, c.full = at, false
}

// surprise is the log-likelihood ratio of a Poisson count against what was
// expected: 0 when they agree.
func surprise(count, expected float64) float64 {
	if count <= 0 {
		return expected
	}
	return count*math.Log(count/expected) - count + expected
}

// clamp rounds to a whole difficulty within all bounds. Rounding down would
// keep a miner at 1 for ever whose every estimate is a little less than 2.
func (c *Controller) clamp(d float64) float64 {
	d = max(d, float64(c.cfg.Min))
	d = min(d, float64(c.cfg.Max), c.ceiling, maxDifficulty)
	return math.Round(max(d, 1))
}

// maxDifficulty is the largest float64 below 2^63, so that a difficulty always
// fits a signed 64-bit column.
const maxDifficulty = 1<<63 - 1024
