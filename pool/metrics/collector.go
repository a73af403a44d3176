package metrics

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/aditmine/adit/pool"
	"github.com/aditmine/adit/pool/histogram"
	"github.com/aditmine/adit/pool/ledger"
)

// DefaultWorkers bounds how many workers a collector remembers: about half a
// kilobyte each.
const DefaultWorkers = 250_000

// forgetAfter is how long a worker without a session is remembered: as long as
// the widest window.
const forgetAfter = Day

// Collector keeps figures of each worker and of each coin. It is safe for
// concurrent use.
type Collector struct {
	now   func() time.Time
	since time.Time
	limit int

	answered histogram.Histogram

	mu       sync.Mutex
	logins   map[account]map[device]*worker
	workers  int
	sessions map[uint64]*worker
	coins    map[string]*Meter[float64]
	solo     map[string]*Meter[float64] // the part of them that is paid under SOLO
	swept    time.Time
}

// account is a login on a coin, device one of its machines.
type (
	account struct{ coin, login string }
	device  struct{ worker, rig string }
)

func accountOf(m ledger.Miner) account { return account{m.Coin, m.Login} }
func deviceOf(m ledger.Miner) device   { return device{m.Worker, m.Rig} }

// worker is what is known of one login's worker.
type worker struct {
	account
	meter    *Meter[float32]
	agent    string
	sessions int
	seen     time.Time // last sign of life
	shares   time.Time // last accepted share
	accepted uint64
	rejected uint64
	solo     bool // its last share is paid for under SOLO
}

// New returns an empty collector. It remembers up to limit workers, 0 being
// DefaultWorkers; the work of more counts for their coin only.
func New(limit int, now func() time.Time) *Collector {
	return &Collector{
		now: now, since: now(), limit: cmp.Or(max(limit, 0), DefaultWorkers),
		logins:   make(map[account]map[device]*worker),
		sessions: make(map[uint64]*worker),
		coins:    make(map[string]*Meter[float64]),
		solo:     make(map[string]*Meter[float64]),
	}
}

// Since is when the collector began to count.
func (c *Collector) Since() time.Time { return c.since }

// Observe takes in an event of the pool; it is made for pool.Deps.Observe.
func (c *Collector) Observe(e pool.Event) {
	switch e := e.(type) {
	case *pool.SessionOpened:
		c.opened(e)
	case *pool.SessionClosed:
		c.closed(e)
	case *pool.ShareAccepted:
		c.answered.Observe(e.Latency)
		c.accepted(e)
	case *pool.ShareRejected:
		c.rejected(e)
	}
}

// know finds a worker, or begins to remember it; nil when there are too many.
// c.mu is held.
func (c *Collector) know(m ledger.Miner, now time.Time) *worker {
	w := c.logins[accountOf(m)][deviceOf(m)]
	if w == nil {
		if c.workers >= c.limit && !c.sweep(now) {
			return nil
		}
		w = &worker{account: accountOf(m), meter: NewMeter[float32]()}
		if c.logins[w.account] == nil {
			c.logins[w.account] = make(map[device]*worker, 1)
		}
		c.logins[w.account][deviceOf(m)] = w
		c.workers++
	}
	w.seen = now
	return w
}

// sweep forgets workers that have been gone for a day, at most once a minute.
// It reports whether there is room.
func (c *Collector) sweep(now time.Time) bool {
	if now.Sub(c.swept) >= time.Minute {
		c.swept = now
		for a, devices := range c.logins {
			for d, w := range devices {
				if w.sessions == 0 && now.Sub(w.seen) > forgetAfter {
					delete(devices, d)
					c.workers--
				}
			}
			if len(devices) == 0 {
				delete(c.logins, a)
			}
		}
	}
	return c.workers < c.limit
}

// meterOf is that of a coin; c.mu is held.
func meterOf(coins map[string]*Meter[float64], coin string) *Meter[float64] {
	m := coins[coin]
	if m == nil {
		m = NewMeter[float64]()
		coins[coin] = m
	}
	return m
}

func (c *Collector) opened(e *pool.SessionOpened) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end(e.Session) // it has logged in again, perhaps as another
	w := c.know(e.Miner, c.now())
	if w == nil {
		return
	}
	w.sessions++
	w.agent = e.Agent
	c.sessions[e.Session] = w
}

func (c *Collector) closed(e *pool.SessionClosed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end(e.Session)
}

// end takes a session from its worker; c.mu is held.
func (c *Collector) end(session uint64) {
	if w := c.sessions[session]; w != nil {
		w.sessions--
		w.seen = c.now()
		delete(c.sessions, session)
	}
}

