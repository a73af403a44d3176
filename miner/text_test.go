package miner

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFormatRate(t *testing.T) {
	for rate, want := range map[float64]string{
		0: "0.00 H/s", 0.5: "0.50 H/s", 99.994: "99.99 H/s", 99.996: "100.0 H/s", 812.44: "812.4 H/s",
		1234.56: "1234.6 H/s", 9999.9: "9999.9 H/s", 9999.96: "10.00 kH/s", 12345: "12.35 kH/s",
		999_949: "999.9 kH/s", 999_951: "1.00 MH/s", 12.5e6: "12.50 MH/s", 3e9: "3.00 GH/s",
		5e12: "5.00 TH/s", 1e16: "10000.0 TH/s",
	} {
		require.Equal(t, want, FormatRate(rate))
	}
}

func TestFormatLatency(t *testing.T) {
	require.Equal(t, "0.4 ms", FormatLatency(400*time.Microsecond))
	require.Equal(t, "9.9 ms", FormatLatency(9940*time.Microsecond))
	require.Equal(t, "10 ms", FormatLatency(9960*time.Microsecond))
	require.Equal(t, "1500 ms", FormatLatency(1500*time.Millisecond))
}

func TestFormatAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 59*time.Second + 999*time.Millisecond: "59s", time.Minute: "1m00s",
		187 * time.Second: "3m07s", 2*time.Hour + 5*time.Minute: "2h05m", 99 * time.Hour: "4d03h",
	} {
		require.Equal(t, want, FormatAge(d))
	}
}
