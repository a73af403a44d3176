package stats

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSummaryString(t *testing.T) {
	var l Latency
	require.Equal(t, "no samples", l.Summary(0).String())
	for range 40 {
		l.Add(1500 * time.Microsecond)
	}
	l.Add(1234567 * time.Microsecond)
	require.Equal(t, "n 41  p50 1.5ms  p90 1.5ms  max 1.23s  (2 without an end)", l.Summary(2).String())
}
