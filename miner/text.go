package miner

import (
	"fmt"
	"time"
)

// FormatLatency writes a round trip in milliseconds: "12 ms", "0.4 ms".
func FormatLatency(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	if ms < 9.95 {
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}

// FormatAge writes a span of time in its two largest units: "42s", "3m07s",
// "2h05m", "4d03h".
func FormatAge(d time.Duration) string {
	s := int64(max(d, 0) / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	default:
		return fmt.Sprintf("%dd%02dh", s/86400, s/3600%24)
	}
}

// RateScale is a unit for hash rates of about a size: what to divide by, and
// its name. Up to 10,000 hashes a second it is H/s.
func RateScale(perSecond float64) (divisor float64, unit string) {
	if perSecond < 9999.95 {
		return 1, "H/s"
	}
	divisor = 1
	for _, prefix := range []string{"k", "M", "G", "T"} {
		divisor *= 1000
		unit = prefix + "H/s"
		if perSecond < 999.95*divisor {
			break
		}
	}
	return divisor, unit
}

// RateNumber writes a rate that was divided by its scale, with a number of
// decimals that hangs on its size alone: a display that is redrawn all the
// time must not jump.
func RateNumber(scaled float64) string {
	if scaled < 99.995 {
		return fmt.Sprintf("%.2f", scaled)
	}
	return fmt.Sprintf("%.1f", scaled)
}

// FormatRate writes a hash rate: "812.4 H/s", "1234.5 H/s", "12.35 kH/s".
func FormatRate(perSecond float64) string {
	divisor, unit := RateScale(perSecond)
	return RateNumber(perSecond/divisor) + " " + unit
}
