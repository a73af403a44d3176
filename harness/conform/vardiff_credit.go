package conform

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/aditmine/adit/harness/lab/vardiff"
	"github.com/aditmine/adit/harness/stats"
)

// What credit over work is held to: an interval this wide still tells a pool that
// pays half as much again, or half.
const (
	creditLow  = 0.75
	creditHigh = 1.3
)

// work finds good shares, counts the hashes that they took, and hands them in.
func (t *tally) work(m *miner, on *task, count int) (accepted int, err error) {
	var shares []share
	hashes := 0.0
	err = m.env.hash(on.work, func(s *share) bool {
		hashes++
		if s.meets(on.work) {
			shares = append(shares, *s)
		}
		return len(shares) < count
	})
	if err != nil {
		return 0, err
	}
	if len(shares) == 0 {
		return 0, inconclusivef("no share found within %v at difficulty %d: let the pool start lower", m.env.cfg.Effort, on.difficulty)
	}
	accepted = m.burst(on, shares)
	// Whether late shares count is another check's matter: what was refused was
	// not worked for here.
	t.add(accepted, on.difficulty, hashes*float64(accepted)/float64(len(shares)))
	return accepted, nil
}

// paid waits for the ledger to have as many more shares, and takes what they
// were credited with.
func (e *Env) paid(before book, shares int) (work float64, err error) {
	for end := time.Now().Add(e.cfg.Timeout); ; e.pause(200 * time.Millisecond) {
		now, err := e.read()
		if err != nil {
			return 0, err
		}
		if now.shares-before.shares >= uint64(shares) || !time.Now().Before(end) {
			return now.work - before.work, nil
		}
	}
}

// creditSample is how many shares credit is judged by, and in how many sessions.
const (
	creditShares   = 200 // of the job before the retarget; half as many of that after it
	creditSessions = 4
	shortShares    = 4 // of a session that leaves at once
	shortSessions  = 100
)

// vdCredit02: shares of both sides of a retarget. A pool that credits the
// highest difficulty which a share happens to meet pays more than was worked.
func vdCredit02(e *Env) error {
	var older, newer tally
	for range creditSessions {
		if err := e.asNew(func() error { return e.earnAcross(&older, &newer) }); err != nil {
			return err
		}
	}
	if older.shares > 0 { // a pool may refuse what is late
		if err := e.fair(&older, "older job", creditLow); err != nil {
			return err
		}
	}
	return e.fair(&newer, "new job", creditLow)
}

// earnAcross works on the jobs before and after a retarget.
func (e *Env) earnAcross(older, newer *tally) error {
	began, err := e.read()
	if err != nil {
		return err
	}
	r, err := e.newRaisable()
	if err != nil {
		return err
	}
	defer r.Close()
	after, err := r.rises()
	if err != nil {
		return err
	}
	if after == nil {
		return inconclusivef("the difficulty did not rise from %d, whatever was submitted", r.first.difficulty)
	}
	if _, err := e.paid(began, r.sent); err != nil { // that is not judged
		return err
	}
	if err := e.earn(newer, r.miner, after, creditShares/2); err != nil {
		return err
	}
	return e.earn(older, r.miner, r.first, creditShares)
}

// earn works on a job and takes what was credited for it.
func (e *Env) earn(t *tally, m *miner, on *task, count int) error {
	before, err := e.read()
	if err != nil {
		return err
	}
	accepted, err := t.work(m, on, count)
	if err != nil {
		return err
	}
	credit, err := e.paid(before, accepted)
	t.credit += credit
	return err
}

// vdCredit03: sessions that leave before a retarget.
func vdCredit03(e *Env) error {
	before, err := e.read()
	if err != nil {
		return err
	}
	var t tally
	for range shortSessions {
		if err := e.asNew(func() error { return e.visit(&t) }); err != nil {
			return err
		}
	}
	if t.credit, err = e.paid(before, t.shares); err != nil {
		return err
	}
	return e.fair(&t, "first job", 0)
}

// visit is a session that leaves after a few shares.
func (e *Env) visit(t *tally) error {
	m, err := e.mine()
	if err != nil {
		return err
	}
	defer m.Close()
	first, err := m.task()
	if err != nil {
		return err
	}
	_, err = t.work(m, first, shortShares)
	return err
}

