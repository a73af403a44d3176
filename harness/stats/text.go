package stats

import (
	"fmt"
	"strings"
	"time"
)

// String gives a distribution in a line: the number of samples, the quantiles
// that they are enough for, the maximum.
func (s Summary) String() string {
	if s.Count == 0 {
		return "no samples"
	}
	var out strings.Builder
	fmt.Fprintf(&out, "n %d", s.Count)
	for _, q := range s.Quantiles {
		if q.Nanoseconds != nil {
			fmt.Fprintf(&out, "  p%g %s", q.Q*100, Rounded(time.Duration(*q.Nanoseconds)))
		}
	}
	fmt.Fprintf(&out, "  max %s", Rounded(time.Duration(s.Max)))
	if s.Censored > 0 {
		fmt.Fprintf(&out, "  (%d without an end)", s.Censored)
	}
	return out.String()
}

// Rounded is a duration to about three digits.
func Rounded(d time.Duration) time.Duration {
	for _, unit := range []time.Duration{time.Minute, time.Second, time.Millisecond} {
		if d >= unit {
			return d.Round(unit / 100)
		}
	}
	return d.Round(time.Microsecond)
}
