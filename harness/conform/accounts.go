package conform

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// book is what the ledger holds for the account of the run.
type book struct {
	shares   uint64
	work     float64
	hashrate float64            // as it is shown, in hashes per second
	by       map[string]float64 // worker -> work
}

// read reads the ledger.
func (e *Env) read() (b book, err error) {
	credits, err := e.cfg.Ledger.Credits(e.ctx)
	if err != nil {
		return b, err
	}
	b.by = map[string]float64{}
	for _, c := range credits {
		if c.Account == e.account() {
			b.shares += c.Shares
			b.work += c.Work
			b.hashrate += c.Hashrate
			b.by[c.Worker] += c.Work
		}
	}
	return b, nil
}

// account is what the ledger calls the run's login.
func (e *Env) account() string {
	if e.owner != "" {
		return e.owner
	}
	return e.cfg.Login
}

// asNew does something as a worker that the pool has never seen, so that its
// sessions begin at the difficulty of new ones. Without a worker_separator it is
// done as ever.
func (e *Env) asNew(do func() error) error {
	cfg := e.cfg
	if cfg.Declared.WorkerSeparator == "" {
		return do()
	}
	own := *cfg
	own.Login = e.newWorker()
	e.cfg, e.owner = &own, cfg.Login
	defer func() { e.cfg, e.owner = cfg, "" }()
	return do()
}

// newWorker is the run's login with the name of a worker behind it. Two runs with
// one seed must not meet: pools remember names.
func (e *Env) newWorker() string {
	e.workers++
	return e.cfg.Login + e.cfg.Declared.WorkerSeparator + "v" + strconv.FormatInt(e.cfg.Now().UnixNano()%1e12, 36) + "n" + itoa(e.workers)
}

// credited waits until the ledger has what was acknowledged, and compares.
func (e *Env) credited(before book, shares uint64, work float64) error {
	var now book
	var err error
	for end := time.Now().Add(e.cfg.Timeout); ; e.pause(200 * time.Millisecond) {
		if now, err = e.read(); err != nil {
			return err
		}
		if now.shares-before.shares >= shares || !time.Now().Before(end) {
			break
		}
	}
	got := now.work - before.work
	if now.shares-before.shares != shares || math.Abs(got-work) > work/100 {
		return failed(fmt.Sprintf("%d shares worth %.0f more in the ledger", now.shares-before.shares, got),
			fmt.Sprintf("%d shares worth %.0f, within one percent", shares, work))
	}
	return nil
}

// targetCredit: the credit is the target's difficulty.
func targetCredit(e *Env) error {
	before, err := e.read()
	if err != nil {
		return err
	}
	m, err := e.mine()
	if err != nil {
		return err
	}
	t, err := m.task()
	if err != nil {
		return err
	}
	const count = 5
	shares, err := m.stock(t, count)
	if err != nil {
		return err
	}
	accepted := 0
	for i := range shares {
		if m.hand(t, &shares[i]).Outcome == Accepted {
			accepted++
		}
	}
	if accepted == 0 {
		return errors.New("none of the good shares that this check begins with was accepted")
	}
	return e.credited(before, uint64(accepted), float64(accepted)*float64(t.difficulty))
}

// acrossRetarget: shares of the job before count at its difficulty.
func acrossRetarget(e *Env) error {
	r, err := e.raise()
	if err != nil {
		return err
	}
	e.pause(e.quiet())
	before, err := e.read()
	if err != nil {
		return err
	}
	if a := r.hand(r.before, &r.spare[0]); a.Outcome != Accepted {
		return failed(a.String()+" to a good share of the job before", "the share is accepted")
	}
	good, err := e.valid(r.after.work)
	if err != nil {
		return err
	}
	if a := r.hand(r.after, &good); a.Outcome != Accepted {
		return fmt.Errorf("the good share for the new job that this check needs was not accepted: %s", a)
	}
	return e.credited(before, 2, float64(r.before.difficulty+r.after.difficulty))
}

// opsLedger01: the ledger's sum is what was accepted, and nothing of what was
// refused.
func opsLedger01(e *Env) error {
	before, err := e.read()
	if err != nil {
		return err
	}
	m, err := e.mine()
	if err != nil {
		return err
	}
	t, err := m.task()
	if err != nil {
		return err
	}
	shares, err := m.stock(t, 10)
	if err != nil {
		return err
	}
	accepted := 0
	hand := func(s *share) {
		if m.hand(t, s).Outcome == Accepted {
			accepted++
		}
	}
	for i := range shares {
		hand(&shares[i])
	}
	hand(&shares[0])
	if t.difficulty > 1 {
		low, err := e.low(t.work)
		if err != nil {
			return err
		}
		hand(&low)
	}
	return e.credited(before, uint64(accepted), float64(accepted)*float64(t.difficulty))
}

// ckbAuth04: two workers on one connection.
func ckbAuth04(e *Env) error {
	sep := e.cfg.Declared.WorkerSeparator
	if sep == "" {
		return skipf("the adapter declares no worker_separator")
	}
	before, err := e.read()
	if err != nil {
		return err
	}
	s, err := e.ckbLogin()
	if err != nil {
		return err
	}
	names := []string{"h1", "h2"}
	for i, name := range names {
		a := s.Call("mining.authorize", []any{e.cfg.Login + sep + name, e.cfg.Pass})
		if a.Outcome != Accepted && i > 0 {
			return nil // refused
		}
		if a.Outcome != Accepted {
			return fmt.Errorf("the worker %s was not authorised: %s", name, a)
		}
	}
	for _, name := range names {
		nonce2, err := s.valid()
		if err != nil {
			return err
		}
		if a := s.Call("mining.submit", []any{e.cfg.Login + sep + name, s.job.id, nonce2}); a.Outcome != Accepted {
			return failed(a.String()+" to a good share of worker "+name, "the share is accepted")
		}
	}
	var missing []string
	for end := time.Now().Add(e.cfg.Timeout); ; e.pause(200 * time.Millisecond) {
		now, err := e.read()
		if err != nil {
			return err
		}
		missing = nil
		for _, name := range names {
			if now.by[name] <= before.by[name] {
				missing = append(missing, name)
			}
		}
		if len(missing) == 0 || !time.Now().Before(end) {
			break
		}
	}
	if len(missing) > 0 {
		return failed("nothing more for "+strings.Join(missing, " and "), "credit for each worker", "a refusal of the second one")
	}
	return nil
}

// restart ends the pool and starts it again, with shares acknowledged before.
func (e *Env) restart(end func() error) error {
	before, err := e.read()
	if err != nil {
		return err
	}
	m, err := e.mine()
	if err != nil {
		return err
	}
	t, err := m.task()
	if err != nil {
		return err
	}
	shares, err := m.stock(t, 10)
	if err != nil {
		return err
	}
	accepted := m.burst(t, shares)
	if err := errors.Join(end(), e.cfg.Control.Start(e.ctx)); err != nil {
		return err
	}
	return e.credited(before, uint64(accepted), float64(accepted)*float64(t.difficulty))
}

// opsRestart01: an orderly end.
func opsRestart01(e *Env) error {
	return e.restart(func() error { return e.cfg.Control.Stop(e.ctx) })
}

// opsRestart02: a sudden end.
func opsRestart02(e *Env) error {
	return e.restart(func() error { return e.cfg.Control.Kill(e.ctx) })
}
