package conform

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/harness/stats"
)

// latJob05: a notification that is lost. The suite's node never notifies, so each
// of its blocks is such a one.
func latJob05(e *Env) error {
	period := e.cfg.Declared.Poll
	if period <= 0 {
		return skipf("the adapter declares no poll")
	}
	m, err := e.mine()
	if err != nil {
		return err
	}
	if err := m.onTip("the login"); err != nil {
		return err
	}
	limit := period + time.Second + e.cfg.Slack
	for range 3 {
		began := time.Now()
		if err := e.node.Mine(1); err != nil {
			return err
		}
		if err := m.onTip("a block without notification"); err != nil {
			return err
		}
		if took := m.seen.Sub(began); took > limit {
			return failed(fmt.Sprintf("work after %v", took), fmt.Sprintf("work within %v: the declared poll of %v, and a second", limit, period))
		}
	}
	return nil
}

// The load of latSub01: how many shares, and at which rate where half the pool's
// capacity is more.
const (
	loadShares = 450
	mostLoad   = 100 // a second
)

// latSub01: answers at half of what the pool can do.
func latSub01(e *Env) error {
	if e.cfg.Declared.Fixed != "" {
		e.target = e.cfg.Declared.Fixed
	}
	return e.asNew(e.halfLoad)
}

func (e *Env) halfLoad() error {
	m, err := e.mine()
	if err != nil {
		return err
	}
	t, err := m.task()
	if err != nil {
		return err
	}
	shares, err := m.stock(t, loadShares+probedShares)
	if err != nil {
		return err
	}
	need := int(stats.Need(0.99))
	if len(shares) < need+probedShares {
		return inconclusivef("%d shares found within %v at difficulty %d, %d are needed for a 99th percentile: let the pool start lower",
			len(shares), e.cfg.Effort, t.difficulty, need+probedShares)
	}
	capacity, hashTime, err := e.capacity(m, t, shares[:probedShares])
	if err != nil {
		return err
	}
	rate := min(capacity/2, mostLoad)
	took, lag, err := m.paced(t, shares[probedShares:], rate)
	if err != nil {
		return err
	}
	p50, p99, late := at(took, 0.5), at(took, 0.99), at(lag, 0.99)
	if late > max(time.Millisecond.Seconds(), p50/10) {
		return inconclusivef("this machine was late itself, by %v at the 99th percentile", seconds(late))
	}
	limit := (10*hashTime + 5*time.Millisecond + e.cfg.Slack).Seconds()
	seen := fmt.Sprintf("99th percentile of %v over %d answers at %.0f/s, with room for %.0f/s; a hash takes %v here",
		seconds(p99), len(took), rate, capacity, stats.Rounded(hashTime))
	if p99 > limit {
		return failed(seen, fmt.Sprintf("at most %v: ten hashes and 5 ms", seconds(limit)))
	}
	e.note(seen)
	return nil
}

