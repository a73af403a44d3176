package stratumclient

import (
	"time"
)

// Retry says how long to wait before a pool that failed is tried again: a
// random time between nothing and a limit that doubles with each failure in a
// row (full jitter), so that the miners of a pool that restarts do not all
// come back at once.
type Retry struct {
	// First is the limit after the first failure; 1 s.
	First time.Duration
	// Most is the highest limit; 60 s.
	Most time.Duration
	// Stable is how long a connection must have lasted for its end not to
	// count as one more failure in a row; 30 s.
	Stable time.Duration
}

func (r Retry) withDefaults() Retry {
	if r.First <= 0 {
		r.First = time.Second
	}
	if r.Most <= 0 {
		r.Most = time.Minute
	}
	if r.Stable <= 0 {
		r.Stable = 30 * time.Second
	}
	return r
}

// limit is the longest wait after so many failures in a row.
func (r Retry) limit(failures int) time.Duration {
	d := r.First
	for range failures - 1 {
		if d *= 2; d >= r.Most {
			return r.Most
		}
	}
	return min(d, r.Most)
}
