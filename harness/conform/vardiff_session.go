package conform

import (
	"errors"
	"fmt"
	"time"
)

// idleSpan is how many share intervals a silent miner's difficulty has to fall
// to the floor.
const idleSpan = 120

// raisable is a session whose difficulty rises when it submits good shares.
type raisable struct {
	*miner
	first *task
	from  uint64 // the difficulty that has to be exceeded
	sent  int
}

// newRaisable logs in and keeps the first job.
func (e *Env) newRaisable() (*raisable, error) {
	m, err := e.mine()
	if err != nil {
		return nil, err
	}
	t, err := m.task()
	if err != nil {
		return nil, err
	}
	return &raisable{miner: m, first: t, from: t.difficulty}, nil
}

// submit sends good shares of the first job at once and returns the job that
// follows when the difficulty has changed for one that is wanted; nil when it
// has not.
func (r *raisable) submit(count int, want func(*task) bool) (*task, error) {
	shares, err := r.stock(r.first, count)
	if err != nil {
		return nil, err
	}
	r.sent += len(shares)
	if r.burst(r.first, shares); r.closed {
		return nil, errors.New("the pool closed the connection on good shares")
	}
	after, err := r.next(r.env.quiet(), want)
	if err != nil {
		return nil, failed("a job that cannot be used: "+err.Error(), "a job with a target")
	}
	return after, nil
}

// rises submits until the difficulty is a quarter higher; nil when it is not
// after all that may be sent.
func (r *raisable) rises() (*task, error) {
	e, begun := r.env, time.Now()
	higher := func(t *task) bool { return t.difficulty > r.from+r.from/4 }
	for r.sent < maxBurst && time.Since(begun) < 2*e.cfg.TipWait+e.cfg.Effort {
		if after, err := r.submit(8, higher); after != nil || err != nil {
			return after, err
		}
	}
	return nil, nil
}

// quickPort points the check at the port whose difficulty follows quickly.
func (e *Env) quickPort() {
	if e.cfg.Declared.Vardiff != "" {
		e.target = e.cfg.Declared.Vardiff
	}
}

// vdStep03: a miner that stops.
func vdStep03(e *Env) error {
	interval, floor := e.cfg.Declared.ShareInterval, e.cfg.Declared.MinDifficulty
	switch {
	case interval <= 0:
		return skipf("the adapter declares no share_interval")
	case floor == 0:
		return skipf("the adapter declares no min_difficulty")
	}
	e.quickPort()
	return e.asNew(func() error { return e.fallsSilent(floor, interval) })
}

func (e *Env) fallsSilent(floor uint64, interval time.Duration) error {
	m, err := e.mine()
	if err != nil {
		return err
	}
	t, err := m.task()
	if err != nil {
		return err
	}
	if t.difficulty <= 2*floor { // there is nothing to fall from yet
		if t, err = e.above(m, t, floor); err != nil {
			return err
		}
	}
	from := t.difficulty
	lowest, err := e.falls(m, t, floor, idleSpan*interval)
	if err != nil {
		return err
	}
	e.note(fmt.Sprintf("from difficulty %d to %d, at least %d, in %d share intervals without a share", from, lowest.difficulty, floor, idleSpan))
	if lowest.difficulty > 2*floor {
		return failed(fmt.Sprintf("difficulty %d after %d share intervals without a share, %d before", lowest.difficulty, idleSpan, from),
			fmt.Sprintf("the least difficulty, %d, within a factor 2", floor))
	}
	return e.returns(m)
}

// above submits shares until the difficulty is clearly above the floor.
func (e *Env) above(m *miner, t *task, floor uint64) (*task, error) {
	r := &raisable{miner: m, first: t, from: t.difficulty}
	after, err := r.rises()
	if err == nil && (after == nil || after.difficulty <= 2*floor) {
		return nil, inconclusivef("the difficulty did not rise above its least, %d, whatever was submitted", floor)
	}
	return after, err
}

// falls waits with keepalives alone until the difficulty is at the floor, or time
// is up.
func (e *Env) falls(m *miner, t *task, floor uint64, within time.Duration) (*task, error) {
	for end := time.Now().Add(within); time.Now().Before(end) && t.difficulty > floor; {
		if e.ctx.Err() != nil {
			return nil, e.ctx.Err()
		}
		next, err := m.next(min(5*time.Second, time.Until(end)), func(*task) bool { return true })
		switch {
		case err != nil:
			return nil, failed("a job that cannot be used: "+err.Error(), "a job with a target")
		case m.closed:
			return nil, failed("the pool closed the connection of a silent miner that keeps alive", "the session goes on")
		case next != nil:
			t = next
		case !e.answers(m.Conn):
			return nil, failed("no answer to a keepalive of a silent miner", "the session goes on")
		}
	}
	return t, nil
}

