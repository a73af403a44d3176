package listen

import (
	"sync"
	"time"
)

// Limiter is a token bucket for each address: so many at once, and so many a
// second after that. It remembers only addresses whose bucket is not full, and
// of those a bounded number; beyond it, addresses it does not know are refused
// until some have recovered. It is safe for concurrent use.
type Limiter struct {
	now      func() time.Time
	capacity int

	mu      sync.Mutex
	rate    float64 // tokens a second
	burst   float64
	buckets map[string]bucket
	swept   time.Time
}

type bucket struct {
	tokens float64
	at     time.Time
}

// NewLimiter allows each address burst events at once and rate a second; rate
// 0 allows everything.
func NewLimiter(rate, burst, capacity int, now func() time.Time) *Limiter {
	l := &Limiter{now: now, capacity: capacity, buckets: make(map[string]bucket), swept: now()}
	l.Set(rate, burst)
	return l
}

// Set changes rate and burst.
func (l *Limiter) Set(rate, burst int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rate, l.burst = float64(rate), float64(max(burst, 1))
}

// Allow takes a token of an address, and reports whether there was one.
func (l *Limiter) Allow(address string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rate == 0 {
		return true
	}
	now := l.now()
	b, known := l.buckets[address]
	if !known {
		if len(l.buckets) >= l.capacity && !l.sweep(now) {
			return false
		}
		b = bucket{tokens: l.burst, at: now}
	}
	b = l.filled(b, now)
	ok := b.tokens >= 1
	if ok {
		b.tokens--
	}
	l.buckets[address] = b
	return ok
}

func (l *Limiter) filled(b bucket, now time.Time) bucket {
	b.tokens = min(b.tokens+max(now.Sub(b.at).Seconds(), 0)*l.rate, l.burst)
	b.at = now
	return b
}

// sweep forgets addresses whose bucket is full again, at most once a second.
// It reports whether there is room.
func (l *Limiter) sweep(now time.Time) bool {
	if now.Sub(l.swept) >= time.Second {
		l.swept = now
		for address, b := range l.buckets {
			if l.filled(b, now).tokens >= l.burst {
				delete(l.buckets, address)
			}
		}
	}
	return len(l.buckets) < l.capacity
}
