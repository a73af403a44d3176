package conform

import (
	"fmt"
	"time"

	"github.com/aditmine/adit/harness/lab/vardiff"
	"github.com/aditmine/adit/harness/stats"
)

// Share intervals of the measurements. Convergence is looked for in the 20
// intervals behind the moment that it is held to.
const (
	settleSpan = 20
	holdSpan   = 20
	coldSpan   = slowLimit + holdSpan + 1

	fastLimit = 20 // for a rise of the hashrate
	slowLimit = 40 // for everything else

	stepUpSpan   = settleSpan + fastLimit + holdSpan + 1
	stepDownSpan = settleSpan + slowLimit + holdSpan + 1
	steadySpan   = settleSpan + 40
)

// converges demands that sessions are within a factor 2 of the right difficulty
// in time, and stay there.
func (e *Env) converges(c course, limit int) error {
	return e.responds(c, fmt.Sprintf("nine of ten are within a factor 2 of the right difficulty after %d share intervals, and stay there", limit),
		func(r *vardiff.LiveResult, record *vardiff.Record) bool {
			took, ok := record.Convergence(from(&c, r), goal(&c))
			return ok && took <= time.Duration(limit)*r.Interval
		})
}

// responds measures a course on a bench of its own.
func (e *Env) responds(c course, accepted string, good func(*vardiff.LiveResult, *vardiff.Record) bool) error {
	b, err := e.newBench()
	if err != nil {
		return err
	}
	defer func() { _ = b.close() }() // memory only
	return b.sessions(&c, accepted, good)
}

// from is when a round's measuring begins.
func from(c *course, r *vardiff.LiveResult) time.Duration {
	return time.Duration(c.from) * r.Interval
}

// goal is the right difficulty at the end of the course.
func goal(c *course) float64 {
	if n := len(c.steps); n > 0 {
		return c.steps[n-1].Rate
	}
	return 1
}

// stepTo changes the hashrate once sessions have settled.
func stepTo(factor float64, span int) course {
	return course{start: 1, from: settleSpan, span: span, steps: []vardiff.Step{{At: intervals(settleSpan), Rate: factor}}}
}

// vdConv01: from far too low.
func vdConv01(e *Env) error {
	return e.converges(course{start: 0.01, span: coldSpan}, slowLimit)
}

// vdConv02: from far too high.
func vdConv02(e *Env) error {
	return e.converges(course{start: 100, span: coldSpan}, slowLimit)
}

// vdStep01: a rise, which must not cost shares either.
func vdStep01(e *Env) error {
	c := stepTo(10, stepUpSpan)
	b, err := e.newBench()
	if err != nil {
		return err
	}
	defer func() { _ = b.close() }() // memory only
	var s sample
	accepted := fmt.Sprintf("nine of ten are within a factor 2 of the right difficulty %d share intervals after the rise, and stay there", fastLimit)
	for range maxRounds {
		r, err := b.round(&c)
		if err != nil {
			return err
		}
		if err := losses(r); err != nil {
			return err
		}
		for i := range r.Records {
			took, ok := r.Records[i].Convergence(from(&c, r), goal(&c))
			s.n++
			if ok && took <= fastLimit*r.Interval {
				s.good++
			}
		}
		if done, err := b.verdict(&s, accepted); done {
			return err
		}
	}
	return undecided(s, accepted)
}

// vdStep02: a fall.
func vdStep02(e *Env) error { return e.converges(stepTo(0.1, stepDownSpan), slowLimit) }

// vdProxy01: a hundred miners come to one session.
func vdProxy01(e *Env) error { return e.converges(stepTo(100, stepDownSpan), slowLimit) }

// vdOver01: how far a rise is overdone.
func vdOver01(e *Env) error {
	const limit = 2.5
	c := stepTo(10, stepUpSpan)
	return e.responds(c, fmt.Sprintf("nine of ten go at most %.1f times beyond the right difficulty", limit),
		func(r *vardiff.LiveResult, record *vardiff.Record) bool {
			return record.Overshoot(from(&c, r), goal(&c)) <= limit
		})
}

// rest measures sessions whose hashrate stays, until judge has seen enough: it
// returns a note, and whether it is a verdict.
func (e *Env) rest(judge func(*vardiff.Rest) (verdict int, seen string), accepted string) error {
	b, err := e.newBench()
	if err != nil {
		return err
	}
	defer func() { _ = b.close() }() // memory only
	var w vardiff.Wander
	c, seen := course{start: 1, from: settleSpan, span: steadySpan}, ""
	for range maxRounds {
		r, err := b.round(&c)
		if err != nil {
			return err
		}
		if err := cutOff(r); err != nil {
			return err
		}
		for i := range r.Records {
			w.Add(&r.Records[i], r.Answers[i], from(&c, r), 1)
		}
		rest, verdict := w.Rest(), 0
		if rest.Shares >= leastShares {
			verdict, seen = judge(&rest)
		}
		switch verdict {
		case 1:
			e.note(seen)
			return nil
		case -1:
			return failed(seen, accepted)
		}
	}
	return inconclusivef("%s: too few to show that %s", orElse(seen, "too few shares"), accepted)
}

// leastShares is the least that a rate is judged by: 10 % either way.
const leastShares = 385

// orElse is the first text that is not empty.
func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// vdSteady01: the rate of shares.
func vdSteady01(e *Env) error {
	const low, high = 0.85, 1.15
	return e.rest(func(r *vardiff.Rest) (int, string) {
		expected := float64(r.Shares) / r.Rate
		in := func(confidence float64) stats.Interval {
			return stats.Poisson(uint64(r.Shares), confidence).Scale(1 / expected)
		}
		return within(low, high, in), fmt.Sprintf("%.3f times the declared rate of shares (95 %%: %.3f to %.3f, n=%d)", r.Rate,
			in(passConfidence).Low, in(passConfidence).High, r.Shares)
	}, fmt.Sprintf("%.2f to %.2f times the declared rate", low, high))
}

// vdSteady02: how often the difficulty changes.
func vdSteady02(e *Env) error {
	const limit = 10
	return e.rest(func(r *vardiff.Rest) (int, string) {
		changes := uint64(r.Retargets*float64(r.Shares)/100 + 0.5)
		in := func(confidence float64) stats.Interval {
			return stats.Poisson(changes, confidence).Scale(100 / float64(r.Shares))
		}
		return within(0, limit, in), fmt.Sprintf("%.1f retargets per 100 shares (95 %%: %.1f to %.1f, %d shares)", r.Retargets,
			in(passConfidence).Low, in(passConfidence).High, r.Shares)
	}, fmt.Sprintf("at most %d retargets per 100 shares", limit))
}

// The signs of a limit cycle, and how many changes it takes to see one.
const (
	cycleBelow   = -0.3
	cycleP       = 0.01
	leastChanges = 30
)

// vdSteady03: a difficulty that swings to and fro.
func vdSteady03(e *Env) error {
	return e.rest(func(r *vardiff.Rest) (int, string) {
		changes := r.Retargets * float64(r.Shares) / 100
		seen := fmt.Sprintf("autocorrelation of %+.2f (p=%.2g) over %.0f changes", r.Cycle, r.CycleP, changes)
		switch {
		case changes < leastChanges: // it hardly moves
			return 1, seen
		case r.Cycle < cycleBelow && r.CycleP < cycleP:
			return -1, seen
		}
		return 1, seen
	}, fmt.Sprintf("no autocorrelation below %.1f", cycleBelow))
}
