package load

import (
	"context"
	"fmt"
)

// Sweep is a series of runs at growing rates.
type Sweep struct {
	Runs []*Result `json:"runs"`
	// Knee is the highest rate before the pool no longer kept up, 0 when
	// already the first run was beyond it.
	Knee float64 `json:"knee_per_s"`
	// Beyond says what showed that it did not; empty when it kept up with
	// every rate.
	Beyond string `json:"beyond,omitempty"`
}

// The signs that a pool does not keep up with a rate.
const (
	kneeLatency  = 10   // times the 99th percentile of the lowest rate
	kneeAnswered = 0.95 // of what was offered
)

// RunSweep runs at each rate in turn and stops after the first beyond the
// knee, or that is void: a generator that is late knows nothing of the pool.
func RunSweep(ctx context.Context, cfg Config, rates []float64) (*Sweep, error) {
	s := &Sweep{}
	for _, rate := range rates {
		c := cfg
		c.Rate = rate
		r, err := Run(ctx, c)
		if r != nil {
			s.Runs = append(s.Runs, r)
		}
		if err != nil {
			return s, err
		}
		if s.Beyond = beyond(s.Runs[0], r); s.Beyond != "" {
			return s, nil
		}
		s.Knee = rate
	}
	return s, nil
}

// beyond says why a run shows that the pool did not keep up, compared with the
// first.
func beyond(first, r *Result) string {
	// What each connection has on its way when the plan ends is no backlog.
	if r.Reached*r.Took.Seconds() < kneeAnswered*float64(r.Planned)-float64(r.Conns) {
		return fmt.Sprintf("at %.0f/s only %.0f answers/s came", r.Offered, r.Reached)
	}
	if len(r.Void) > 0 {
		return fmt.Sprintf("at %.0f/s the run is void: %s", r.Offered, r.Void[0])
	}
	low, now := Quantile(&first.Classes[0].Latency, 0.99), Quantile(&r.Classes[0].Latency, 0.99)
	if low != nil && now != nil && *now > kneeLatency**low {
		return fmt.Sprintf("at %.0f/s the 99th percentile is more than %d times that at %.0f/s", r.Offered, kneeLatency, first.Offered)
	}
	return ""
}