func (c *Collector) accepted(e *pool.ShareAccepted) {
	c.Credit(e.Miner, float64(e.Difficulty), 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.Solo {
		meterOf(c.solo, e.Miner.Coin).Add(c.now(), float64(e.Difficulty))
	}
	if w := c.logins[accountOf(e.Miner)][deviceOf(e.Miner)]; w != nil {
		w.solo = e.Solo
	}
}

// Credit counts shares that a miner has sent, and the work that they prove. It
// is for those that no event tells of: another process has taken them.
func (c *Collector) Credit(m ledger.Miner, work float64, shares uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	meterOf(c.coins, m.Coin).Add(now, work)
	if w := c.know(m, now); w != nil {
		w.meter.Add(now, work)
		w.shares = now
		w.accepted += shares
	}
}

func (c *Collector) rejected(e *pool.ShareRejected) {
	if e.Miner.Login == "" {
		return // nobody's: not logged in
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if w := c.logins[accountOf(e.Miner)][deviceOf(e.Miner)]; w != nil {
		w.rejected++
	}
}

// Rates are hashrates over the windows, in hashes a second.
type Rates struct {
	Now, Hour, SixHours, Day float64
}

func rates[T ~float32 | ~float64](m *Meter[T], now, since time.Time) Rates {
	return Rates{m.Rate(now, Short, since), m.Rate(now, Hour, since), m.Rate(now, 6*Hour, since), m.Rate(now, Day, since)}
}

// Worker are the figures of one worker.
type Worker struct {
	ledger.Miner
	Rates
	Agent              string // of its newest session; chosen by the miner
	Sessions           int
	LastShare          time.Time // zero before the first
	Accepted, Rejected uint64    // shares since the collector began
}

// Login are the figures of all workers of a login together.
type Login struct {
	Coin, Login string
	Rates
	Workers   int // with an open session
	Sessions  int
	LastShare time.Time
}

// Solo is the part of a coin's pool that mines under SOLO.
type Solo struct {
	Rates
	Miners, Workers int // with an open session, whose last share was so
}

// Solo tells who mines a coin under SOLO.
func (c *Collector) Solo(coin string) (s Solo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.solo[coin]; m != nil {
		s.Rates = rates(m, c.now(), c.since)
	}
	for a, devices := range c.logins {
		if a.coin != coin {
			continue
		}
		alone := 0
		for _, w := range devices {
			if w.solo {
				alone += w.sessions
			}
		}
		if alone > 0 {
			s.Miners++
			s.Workers += alone
		}
	}
	return s
}

// Coins are the hashrates of each coin's pool.
func (c *Collector) Coins() map[string]Rates {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, coins := c.now(), make(map[string]Rates, len(c.coins))
	for name, m := range c.coins {
		coins[name] = rates(m, now, c.since)
	}
	return coins
}

// summedAtOnce is how many workers Logins looks at while events wait.
const summedAtOnce = 256

// Logins sums up all logins, those with the highest hashrate first.
func (c *Collector) Logins() []Login {
	all := c.everyone()
	logins := make(map[account]*Login)
	for some := range slices.Chunk(all, summedAtOnce) {
		c.mu.Lock()
		now := c.now()
		for _, w := range some {
			l := logins[w.account]
			if l == nil {
				l = &Login{Coin: w.coin, Login: w.login}
				logins[w.account] = l
			}
			l.add(w, now, c.since)
		}
		c.mu.Unlock()
	}
	list := make([]Login, 0, len(logins))
	for _, l := range logins {
		list = append(list, *l)
	}
	slices.SortFunc(list, func(a, b Login) int {
		return cmp.Or(cmp.Compare(b.Now, a.Now), cmp.Compare(b.Day, a.Day), cmp.Compare(a.Login, b.Login), cmp.Compare(a.Coin, b.Coin))
	})
	return list
}

// everyone lists all workers.
func (c *Collector) everyone() []*worker {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]*worker, 0, c.workers)
	for _, devices := range c.logins {
		for _, w := range devices {
			list = append(list, w)
		}
	}
	return list
}

func (l *Login) add(w *worker, now, since time.Time) {
	r := rates(w.meter, now, since)
	l.Now += r.Now
	l.Hour += r.Hour
	l.SixHours += r.SixHours
	l.Day += r.Day
	l.Sessions += w.sessions
	if w.sessions > 0 {
		l.Workers++
	}
	if w.shares.After(l.LastShare) {
		l.LastShare = w.shares
	}
}

// WorkersOf lists a login's workers by name, and the login's hashrate over the
// last day.
func (c *Collector) WorkersOf(coin, login string) (workers []Worker, history []Point) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	for d, w := range c.logins[account{coin, login}] {
		workers = append(workers, Worker{
			Miner: ledger.Miner{Coin: coin, Login: login, Worker: d.worker, Rig: d.rig}, Rates: rates(w.meter, now, c.since), Agent: w.agent, Sessions: w.sessions,
			LastShare: w.shares, Accepted: w.accepted, Rejected: w.rejected,
		})
		history = addPoints(history, w.meter.History(now, c.since))
	}
	slices.SortFunc(workers, func(a, b Worker) int {
		return cmp.Or(cmp.Compare(a.Worker, b.Worker), cmp.Compare(a.Rig, b.Rig))
	})
	return workers, history
}

// addPoints adds points of the same moments.
func addPoints(sum, more []Point) []Point {
	if sum == nil {
		return more
	}
	for i := range more {
		sum[i].Hashrate += more[i].Hashrate
	}
	return sum
}

// Answered tells how long accepted shares waited for their answer, from the
// arrival of their line.
func (c *Collector) Answered() histogram.Counts { return c.answered.Counts() }
