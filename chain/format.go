package chain

import (
	"math"
	"strconv"
)

// FormatDifficulty writes a difficulty with four significant digits at most
// and an SI suffix: "1000", "12.35k", "3.4G". Below 10000 it is exact.
func FormatDifficulty(d uint64) string {
	if d < 10_000 {
		return strconv.FormatUint(d, 10)
	}
	return formatSI(float64(d), "")
}

// FormatHashrate writes a rate of hashes per second: "0.5 H/s", "812.4 H/s",
// "12.35 kH/s". A negative rate or one that is no number is "n/a".
func FormatHashrate(rate float64) string {
	if math.IsNaN(rate) || math.IsInf(rate, 0) || rate < 0 {
		return "n/a"
	}
	return formatSI(rate, " ") + "H/s"
}

// formatSI scales v by powers of 1000 and writes four significant digits at
// most, then gap and the SI prefix.
func formatSI(v float64, gap string) string {
	prefixes := []string{"", "k", "M", "G", "T", "P", "E", "Z", "Y"}
	i := 0
	// 999.95 and above would be rounded to 1000 in their unit.
	for v >= 999.95 && i < len(prefixes)-1 {
		v /= 1000
		i++
	}
	decimals := 1
	if v < 100 {
		decimals = 2
	}
	factor := math.Pow10(decimals)
	v = math.Round(v*factor) / factor
	return strconv.FormatFloat(v, 'f', -1, 64) + gap + prefixes[i]
}
