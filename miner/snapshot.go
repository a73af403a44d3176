package miner

import (
	"math/big"
	"slices"
	"time"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/miner/watchdog"
)

// PoolState is how far the connection to the pool has come.
type PoolState uint8

// The states, in the order a connection goes through them.
const (
	PoolConnecting PoolState = iota // not connected: trying, or waiting to try again
	PoolConnected                   // connected, not yet logged in
	PoolReady                       // logged in
)

// String names the state for people.
func (s PoolState) String() string {
	switch s {
	case PoolConnected:
		return "logging in"
	case PoolReady:
		return "connected"
	}
	return "connecting"
}

// Pool is the connection as a snapshot shows it.
type Pool struct {
	State PoolState
	// Host is host:port of the pool in use or being tried; "" before the
	// first attempt.
	Host string
	// Dialect names the protocol, such as "cryptonote".
	Dialect string
	// Remote is the address behind the host, TLS the protocol version and
	// Fingerprint the certificate's SHA-256; all are "" without a connection,
	// the last two also without encryption.
	Remote, TLS, Fingerprint string
	// Since is when the state was reached.
	Since time.Time
	// LastError says why the last connection ended; "" when none has.
	LastError string
	// Failures counts connections lost or refused since the start.
	Failures uint64
}

// Job is the work in hand as a snapshot shows it.
type Job struct {
	ID         string
	Algorithm  *hash.Algorithm
	Height     uint64
	Difficulty uint64
	Received   time.Time
	// Count is how many jobs have come so far, this one included.
	Count uint64
	// Tried is how many nonces of its space were handed out; Space is how
	// many there are.
	Tried, Space uint64
}

// Worker is one search worker as a snapshot shows it.
type Worker struct {
	// Info is the zero value until the worker has started.
	Info   hash.SearcherInfo
	Hashes uint64
	Rates  Rates
	Shares Shares
	// Watch is the watchdog's record of a device; nil for the processor's
	// threads.
	Watch *watchdog.Status
}

// Snapshot is everything an interface shows, taken at one moment. It shares
// no memory with the engine.
type Snapshot struct {
	Time    time.Time
	Started time.Time
	// Algorithm is the one in use, or the configured one before the first job.
	Algorithm *hash.Algorithm
	Paused    bool
	Pool      Pool
	// Job is nil while there is no work.
	Job *Job

	Hashes  uint64
	Rates   Rates
	MaxRate float64
	// History is the rate in each of the last seconds, oldest first, at most
	// HistoryLength of them.
	History []float64
	Workers []Worker

	Shares    Shares
	Goal      uint64 // accepted shares to stop after; 0 is no end
	Reasons   []Reason
	Best      []*big.Int    // difficulties of the best accepted shares, highest first
	Effort    float64       // work for the accepted shares, percent of the expected
	LastShare time.Time     // when the newest share was accepted; zero before
	Latency   time.Duration // median submit round trip; 0 before the first answer

	// Events are the newest log lines, oldest first.
	Events []Event
}

// Uptime is how long the engine had run.
func (s *Snapshot) Uptime() time.Duration {
	if s.Started.IsZero() {
		return 0
	}
	return s.Time.Sub(s.Started)
}

// AverageRate is the mean hash rate since the start.
func (s *Snapshot) AverageRate() float64 {
	if up := s.Uptime().Seconds(); up > 0 {
		return float64(s.Hashes) / up
	}
	return 0
}

// Snapshot tells everything about the engine at this moment. It is cheap
// enough to be called several times a second.
func (e *Engine) Snapshot() Snapshot {
	now := time.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	s := Snapshot{
		Time: now, Started: e.started,
		Algorithm: e.cfg.Algorithm,
		Paused:    e.board.load().paused,
		Pool:      e.pool,
		Rates:     e.meter.rates(len(e.workers)),
		MaxRate:   e.meter.max,
		History:   e.meter.history(),
		Shares:    e.tally.total,
		Goal:      e.cfg.Goal,
		Reasons:   e.tally.reasonList(),
		Best:      slices.Clone(e.tally.best),
		LastShare: e.tally.lastShare,
		Latency:   e.tally.latency(),
		Events:    slices.Clone(e.log.ring),
	}
	e.snapWorkers(&s)
	e.snapJob(&s)
	s.Effort = e.tally.effort(s.Hashes)
	return s
}

func (e *Engine) snapWorkers(s *Snapshot) {
	s.Workers = make([]Worker, len(e.workers))
	for i, w := range e.workers {
		out := &s.Workers[i]
		out.Hashes = w.hashes.Load()
		out.Rates = e.meter.rates(i)
		out.Shares = e.tally.workers[i]
		if info := w.info.Load(); info != nil {
			out.Info = *info
		}
		if w.device != nil {
			status := w.device.Status()
			out.Watch = &status
		}
		s.Hashes += out.Hashes
	}
}

func (e *Engine) snapJob(s *Snapshot) {
	if e.job == nil {
		return
	}
	u := e.job.unit
	s.Algorithm = u.job.Algorithm
	s.Job = &Job{
		ID: printable(u.job.ID), Algorithm: u.job.Algorithm, Height: u.job.Height,
		Difficulty: u.job.Difficulty, Received: e.job.received, Count: e.jobs,
		Tried: u.space.next.Load(), Space: u.space.limit,
	}
}
