package vardiff

import (
	"math/rand/v2"
	"time"
)

// ideal is the difficulty that x = 1 stands for at rate 1: large enough for
// whole numbers not to matter.
const ideal = 1e6

// floor is the port's least difficulty: it bounds how far a pause can let a
// session sink, as ports do.
const floor = ideal / 1000

// Change is a difficulty in force from a time on, relative to the ideal one at
// rate 1.
type Change struct {
	At time.Duration `json:"at_ns"`
	X  float64       `json:"x"`
}

// Trial is what came of one simulated session.
type Trial struct {
	Changes []Change
	// Shares are when shares reached the pool.
	Shares []time.Duration
	// Work is what the miner hashed and Credit what the pool gave for it, both
	// relative to the ideal difficulty at rate 1.
	Work, Credit float64
}

// session runs one trial. It draws from one source in the order of events, so
// that a seed repeats it.
type session struct {
	sc       *Scenario
	model    *Model
	interval time.Duration
	rng      *rand.Rand

	c         Controller
	began     time.Duration // of the present connection
	issued    uint64        // the pool's difficulty
	mined     float64       // the difficulty the miner works at
	now, tick time.Duration
	reconnect []time.Duration // still to come
	jobs      []job           // on their way to the miner
	shares    []share         // on their way to the pool
	trial     Trial
}

type job struct {
	at         time.Duration
	difficulty uint64
}

type share struct {
	at         time.Duration
	difficulty uint64
	met        float64
	session    time.Duration // the connection it was found on
}

// Simulate runs one trial of a model in virtual time. Gaps between shares are
// exponential; the process is without memory, so a gap is drawn anew whenever
// anything changes.
func Simulate(m *Model, sc *Scenario, interval time.Duration, rng *rand.Rand) Trial {
	s := &session{sc: sc, model: m, interval: interval, rng: rng, reconnect: sc.Reconnects}
	s.connect(difficulty(sc.Start * ideal))
	for s.now < sc.Length {
		s.step()
	}
	return s.trial
}

// connect begins a session of the pool.
func (s *session) connect(start uint64) {
	s.c = s.model.New(Settings{Interval: s.interval, Start: start, Min: floor})
	s.began, s.tick = s.now, s.now+s.sweep()
	s.jobs = s.jobs[:0]
	s.issued = s.c.Difficulty()
	s.mined = float64(s.issued)
	s.note()
}

// sweep is when the pool's next look at a new session comes: it looks at all
// at once, so the phase is anybody's.
func (s *session) sweep() time.Duration {
	return time.Duration(s.rng.Float64() * float64(s.model.TickEvery))
}

func (s *session) note() {
	s.trial.Changes = append(s.trial.Changes, Change{s.now, float64(s.issued) / ideal})
}

// step goes to the next event and lets it happen.
func (s *session) step() {
	rate, until := s.sc.rate(s.now)
	perSecond := rate * ideal / s.interval.Seconds()
	next := min(until, s.tick, s.sc.Length)
	if len(s.jobs) > 0 {
		next = min(next, s.jobs[0].at)
	}
	if len(s.shares) > 0 {
		next = min(next, s.shares[0].at)
	}
	if len(s.reconnect) > 0 {
		next = min(next, s.reconnect[0])
	}
	if gap := s.rng.ExpFloat64() * s.mined / perSecond; rate > 0 && gap < (next-s.now).Seconds() {
		s.pass(time.Duration(gap*1e9), rate)
		s.find()
		return
	}
	s.pass(next-s.now, rate)
	s.happen()
}

// pass lets time go by, in which the miner works.
func (s *session) pass(d time.Duration, rate float64) {
	s.trial.Work += rate * d.Seconds() / s.interval.Seconds()
	s.now += d
}

// find is a share at the miner. How much it truly meets is Pareto distributed.
func (s *session) find() {
	met := s.mined / (1 - s.rng.Float64())
	found := share{at: s.now + s.sc.Flight, difficulty: uint64(s.mined), met: met, session: s.began}
	if s.sc.Flight > 0 {
		s.shares = append(s.shares, found)
		return
	}
	s.arrive(found)
}

// arrive is a share at the pool.
func (s *session) arrive(found share) {
	if found.session != s.began {
		return // its connection is gone
	}
	s.trial.Shares = append(s.trial.Shares, s.now)
	credit := float64(found.difficulty)
	if c, ok := s.c.(Creditor); ok {
		credit = c.Credit(found.difficulty, found.met)
	}
	s.trial.Credit += credit / ideal
	s.c.Share(s.now-s.began, found.difficulty)
	s.follow()
}

// happen is whatever is due now, other than a share found.
func (s *session) happen() {
	for len(s.jobs) > 0 && s.jobs[0].at <= s.now {
		s.mined, s.jobs = float64(s.jobs[0].difficulty), s.jobs[1:]
	}
	for len(s.shares) > 0 && s.shares[0].at <= s.now {
		found := s.shares[0]
		s.shares = s.shares[1:]
		s.arrive(found)
	}
	if s.tick <= s.now {
		s.tick += s.model.TickEvery
		s.c.Tick(s.now - s.began)
		s.follow()
	}
	if len(s.reconnect) > 0 && s.reconnect[0] <= s.now {
		s.reconnect = s.reconnect[1:]
		start := difficulty(s.sc.Start * ideal)
		if s.sc.Remembers {
			start = s.issued
		}
		s.connect(start)
	}
}

// follow passes a changed difficulty on to the miner.
func (s *session) follow() {
	d := s.c.Difficulty()
	if d == s.issued {
		return
	}
	s.issued = d
	s.note()
	if s.sc.Flight == 0 {
		s.mined = float64(d)
		return
	}
	s.jobs = append(s.jobs, job{s.now + s.sc.Flight, d})
}
