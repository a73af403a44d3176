package latency

import (
	"math"
	"time"

	"github.com/aditmine/adit/harness/stats"
)

// Result is what came of timing new blocks. Times are in nanoseconds.
type Result struct {
	Target string `json:"target"`
	Proto  string `json:"proto"`
	// Alone is the series without slow readers, Beside the one with them.
	Alone  Series  `json:"alone"`
	Beside *Series `json:"beside_slow_readers,omitempty"`
	// SlowReaders are how many there were and how many the pool had closed in
	// the end.
	SlowReaders int `json:"slow_readers,omitempty"`
	Evicted     int `json:"evicted,omitempty"`
}

// Series is a number of rounds.
type Series struct {
	Conns  int `json:"connections"`
	Rounds int `json:"rounds"`
	// First is when the first connection had work on the new tip, Job when
	// each had, Skew how much later than the first. They count from the
	// moment before the node had the block; TipTook is the longest that the
	// node took for it, which is how unsure they are.
	First   stats.Summary `json:"first_job"`
	Job     stats.Summary `json:"job"`
	Skew    stats.Summary `json:"skew"`
	TipTook time.Duration `json:"tip_took_ns"`
	// Coverage is the part of jobs that came within the limit.
	Coverage   float64        `json:"coverage"`
	CoverageIn stats.Interval `json:"coverage_95"`
	Missed     int            `json:"missed"`
	Closed     int            `json:"closed"`
	// Order is the rank correlation of a connection's mean delay behind the
	// first with its place in the order of logins: near 1 when the last to come is always served
	// last. OrderP is the chance of one as strong without any order.
	Order  float64 `json:"order"`
	OrderP float64 `json:"order_p"`
	// Cost is the part of work that is lost to late jobs, at the mean delay.
	Cost      float64       `json:"cost"`
	BlockTime time.Duration `json:"block_time_ns"`
	// Delays are the rounds' job delays by connection, for plots: in the order
	// of logins, -1 where none came.
	Delays [][]time.Duration `json:"delays_ns"`
}

// Lost is the part of work lost to work on an old block when jobs are late by
// a time and blocks come at random with a mean time between them.
func Lost(late, blockTime time.Duration) float64 {
	return -math.Expm1(-late.Seconds() / blockTime.Seconds())
}

// missing stands for a job that did not come.
const missing time.Duration = -1

// sum makes the figures of the delays.
func (s *Series) sum(blockTime time.Duration) {
	var first, job, skew stats.Latency
	behind, seen := make([]float64, s.Conns), make([]float64, s.Conns)
	var total time.Duration
	for _, round := range s.Delays {
		least := missing
		for _, d := range round {
			if d != missing && (least == missing || d < least) {
				least = d
			}
		}
		if least != missing {
			first.Add(least)
		}
		for i, d := range round {
			if d == missing {
				s.Missed++
				continue
			}
			job.Add(d)
			skew.Add(d - least)
			total += d
			behind[i] += (d - least).Seconds()
			seen[i]++
		}
	}
	s.First, s.Job, s.Skew = first.Summary(0), job.Summary(int64(s.Missed)), skew.Summary(0)
	n := job.Count()
	all := uint64(n) + uint64(s.Missed)
	s.BlockTime = blockTime
	if all == 0 {
		return
	}
	s.Coverage, s.CoverageIn = float64(n)/float64(all), stats.Proportion(uint64(n), all, 0.95)
	if n > 0 {
		s.Cost = Lost(total/time.Duration(n), blockTime)
	}
	s.Order, s.OrderP = order(behind, seen)
}

// order correlates mean delays with the places of the connections.
func order(behind, seen []float64) (float64, float64) {
	var place, delay []float64
	for i := range behind {
		if seen[i] > 0 {
			place, delay = append(place, float64(i)), append(delay, behind[i]/seen[i])
		}
	}
	if len(place) < 3 {
		return 0, 1
	}
	return stats.Spearman(place, delay)
}