// fair judges credit over work.
func (e *Env) fair(t *tally, what string, low float64) error {
	if t.issued == 0 {
		return errors.New("none of the good shares of this check was accepted")
	}
	ratio, in := t.ratio(passConfidence)
	seen := fmt.Sprintf("%s: %.3f of the work was credited (95 %%: %.3f to %.3f, %d shares, %.0f hashes)", what, ratio, in.Low, in.High, t.shares, t.hashes)
	accepted := "credit that equals the work, but for chance"
	if low == 0 {
		accepted = "no more credit than work, but for chance"
	}
	_, sure := t.ratio(findingConfidence)
	switch {
	case sure.Low > 1 || low > 0 && sure.High < 1:
		return failed(seen, accepted)
	case in.Low >= low && in.High <= creditHigh:
		e.note(seen)
		return nil
	}
	return inconclusivef("%s: too few to show %s", seen, accepted)
}

// vdStat01: shares that are refused.
func vdStat01(e *Env) error {
	e.quickPort()
	needed := 0
	if err := e.asNew(func() (err error) {
		needed, err = e.needed()
		return err
	}); err != nil {
		return err
	}
	return e.asNew(func() error { return e.refusals(needed) })
}

// refusals hands in low shares only, twice as many as good ones would be needed
// to raise the difficulty.
func (e *Env) refusals(needed int) error {
	m, err := e.mine()
	if err != nil {
		return err
	}
	t, err := m.task()
	if err != nil {
		return err
	}
	e.pause(e.quiet()) // what came before is in the statistics by then
	before, err := e.read()
	if err != nil {
		return err
	}
	refusals := 0
	for ; refusals < 2*needed && !m.closed; refusals++ {
		s, err := e.low(t.work)
		if err != nil {
			return err
		}
		if a := m.hand(t, &s); a.Outcome == Accepted {
			return fmt.Errorf("a low share that this check begins with was accepted")
		}
		raised, err := m.next(time.Millisecond, func(n *task) bool { return n.difficulty > t.difficulty+t.difficulty/4 })
		if err != nil {
			return err
		}
		if raised != nil {
			return failed(fmt.Sprintf("difficulty %d after %d refused shares, %d before", raised.difficulty, refusals+1, t.difficulty), "the difficulty does not rise")
		}
	}
	e.note(fmt.Sprintf("%d refused shares; good ones had raised the difficulty after %d", refusals, needed))
	e.pause(e.quiet())
	now, err := e.read()
	if err != nil {
		return err
	}
	if now.shares > before.shares || now.hashrate > before.hashrate && before.hashrate > 0 {
		return failed(fmt.Sprintf("%d more shares and a hashrate of %.3g after %.3g in the pool's statistics", now.shares-before.shares, now.hashrate, before.hashrate),
			"nothing that is counted for refused shares")
	}
	return nil
}

// windowSpan is the least number of share intervals that a shown hashrate is
// looked at after.
const windowSpan = 60

// statConfidence is what the shown hashrate is held to.
const statConfidence = 0.99

// vdStat02: the hashrate that the pool shows.
func vdStat02(e *Env) error {
	window := e.cfg.Declared.HashrateWindow
	if window <= 0 {
		return skipf("the adapter declares no hashrate_window")
	}
	b, err := e.newBench()
	if err != nil {
		return err
	}
	defer func() { _ = b.close() }() // memory only
	span := max(windowSpan, int(math.Ceil(float64(window)/float64(b.interval)))+settleSpan)
	c := course{start: 1, from: settleSpan, span: span}
	count, rate, err := b.miners(&c)
	if err != nil {
		return err
	}
	r, err := b.round(&c)
	if err != nil {
		return err
	}
	if err := cutOff(r); err != nil {
		return err
	}
	now, err := e.read()
	if err != nil {
		return err
	}
	return shownRate(e, now.hashrate, rate*float64(count), recentShares(r, window))
}

// recentShares counts the accepted shares of the last window of a round.
func recentShares(r *vardiff.LiveResult, window time.Duration) (n int) {
	for _, answers := range r.Answers {
		for _, at := range answers {
			if at >= r.Took-window {
				n++
			}
		}
	}
	return n
}

// shownRate judges a shown hashrate against the true one by the shares that it
// can rest on.
func shownRate(e *Env, shown, truth float64, shares int) error {
	if shown == 0 {
		return skipf("the adapter's ledger gives no hashrate")
	}
	if shares < 30 {
		return inconclusivef("%d shares in the window: too few to tell a hashrate by", shares)
	}
	in := stats.Poisson(uint64(shares), statConfidence).Scale(shown / float64(shares))
	seen := fmt.Sprintf("%.4g H/s shown, %.4g H/s true (99 %% of the shown one: %.4g to %.4g, from %d shares)", shown, truth, in.Low, in.High, shares)
	if !in.Contains(truth) {
		return failed(seen, "the true hashrate within the 99 % interval of the shown one")
	}
	e.note(seen)
	return nil
}
