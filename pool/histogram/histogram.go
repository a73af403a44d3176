// Package histogram counts durations in fixed buckets, cheaply enough for
// every share: two atomic additions.
//
// It imports nothing of adit. Packages below pool/metrics count with it, which
// shows the counts to Prometheus.
package histogram

import (
	"slices"
	"sync/atomic"
	"time"
)

// Bounds are the upper bounds of the buckets, from 100 microseconds to 10
// seconds; what is longer is counted in no bucket, only in Count.
func Bounds() []time.Duration {
	return slices.Clone(bounds[:])
}

var bounds = [...]time.Duration{
	100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 10 * time.Second,
}

// Histogram counts durations. The zero value is ready, and safe for concurrent
// use.
type Histogram struct {
	buckets [len(bounds) + 1]atomic.Uint64 // each for itself; the last: longer
	sum     atomic.Int64                   // nanoseconds
}

// Observe counts a duration.
func (h *Histogram) Observe(d time.Duration) {
	i, _ := slices.BinarySearch(bounds[:], d)
	h.buckets[i].Add(1)
	h.sum.Add(int64(d))
}

// Counts are what a histogram has counted.
type Counts struct {
	Count uint64
	Sum   time.Duration
	// UpTo is how many were at most as long as each of Bounds.
	UpTo []uint64
}

// Counts reads the histogram. What is observed meanwhile may be in part of it.
func (h *Histogram) Counts() Counts {
	c := Counts{Sum: time.Duration(h.sum.Load()), UpTo: make([]uint64, len(bounds))}
	for i := range h.buckets {
		c.Count += h.buckets[i].Load()
		if i < len(bounds) {
			c.UpTo[i] = c.Count
		}
	}
	return c
}
