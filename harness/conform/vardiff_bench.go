package conform

import (
	"errors"
	"fmt"
	"time"

	"github.com/aditmine/adit/harness/lab/vardiff"
	"github.com/aditmine/adit/harness/rig"
)

// bench measures how the pool's difficulty follows miners that hash for real.
type bench struct {
	e        *Env
	target   rig.Target
	finder   *rig.Finder
	interval time.Duration // that the pool declares between shares
	start    uint64        // the difficulty of a new session
	capacity float64       // hashes per second of this machine
	spoilt   int           // rounds that meant nothing
}

// Bounds of a measurement.
const (
	maxMiners = 40          // at once
	spare     = 0.4         // the part of this machine's hashing that is used
	maxSpoilt = 3           // rounds
	probeTime = time.Second // how long its speed is measured, at most
	maxProbed = 20_000      // hashes of that
)

// newBench looks at what a new session is given, and how fast this machine is.
func (e *Env) newBench() (*bench, error) {
	b := &bench{e: e, interval: e.cfg.Declared.ShareInterval}
	switch {
	case b.interval <= 0:
		return nil, skipf("the adapter declares no share_interval")
	case e.cfg.Declared.WorkerSeparator == "":
		return nil, skipf("the adapter declares no worker_separator: sessions under one name may not start anew")
	}
	if e.cfg.Declared.Vardiff != "" {
		e.target = e.cfg.Declared.Vardiff
	}
	b.target = e.rigTarget()
	b.finder = e.newFinder()
	if err := b.probe(); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *bench) close() error { return b.finder.Close() }

// probe opens a session for its difficulty and hashes its job for a while.
func (b *bench) probe() error {
	target, err := b.target.WithDefaults()
	if err != nil {
		return err
	}
	s, err := rig.Open(b.e.ctx, &target, rig.Watcher{})
	if err != nil {
		return fmt.Errorf("the session that this check begins with: %w", err)
	}
	defer s.Close()
	job := s.Job()
	b.start = job.Difficulty
	next, began := uint64(0), time.Now()
	for next < maxProbed && time.Since(began) < probeTime && b.e.ctx.Err() == nil {
		if _, err := b.finder.Search(job, &next, 256, nil); err != nil {
			return err
		}
	}
	b.capacity = float64(next) / max(time.Since(began), time.Millisecond).Seconds()
	return b.e.ctx.Err()
}

// course is what the miners of a round do, with times in share intervals.
type course struct {
	start float64 // the first difficulty relative to the ideal one
	steps []vardiff.Step
	from  int // when measuring begins
	span  int // how long it takes
}

// intervals are so many share intervals of a scenario, before it is scaled.
func intervals(n int) time.Duration { return time.Duration(n) * vardiff.DefaultInterval }

func (c *course) scenario(interval time.Duration) vardiff.Scenario {
	return (vardiff.Scenario{Length: intervals(c.span), From: intervals(c.from), Rates: c.steps}).Scaled(interval)
}

// extremes are the lowest and the highest hashrate of the course.
func (c *course) extremes() (low, high float64) {
	low, high = 1, 1
	for _, s := range c.steps {
		low, high = min(low, s.Rate), max(high, s.Rate)
	}
	return low, high
}

// miners is how many can take the course at once, and the hashrate of each; the
// error says why none can.
func (b *bench) miners(c *course) (count int, rate float64, err error) {
	d := &b.e.cfg.Declared
	ideal := float64(b.start) / c.start
	low, high := c.extremes()
	rate = ideal / b.interval.Seconds()
	switch floor := float64(max(1, d.MinDifficulty)); {
	case ideal*low < floor*0.99:
		return 0, 0, skipf("sessions start at difficulty %d, and the right one of this check, %.3g, is below the least, %.0f: let them start higher", b.start, ideal*low, floor)
	case d.MaxDifficulty > 0 && ideal*high > float64(d.MaxDifficulty):
		return 0, 0, skipf("the right difficulty of this check, %.3g, is above the highest, %d", ideal*high, d.MaxDifficulty)
	case b.e.node != nil && 10*ideal*high > float64(b.e.node.Difficulty()):
		return 0, 0, skipf("the right difficulty of this check, %.3g, is too near the network's, %d", ideal*high, b.e.node.Difficulty())
	}
	count = min(maxMiners, int(spare*b.capacity/(rate*high))>>b.spoilt)
	if count < 1 {
		return 0, 0, skipf("a miner of this check hashes %.0f/s, this machine %.0f/s: let sessions start lower, or lengthen share_interval", rate*high, b.capacity)
	}
	return count, rate, nil
}

