package stratumclient

import (
	"time"
)

// Retry says how long to wait before a pool that failed is tried again: a
// random time between nothing and a limit that doubles with each failure in a
// row (full jitter), so that the miners of a pool that restarts do not all
// come back at once.
type Retry struct {
	// Attempts is how many failures in a row a pool is granted before the next
	// one of the list is tried; 1.
	Attempts int
	// Pause is the mean time between those attempts, a quarter more or less;
	// First. Only then the limits below begin.
	Pause time.Duration
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
	r.Attempts = max(r.Attempts, 1)
	if r.Pause <= 0 {
		r.Pause = r.First
	}
	if r.Most <= 0 {
		r.Most = time.Minute
	}
	if r.Stable <= 0 {
		r.Stable = 30 * time.Second
	}
	return r
}

// wait is the time to let pass after so many failures in a row; random is from
// 0 to below 1.
func (r Retry) wait(failures int, random float64) time.Duration {
	if failures < r.Attempts {
		return time.Duration((0.75 + random/2) * float64(r.Pause))
	}
	return time.Duration(random * float64(r.limit(failures-r.Attempts+1)))
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
