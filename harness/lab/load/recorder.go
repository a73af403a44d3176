package load

import (
	"sync"
	"time"

	"github.com/aditmine/adit/harness/stats"
	"github.com/aditmine/adit/harness/wire"
)

// recorder gathers what comes of a run, for all connections.
type recorder struct {
	clock func() time.Time

	mu      sync.Mutex
	begun   time.Time
	classes map[Class]*tally
	lags    stats.Latency
}

// tally is what became of one class.
type tally struct {
	sent, accepted, rejected, unclear, unanswered int
	reasons                                       map[wire.Reason]int
	latency, service                              stats.Latency
}

func newRecorder(clock func() time.Time) *recorder {
	return &recorder{clock: clock, classes: map[Class]*tally{}}
}

// begin starts the run's clock, before anything is sent.
func (r *recorder) begin() { r.begun = r.clock() }

// now is the time since the start.
func (r *recorder) now() time.Duration { return r.since(r.clock()) }

func (r *recorder) since(at time.Time) time.Duration { return at.Sub(r.begun) }

func (r *recorder) lag(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lags.Add(max(d, 0))
}

// tally is the one of a class; r.mu is held.
func (r *recorder) tally(c Class) *tally {
	t := r.classes[c]
	if t == nil {
		t = &tally{reasons: map[wire.Reason]int{}}
		r.classes[c] = t
	}
	return t
}

func (r *recorder) sent(slots []slot, due []int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, i := range due {
		r.tally(slots[i].class).sent++
	}
}

// answer notes an answer: how long after the planned time, and after the
// writing, it came.
func (r *recorder) answer(c Class, latency, service time.Duration, v verdict) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.tally(c)
	t.latency.Add(latency)
	t.service.Add(service)
	switch {
	case v.accepted:
		t.accepted++
	case v.unclear:
		t.unclear++
	default:
		t.rejected++
		t.reasons[v.reason]++
	}
}

// unanswered notes what was sent and never answered: its latency is at least
// the time that was waited.
func (r *recorder) unanswered(conns []*conn, end time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range conns {
		for i := range c.slots {
			if s := &c.slots[i]; s.wrote.Load() > 0 && !s.answered.Load() {
				t := r.tally(s.class)
				t.unanswered++
				t.latency.Add(max(end-s.planned, 0))
			}
		}
	}
}

// outstanding counts what was queued and awaits its answer.
func outstanding(conns []*conn) (n int) {
	for _, c := range conns {
		if c.broken.Load() {
			continue
		}
		for i := range c.slots[:c.next] {
			if !c.slots[i].answered.Load() {
				n++
			}
		}
	}
	return n
}

// answers counts those that came.
func (r *recorder) answers() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.classes {
		n += t.accepted + t.rejected + t.unclear
	}
	return n
}

func (r *recorder) lagSummary() stats.Summary {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lags.Summary(0)
}