// round lets as many miners as this machine can feed take a course once. A round
// that means nothing, since this machine was too slow, is done again with fewer.
func (b *bench) round(c *course) (*vardiff.LiveResult, error) {
	for {
		r, err := b.once(c)
		switch {
		case err != nil, len(r.Void) == 0, r.Closed > 0:
			return r, err
		case b.spoilt == maxSpoilt:
			return nil, inconclusivef("%s", r.Void[0])
		}
		b.spoilt++
	}
}

func (b *bench) once(c *course) (*vardiff.LiveResult, error) {
	count, rate, err := b.miners(c)
	if err != nil {
		return nil, err
	}
	r, err := vardiff.RunLive(b.e.ctx, vardiff.LiveConfig{Target: b.target, Login: func(int) string { return b.e.newWorker() }, Miners: count, Rate: rate,
		Interval: b.interval, Scenario: c.scenario(b.interval), Finder: b.finder})
	if err != nil {
		return nil, fmt.Errorf("measuring the difficulty: %w", err)
	}
	return r, nil
}

// fresh reports whether a miner's session began as a new one does.
func (c *course) fresh(r *vardiff.Record) bool {
	return len(r.Changes) > 0 && r.Changes[0].X > c.start/1.5 && r.Changes[0].X < c.start*1.5
}

// errUndecided ends a series of rounds whose sample stays too small.
func undecided(what fmt.Stringer, accepted string) error {
	return inconclusivef("%s, and that many cannot show that %s", what, accepted)
}

// sessions repeats a course until it is settled whether most sessions are good.
func (b *bench) sessions(c *course, accepted string, good func(*vardiff.LiveResult, *vardiff.Record) bool) error {
	var s sample
	for range maxRounds {
		r, err := b.round(c)
		if err != nil {
			return err
		}
		if err := cutOff(r); err != nil {
			return err
		}
		for i := range r.Records {
			if !c.fresh(&r.Records[i]) {
				return inconclusivef("a session began at %.3g times the difficulty of the first one: the pool remembers more than names", r.Records[i].Changes[0].X/c.start)
			}
			s.n++
			if good(r, &r.Records[i]) {
				s.good++
			}
		}
		if done, err := b.verdict(&s, accepted); done {
			return err
		}
	}
	return undecided(s, accepted)
}

// verdict ends the rounds when the sample says enough.
func (b *bench) verdict(s *sample, accepted string) (done bool, err error) {
	switch s.settled() {
	case 1:
		b.e.note(s.String() + ": " + accepted)
		return true, nil
	case -1:
		return true, failed(s.String()+" did so", accepted)
	}
	if s.n >= maxTrials {
		return true, undecided(s, accepted)
	}
	return false, nil
}

// cutOff says that a round ended early for some of its miners. Why is another
// check's matter.
func cutOff(r *vardiff.LiveResult) error {
	if r.Closed > 0 {
		return inconclusivef("the pool closed %d of %d connections", r.Closed, r.Miners)
	}
	return nil
}

// losses are valid shares that were refused, or cut off.
func losses(r *vardiff.LiveResult) error {
	for reason, n := range r.Rejected {
		return failed(fmt.Sprintf("%d valid shares refused as %s, of %d", n, reason, r.Accepted+n), "no share is lost")
	}
	if r.Closed > 0 {
		return failed(fmt.Sprintf("%d of %d connections closed by the pool", r.Closed, r.Miners), "no share is lost")
	}
	return nil
}
