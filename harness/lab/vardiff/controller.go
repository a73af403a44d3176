package vardiff

import "time"

// Controller decides the share difficulty of one session. Times count from
// the beginning of the session and never go back. It is used by one goroutine.
type Controller interface {
	// Difficulty is that of the next job, at least 1.
	Difficulty() uint64
	// Share tells of an accepted share and the difficulty of its job.
	Share(at time.Duration, difficulty uint64)
	// Tick comes at regular times, whether there are shares or not.
	Tick(at time.Duration)
}

// Creditor is a Controller that also says what a share counts for. Without it
// a share counts for the difficulty of its job.
type Creditor interface {
	// Credit is for a share that was issued at one difficulty and truly met
	// another, at least as high.
	Credit(issued uint64, met float64) float64
}

// Settings are what a port is declared with.
type Settings struct {
	// Interval is the declared time between shares.
	Interval time.Duration
	// Start is the difficulty a session begins at; Min and Max bound it (0: 1,
	// and no upper bound).
	Start, Min, Max uint64
}

// clamp brings a difficulty into the bounds.
func (s *Settings) clamp(d float64) float64 {
	d = max(d, float64(max(s.Min, 1)))
	if s.Max > 0 {
		d = min(d, float64(s.Max))
	}
	return d
}

// seconds is the declared interval in seconds.
func (s *Settings) seconds() float64 { return s.Interval.Seconds() }

// Model is an algorithm with a name.
type Model struct {
	// ID names it on a command line; Form says what it does.
	ID   string `json:"id"`
	Form string `json:"form"`
	// Interval is the share interval it is used with; 0 leaves it to the
	// laboratory.
	Interval time.Duration `json:"interval_ns,omitempty"`
	// TickEvery is how often Tick is called; the phase is random.
	TickEvery time.Duration `json:"tick_ns"`
	// New begins a session.
	New func(Settings) Controller `json:"-"`
}

// difficulty rounds what a controller keeps as a fraction.
func difficulty(d float64) uint64 { return uint64(max(d, 1) + 0.5) }
