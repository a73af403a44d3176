package miner

import (
	"cmp"
	"math/big"
	"slices"
	"strings"
	"time"
)

const (
	// latencyWindow is how many submit round trips the median looks at.
	latencyWindow = 255
	// bestLimit is how many of the best shares are kept.
	bestLimit = 10
	// reasonLimit bounds the distinct rejection reasons; the rest are counted
	// together.
	reasonLimit  = 16
	otherReasons = "other reasons"
)

// Shares is what became of the hits of one worker, or of all of them.
type Shares struct {
	// Accepted, Rejected and Stale are the pool's verdicts; Stale are the
	// rejections that only blame the share's age.
	Accepted, Rejected, Stale uint64
	// Invalid hits failed their re-check and were never sent.
	Invalid uint64
	// Duplicate hits repeat a nonce of the same job and were not sent again.
	Duplicate uint64
	// Late hits belong to a block that was two behind before they could be sent.
	Late uint64
	// Lost shares were sent, and the connection ended without a verdict.
	Lost uint64
}

// Judged is how many shares the pool gave a verdict on.
func (s Shares) Judged() uint64 { return s.Accepted + s.Rejected + s.Stale }

// Percent is n of the judged shares, in percent; 0 while there are none.
func (s Shares) Percent(n uint64) float64 {
	if s.Judged() == 0 {
		return 0
	}
	return 100 * float64(n) / float64(s.Judged())
}

// Reason is a pool's reason for rejections and how often it gave it.
type Reason struct {
	Text  string
	Count uint64
}

// tally keeps the books on shares. It is not safe for concurrent use.
type tally struct {
	total     Shares
	workers   []Shares
	reasons   map[string]uint64
	best      []*big.Int // highest first
	credited  float64    // sum of the difficulties of accepted shares
	latencies []time.Duration
	lastShare time.Time
}

func newTally(workers int) *tally {
	return &tally{workers: make([]Shares, workers), reasons: make(map[string]uint64)}
}

// count adds one to a field of the worker's shares and of the total.
func (t *tally) count(worker int, field func(*Shares) *uint64) {
	*field(&t.total)++
	if worker >= 0 && worker < len(t.workers) {
		*field(&t.workers[worker])++
	}
}

// accepted books a share the pool took: the difficulty it was asked for, and
// the one it reached.
func (t *tally) accepted(worker int, asked uint64, reached *big.Int, at time.Time) {
	t.count(worker, func(s *Shares) *uint64 { return &s.Accepted })
	t.credited += float64(asked)
	t.lastShare = at
	i, _ := slices.BinarySearchFunc(t.best, reached, func(a, b *big.Int) int { return b.Cmp(a) })
	t.best = slices.Insert(t.best, i, reached)
	t.best = t.best[:min(len(t.best), bestLimit)]
}

// rejected books a share the pool refused and reports whether it was stale.
func (t *tally) rejected(worker int, reason string) (stale bool) {
	stale = staleReason(reason)
	t.count(worker, func(s *Shares) *uint64 {
		if stale {
			return &s.Stale
		}
		return &s.Rejected
	})
	if _, known := t.reasons[reason]; !known && len(t.reasons) >= reasonLimit {
		reason = otherReasons
	}
	t.reasons[reason]++
	return stale
}

// answered books a submit's round trip.
func (t *tally) answered(latency time.Duration) {
	if len(t.latencies) == latencyWindow {
		t.latencies = t.latencies[1:]
	}
	t.latencies = append(t.latencies, latency)
}

// latency is the median of the newest round trips; 0 while there are none.
func (t *tally) latency() time.Duration {
	if len(t.latencies) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(t.latencies))
	return sorted[len(sorted)/2]
}

// effort is the work done for the accepted shares in percent of what their
// difficulties ask for on average: below 100 is luck. 0 while there are none.
func (t *tally) effort(hashes uint64) float64 {
	if t.credited == 0 {
		return 0
	}
	return 100 * float64(hashes) / t.credited
}

// reasonList is the rejection reasons, the most frequent first.
func (t *tally) reasonList() []Reason {
	out := make([]Reason, 0, len(t.reasons))
	for text, n := range t.reasons {
		out = append(out, Reason{text, n})
	}
	slices.SortFunc(out, func(a, b Reason) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Text, b.Text))
	})
	return out
}

// staleReason recognises the words pools have for a share that came too late.
// They are not standard: CryptoNote pools say "Block expired" or "Invalid job
// id", mining.* pools "Job not found" or "Stale".
func staleReason(reason string) bool {
	reason = strings.ToLower(reason)
	for _, word := range []string{"stale", "expired", "job not found", "invalid job id", "outdated", "old job"} {
		if strings.Contains(reason, word) {
			return true
		}
	}
	return false
}
