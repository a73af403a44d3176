package load

import (
	"fmt"
	"time"

	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/harness/stats"
	"github.com/aditmine/adit/harness/wire"
)

// Result is what came of a run. Times are in nanoseconds.
type Result struct {
	Target string `json:"target"`
	Proto  string `json:"proto"`
	Conns  int    `json:"connections"`
	Mix    Mix    `json:"mix"`
	Seed   uint64 `json:"seed"`
	// Offered is the rate asked for, Reached that of the answers while the
	// plan ran, both per second.
	Offered float64 `json:"offered_per_s"`
	Reached float64 `json:"answered_per_s"`
	// Took is how long the plan ran; Drain how long the last answer took
	// after it.
	Took  time.Duration `json:"took_ns"`
	Drain time.Duration `json:"drain_ns"`
	// Planned submits, those sent, and those that a closed connection, or the
	// end of the run, kept from being sent.
	Planned int `json:"planned"`
	Sent    int `json:"sent"`
	Unsent  int `json:"unsent"`
	// Closed counts the connections that the pool ended.
	Closed  int           `json:"closed_connections"`
	Classes []ClassResult `json:"classes"`
	// Shares says where the shares came from, where there was a bank.
	Shares *ShareCount `json:"shares,omitempty"`
	// Lag is how late the generator was, CPU the part of the machine that it
	// used (0 where it cannot be told).
	Lag stats.Summary `json:"lag"`
	CPU float64       `json:"cpu"`
	// Void says why the run's times are no measurement of the pool; empty when
	// they are one.
	Void []string `json:"void,omitempty"`
}

// ShareCount says where shares came from that took a search.
type ShareCount struct {
	Banked int `json:"banked"` // found before the run
	Mined  int `json:"mined"`
}

func (c *ShareCount) add(s *rig.Share) {
	if s.Banked {
		c.Banked++
		return
	}
	c.Mined++
}

// shareCount sums up over the connections; nil without a bank.
func shareCount(c *Config, conns []*conn) *ShareCount {
	if !c.Finder.HasBank() {
		return nil
	}
	sum := &ShareCount{}
	for _, conn := range conns {
		sum.Banked += conn.shares.Banked
		sum.Mined += conn.shares.Mined
	}
	return sum
}

// ClassResult is what became of the submits of one class.
type ClassResult struct {
	Class      Class               `json:"class"`
	Sent       int                 `json:"sent"`
	Accepted   int                 `json:"accepted"`
	Rejected   int                 `json:"rejected"`
	Unclear    int                 `json:"unclear,omitempty"`
	Unanswered int                 `json:"unanswered,omitempty"`
	Reasons    map[wire.Reason]int `json:"reasons,omitempty"`
	// Wrong are verdicts that are false: valid and not accepted, or accepted
	// and neither valid nor stale. A pool may forgive a stale share.
	Wrong int `json:"wrong"`
	// Latency counts from the planned time, and counts what was not answered
	// as the time waited; Service counts from the writing.
	Latency stats.Summary `json:"latency"`
	Service stats.Summary `json:"service"`
}

// Wrong counts false verdicts over all classes.
func (r *Result) Wrong() (n int) {
	for i := range r.Classes {
		n += r.Classes[i].Wrong
	}
	return n
}

// Quantile is that of a summary in nanoseconds, nil where there are too few
// samples.
func Quantile(s *stats.Summary, q float64) *int64 {
	for _, v := range s.Quantiles {
		if v.Q == q {
			return v.Nanoseconds
		}
	}
	return nil
}

// classResults are those of the classes that were sent.
func (r *recorder) classResults() []ClassResult {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []ClassResult
	for _, class := range classOrder {
		t := r.classes[class]
		if t == nil {
			continue
		}
		c := ClassResult{Class: class, Sent: t.sent, Accepted: t.accepted, Rejected: t.rejected, Unclear: t.unclear,
			Unanswered: t.unanswered, Reasons: t.reasons, Latency: t.latency.Summary(int64(t.unanswered)), Service: t.service.Summary(0)}
		switch class {
		case Valid:
			c.Wrong = t.rejected + t.unclear + t.unanswered
		case Stale:
		default:
			c.Wrong = t.accepted
		}
		out = append(out, c)
	}
	return out
}

// maxCPU is the part of the machine above which the generator's own work, and
// not the pool's, may be what is measured.
const maxCPU = 0.8

// judge says why a run is void. A lag within a tenth of the pool's own median
// does not matter.
func (r *Result) judge(maxLag time.Duration) {
	allowed := int64(maxLag)
	for i := range r.Classes {
		if p50 := Quantile(&r.Classes[i].Latency, 0.5); p50 != nil {
			allowed = max(allowed, *p50/10)
			break
		}
	}
	lag := r.Lag.Max // of few submits
	if p99 := Quantile(&r.Lag, 0.99); p99 != nil {
		lag = *p99
	}
	if lag > allowed {
		r.Void = append(r.Void, fmt.Sprintf("the generator was late: %v at the 99th percentile, %v are allowed",
			time.Duration(lag).Round(time.Microsecond), time.Duration(allowed)))
	}
	if r.CPU > maxCPU {
		r.Void = append(r.Void, fmt.Sprintf("the generator used %.0f %% of the machine", 100*r.CPU))
	}
	if r.Closed > 0 {
		r.Void = append(r.Void, fmt.Sprintf("the pool closed %d of %d connections", r.Closed, r.Conns))
	}
}
