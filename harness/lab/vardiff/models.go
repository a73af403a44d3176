package vardiff

import (
	"math"
	"time"
)

// Models returns the algorithms of the field, each after its published form,
// with the parameters it is mostly run with. They are models: for how a pool
// really behaves, measure the pool.
func Models() []Model {
	return []Model{
		{ID: "ring", Form: "16-gap ring, swept every 60 s, +-30 %, at most doubled (cryptonote-nodejs-pool form)",
			TickEvery: time.Minute, New: newRing},
		{ID: "submit", Form: "24-gap ring, retarget on submit only, 90 s, +-30 % (node-stratum-pool form)",
			TickEvery: time.Minute, New: newOnSubmit},
		{ID: "gaps", Form: "10 gaps and an idle update, 90 s, +-30 % (Miningcore form)",
			TickEvery: 10 * time.Second, New: newGaps},
		{ID: "ladder", Form: "threshold ladder, looked at every 60 s (SRI classic form)",
			TickEvery: time.Minute, New: newLadder},
		{ID: "gate", Form: "72 shares or 240 s, decaying average, wide hysteresis (ckpool form)",
			Interval: 3330 * time.Millisecond, TickEvery: time.Minute, New: newGate},
		{ID: "ewma", Form: "work-rate average over 10 T, 25 % dead band, prior of one share, looked at every 10 s",
			TickEvery: 10 * time.Second, New: newEWMA},
	}
}

// The parameters that the ring forms share.
const (
	variance = 0.3
	ringJump = 2.0 // at most this factor a sweep
)

// gapRing keeps the last gaps between shares, in seconds.
type gapRing struct {
	gaps []float64
	size int
}

func (r *gapRing) add(gap float64) {
	r.gaps = append(r.gaps, gap)
	if len(r.gaps) > r.size {
		r.gaps = r.gaps[1:]
	}
}

func (r *gapRing) clear() { r.gaps = r.gaps[:0] }

// mean is that of the gaps and of what is given besides; NaN of nothing.
func (r *gapRing) mean(more ...float64) float64 {
	sum := 0.0
	for _, g := range r.gaps {
		sum += g
	}
	for _, g := range more {
		sum += g
	}
	return sum / float64(len(r.gaps)+len(more))
}

// outside reports whether a mean gap leaves the band around the interval.
func (s *Settings) outside(mean float64) bool {
	return mean > s.seconds()*(1+variance) || mean < s.seconds()*(1-variance)
}

// ring counts in whole seconds, as the pools of its form do.
type ring struct {
	s    Settings
	d    float64
	last float64 // share or decrease
	ring gapRing
}

func newRing(s Settings) Controller {
	return &ring{s: s, d: float64(s.Start), ring: gapRing{size: 16}}
}

func (c *ring) Difficulty() uint64 { return difficulty(c.d) }

func (c *ring) Share(at time.Duration, _ uint64) {
	now := math.Floor(at.Seconds())
	c.ring.add(now - c.last)
	c.last = now
}

func (c *ring) Tick(at time.Duration) {
	now := math.Floor(at.Seconds())
	mean, idle := c.ring.mean(), now-c.last > c.s.seconds()*(1+variance)
	if idle {
		mean = c.ring.mean(now - c.last)
	}
	if math.IsNaN(mean) || !c.s.outside(mean) {
		return
	}
	c.d = c.s.clamp(min(c.d*c.s.seconds()/mean, c.d*ringJump))
	c.ring.clear()
	if idle {
		c.last = now
	}
}

// onSubmit looks only when a share comes.
type onSubmit struct {
	s             Settings
	d             float64
	begun         bool
	last, retimed float64
	ring          gapRing
}

// onSubmitEvery is the least time between two changes, in seconds.
const onSubmitEvery = 90

func newOnSubmit(s Settings) Controller {
	return &onSubmit{s: s, d: float64(s.Start), ring: gapRing{size: 24}}
}

func (c *onSubmit) Difficulty() uint64   { return difficulty(c.d) }
func (c *onSubmit) Tick(_ time.Duration) {}

func (c *onSubmit) Share(at time.Duration, _ uint64) {
	now := at.Seconds()
	if !c.begun {
		c.begun, c.retimed, c.last = true, now-onSubmitEvery/2, now
		return
	}
	c.ring.add(now - c.last)
	c.last = now
	if now-c.retimed < onSubmitEvery {
		return
	}
	c.retimed = now
	if mean := c.ring.mean(); c.s.outside(mean) {
		c.d = c.s.clamp(c.d * c.s.seconds() / max(mean, 1e-3))
		c.ring.clear()
	}
}

// gaps averages ten gaps, and the silence when it looks without a share.
type gaps struct {
	s             Settings
	d             float64
	begun         bool
	last, retimed float64
	ring          gapRing
}

// gapsEvery is the least time between two changes, in seconds.
const gapsEvery = 90

func newGaps(s Settings) Controller {
	return &gaps{s: s, d: float64(s.Start), ring: gapRing{size: 10}}
}

func (c *gaps) Difficulty() uint64 { return difficulty(c.d) }

func (c *gaps) Share(at time.Duration, _ uint64) {
	now := at.Seconds()
	if !c.begun {
		c.begun, c.last, c.retimed = true, now, now
		return
	}
	c.ring.add(now - c.last)
	c.last = now
	c.update(now, c.ring.mean())
}

func (c *gaps) Tick(at time.Duration) {
	now := at.Seconds()
	if !c.begun {
		c.begun, c.last, c.retimed = true, now, now
		return
	}
	if now-c.last > c.s.seconds()*(1+variance) {
		c.update(now, c.ring.mean(now-c.last))
	}
}

func (c *gaps) update(now, mean float64) {
	if now-c.retimed < gapsEvery || !c.s.outside(mean) {
		return
	}
	c.d = c.s.clamp(c.d * c.s.seconds() / max(mean, 1e-3))
	c.retimed = now
	c.ring.clear()
}