// at is a quantile of samples.
func at(samples []float64, q float64) float64 {
	sorted := stats.Sorted(samples)
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// paced hands in shares at random times of a rate, whatever is outstanding, and
// returns, in seconds, how long after its planned time each was answered and sent.
func (m *miner) paced(t *task, shares []share, rate float64) (took, lag []float64, err error) {
	planned, ids := make([]time.Time, len(shares)), make([]string, len(shares))
	due := time.Now()
	for i := range shares {
		due = due.Add(time.Duration(m.env.rng.ExpFloat64() / rate * float64(time.Second)))
		for wait := time.Until(due); wait > 0 && m.env.ctx.Err() == nil && !m.closed; wait = time.Until(due) {
			m.Next(wait)
		}
		planned[i] = due
		lag = append(lag, max(0, time.Since(due).Seconds()))
		ids[i] = m.pour(t, shares[i:i+1])[0]
	}
	for i, id := range ids {
		a := m.Await(id)
		if a.Message == nil {
			return nil, nil, failed(fmt.Sprintf("%s to share %d of %d at %.0f/s", a, i+1, len(ids), rate), "an answer to each share")
		}
		took = append(took, a.Message.at.Sub(planned[i]).Seconds())
	}
	return took, lag, nil
}

// rigTarget is the check's pool for measurements.
func (e *Env) rigTarget() rig.Target {
	t := rig.Target{Address: e.target, Proto: rig.CryptoNote, Login: e.newLogin(), Pass: e.cfg.Pass, Agent: agent,
		Algorithm: e.cfg.Algorithm, Dial: e.tapped, Timeout: e.cfg.Timeout}
	if e.cfg.Profile == CKB {
		t.Proto = rig.CKB
	}
	return t
}

// newLogin is a new worker's, where the pool has workers.
func (e *Env) newLogin() string {
	if e.cfg.Declared.WorkerSeparator == "" {
		return e.cfg.Login
	}
	return e.newWorker()
}

// probedShares are what the pool's capacity is measured with.
const probedShares = 100

// capacity is how many shares the pool judges in a second, and how long one hash
// takes here.
func (e *Env) capacity(m *miner, t *task, shares []share) (perSecond float64, hashTime time.Duration, err error) {
	const hashes = 16
	began := time.Now()
	for i := range hashes {
		if _, err := digest(e.hasher, t.work, shares[i%len(shares)].nonce); err != nil {
			return 0, 0, err
		}
	}
	hashTime = time.Since(began) / hashes
	began = time.Now()
	if accepted := m.burst(t, shares); accepted == 0 {
		return 0, 0, errors.New("none of the good shares that this check begins with was accepted")
	}
	return float64(len(shares)) / max(time.Since(began), time.Millisecond).Seconds(), hashTime, nil
}

// Rounds and sizes of latSub02.
const (
	pushRounds = 12
	pushers    = 4  // miners that hand in
	pushShares = 40 // each, at once
	pushMargin = 20 * time.Millisecond
)

// latSub02: new work while shares wait to be judged.
func latSub02(e *Env) error {
	crowd, err := e.crowd()
	if err != nil {
		return err
	}
	var idle, loaded [][]float64
	for range pushRounds {
		for _, series := range []*[][]float64{&idle, &loaded} {
			delays, err := e.pushed(crowd, series == &loaded)
			if err != nil {
				return err
			}
			*series = append(*series, delays)
		}
	}
	p99 := func(delays []float64) float64 { return at(delays, 0.99) }
	before, now := p99(slices.Concat(idle...)), p99(slices.Concat(loaded...))
	seen := fmt.Sprintf("99th percentile of %v under load, %v without (%d sessions, %d blocks each)",
		seconds(now), seconds(before), len(crowd), pushRounds)
	if now <= 2*before+(pushMargin+e.cfg.Slack).Seconds() {
		e.note(seen)
		return nil
	}
	// A pool that polls is late by chance: how much is behind the medians?
	_, ratio := stats.BlockRatio(idle, loaded, p99, findingConfidence, e.rng)
	if ratio.Low > 2 {
		return failed(seen, "at most twice as much under load")
	}
	return inconclusivef("%s: by chance, perhaps (ratio %.1f to %.1f)", seen, ratio.Low, ratio.High)
}

func seconds(s float64) time.Duration {
	return stats.Rounded(time.Duration(s * float64(time.Second)))
}

// pushed finds a block, with or without shares on their way, and times the work
// on it, in seconds.
func (e *Env) pushed(crowd []*miner, loaded bool) ([]float64, error) {
	for _, m := range crowd {
		if err := m.onTip("the block before"); err != nil {
			return nil, err
		}
		m.alive() // a silent miner is sent away in time
	}
	e.pause(time.Duration(e.rng.Int64N(int64(time.Second)))) // any phase of the pool's polling
	flow := func() error { return nil }
	if loaded {
		var err error
		if flow, err = e.dam(); err != nil {
			return nil, err
		}
	}
	began := time.Now()
	if err := errors.Join(flow(), e.node.Mine(1)); err != nil {
		return nil, err
	}
	var delays []float64
	for _, m := range crowd {
		if err := m.onTip("a new block"); err != nil {
			if m.closed {
				err = inconclusivef("the pool closed a session that only waited for work")
			}
			return nil, err
		}
		delays = append(delays, m.seen.Sub(began).Seconds())
	}
	return delays, nil
}

// alive says that the miner is there. Logins, which ask repeats with ckb, are
// limited on many pools.
func (m *miner) alive() {
	if m.ckb != nil {
		m.Request("mining.extranonce.subscribe", []any{})
		return
	}
	m.Request("keepalived", params{"id": m.cn.id})
}

// dam has new miners find shares, and returns what hands them all in at once.
// They come from an address of their own: some will be late for the block, and a
// pool may think ill of whoever sends many such.
func (e *Env) dam() (flow func() error, err error) {
	was := e.dial
	e.dial = e.cfg.dialer()
	defer func() { e.dial = was }()
	var pours []func()
	for range pushers {
		if err := e.asNew(func() error {
			m, err := e.mine()
			if err != nil {
				return err
			}
			t, err := m.task()
			if err != nil {
				return err
			}
			shares, err := m.stock(t, pushShares)
			pours = append(pours, func() { m.pour(t, shares) })
			return err
		}); err != nil {
			return nil, err
		}
	}
	return func() error {
		for _, pour := range pours {
			pour()
		}
		return nil
	}, nil
}