// returns has a silent miner find a share again, on its session and on another.
func (e *Env) returns(m *miner) error {
	t, err := m.task()
	if err != nil {
		return err
	}
	s, err := e.valid(t.work)
	if err != nil {
		return err
	}
	if a := m.hand(t, &s); a.Outcome != Accepted {
		return failed(a.String()+" to a good share after the silence", "the share is accepted")
	}
	return e.healthy("a silent miner")
}

// vdRecon01: a miner that comes back at once.
func vdRecon01(e *Env) error {
	e.quickPort()
	return e.asNew(e.comesBack)
}

func (e *Env) comesBack() error {
	r, err := e.newRaisable()
	if err != nil {
		return err
	}
	after, err := r.rises()
	if err != nil {
		return err
	}
	if after == nil {
		return inconclusivef("the difficulty did not rise from %d, whatever was submitted", r.first.difficulty)
	}
	// What else the shares have moved has to have arrived.
	if _, err := r.next(e.quiet(), func(t *task) bool { after = t; return false }); err != nil {
		return err
	}
	r.Close()
	m, err := e.mine()
	if err != nil {
		return err
	}
	t, err := m.task()
	if err != nil {
		return err
	}
	e.note(fmt.Sprintf("difficulty %d at first, %d when it left, %d when it came back", r.first.difficulty, after.difficulty, t.difficulty))
	if t.difficulty*2 < after.difficulty || t.difficulty > after.difficulty*2 {
		return failed(fmt.Sprintf("difficulty %d for a miner that left at %d a moment before", t.difficulty, after.difficulty),
			"the difficulty that it left with, within a factor 2")
	}
	return nil
}

// explosion is how far one jump of the clock and a few hundred shares may raise
// a difficulty.
const explosion = 256

// vdClock01: the pool's clock jumps.
func vdClock01(e *Env) error {
	if e.cfg.Clock == nil {
		return skipf("moves the pool's clock: give an --adapter that says how")
	}
	e.quickPort()
	if err := e.asNew(e.canRise); err != nil {
		return err
	}
	moved := time.Duration(0)
	defer func() { _ = e.cfg.Clock.Shift(e.ctx, -moved) }() // later checks find it as it was
	for _, jump := range []time.Duration{time.Hour, -2 * time.Hour} {
		if err := e.asNew(func() error { return e.jump(jump, &moved) }); err != nil {
			return err
		}
	}
	return nil
}

// canRise has a session submit until its difficulty rises: what follows would
// show nothing otherwise.
func (e *Env) canRise() error {
	_, err := e.needed()
	return err
}

// needed is how many good shares it takes to raise a new session's difficulty.
func (e *Env) needed() (shares int, err error) {
	r, err := e.newRaisable()
	if err != nil {
		return 0, err
	}
	after, err := r.rises()
	if err == nil && after == nil {
		err = inconclusivef("the difficulty did not rise from %d, whatever was submitted", r.first.difficulty)
	}
	return r.sent, err
}

// jump moves the clock under a session that has begun, and has it submit.
func (e *Env) jump(by time.Duration, moved *time.Duration) error {
	r, err := e.newRaisable()
	if err != nil {
		return err
	}
	if _, err := r.submit(2, func(t *task) bool { r.from = t.difficulty; return false }); err != nil {
		return err
	}
	if err := e.cfg.Clock.Shift(e.ctx, by); err != nil {
		return fmt.Errorf("moving the pool's clock by %v: %w", by, err)
	}
	*moved += by
	what := fmt.Sprintf("after a jump of the clock by %v", by)
	after, err := r.rises()
	var outcome *outcomeError
	switch {
	case errors.As(err, &outcome):
		return err
	case err != nil:
		return failed(err.Error()+", "+what, "the difficulty follows as before")
	case after == nil:
		return failed(fmt.Sprintf("difficulty %d after %d good shares, %s", r.from, r.sent, what), "it rises, as it did before the jump")
	case after.difficulty > explosion*r.from:
		return failed(fmt.Sprintf("difficulty %d, %d before, %s", after.difficulty, r.from, what),
			fmt.Sprintf("at most %d times as much", explosion))
	}
	e.note(fmt.Sprintf("from %d to %d with %d shares %s", r.from, after.difficulty, r.sent, what))
	return e.healthy("a jump of the clock")
}
