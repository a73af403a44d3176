package miner

import (
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTallyCountsPerWorkerAndInTotal(t *testing.T) {
	ta := newTally(2)
	ta.accepted(0, 100, big.NewInt(150), time.Unix(5, 0))
	ta.accepted(1, 100, big.NewInt(900), time.Unix(6, 0))
	require.False(t, ta.rejected(1, "Low difficulty share"))
	require.True(t, ta.rejected(1, "Block expired"))
	ta.count(0, func(s *Shares) *uint64 { return &s.Invalid })
	ta.count(-1, func(s *Shares) *uint64 { return &s.Lost })

	require.Equal(t, Shares{Accepted: 2, Rejected: 1, Stale: 1, Invalid: 1, Lost: 1}, ta.total)
	require.Equal(t, Shares{Accepted: 1, Invalid: 1}, ta.workers[0])
	require.Equal(t, Shares{Accepted: 1, Rejected: 1, Stale: 1}, ta.workers[1])
	require.Equal(t, uint64(4), ta.total.Judged())
	require.InDelta(t, 25, ta.total.Percent(ta.total.Stale), 1e-9)
	require.Zero(t, Shares{}.Percent(0))
	require.Equal(t, time.Unix(6, 0), ta.lastShare)
}

func TestTallyBestAndEffort(t *testing.T) {
	ta := newTally(1)
	require.Zero(t, ta.effort(1000))
	for i := range 30 {
		ta.accepted(0, 50, big.NewInt(int64(i*7%30)), time.Time{})
	}
	require.Len(t, ta.best, bestLimit)
	for i, b := range ta.best {
		require.Equal(t, int64(29-i), b.Int64())
	}
	require.InDelta(t, 200, ta.effort(3000), 1e-9)
}

func TestTallyLatencyIsAMedianOfTheNewest(t *testing.T) {
	ta := newTally(1)
	require.Zero(t, ta.latency())
	for range 1000 {
		ta.answered(time.Hour)
	}
	for i := range latencyWindow {
		ta.answered(time.Duration(i) * time.Millisecond)
	}
	require.Equal(t, latencyWindow/2*time.Millisecond, ta.latency())
}

func TestTallyReasonsAreBounded(t *testing.T) {
	ta := newTally(1)
	for i := range 100 {
		ta.rejected(0, fmt.Sprintf("reason %d", i))
	}
	list := ta.reasonList()
	require.Len(t, list, reasonLimit+1)
	require.Equal(t, Reason{otherReasons, 100 - reasonLimit}, list[0])
	require.Equal(t, Reason{"reason 0", 1}, list[1])
}

func TestStaleReason(t *testing.T) {
	for reason, want := range map[string]bool{
		"Block expired": true, "Invalid job id": true, "Job not found": true,
		"stale share": true, "Share is STALE": true,
		"Low difficulty share": false, "Duplicate share": false, "Unauthenticated": false, "": false,
	} {
		require.Equal(t, want, staleReason(reason), reason)
	}
}
