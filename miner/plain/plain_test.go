package plain

import (
	"bytes"
	"context"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/miner"
)

// source hands out snapshots that the test edits.
type source struct {
	mu   sync.Mutex
	snap miner.Snapshot
}

func (s *source) Snapshot() miner.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.snap.Time = time.Now()
	return s.snap
}

func (s *source) add(seq uint64, kind miner.EventKind, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.snap.Events = append(s.snap.Events, miner.Event{Seq: seq, Time: time.Now(), Kind: kind, Text: text})
}

func known(v float64) miner.Rate { return miner.Rate{PerSecond: v, Known: true} }

func TestRunPrintsEveryEventOnceAndTheSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		src := &source{}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- Run(ctx, src, Options{Out: &out, SpeedEvery: 10 * time.Second}) }()

		src.add(1, miner.EventNetwork, "use pool p:1")
		time.Sleep(time.Second)
		src.add(2, miner.EventJob, "new job from p:1 diff 5 algo cn/1")
		src.add(9, miner.EventAccepted, "accepted (1/0) diff 5 (3.0 ms)")
		time.Sleep(11 * time.Second)
		src.add(10, miner.EventPaused, "paused")
		cancel()
		require.NoError(t, <-done)

		require.Equal(t, []string{
			"[2000-01-01 00:00:00.000]  net     use pool p:1",
			"[2000-01-01 00:00:01.000]  net     new job from p:1 diff 5 algo cn/1",
			"[2000-01-01 00:00:01.000]  miner   6 events came too fast to print",
			"[2000-01-01 00:00:01.000]  cpu     accepted (1/0) diff 5 (3.0 ms)",
			"[2000-01-01 00:00:10.100]  miner   speed 10s/60s/15m n/a n/a n/a H/s max n/a H/s",
			"[2000-01-01 00:00:12.000]  miner   paused",
		}, strings.Split(strings.TrimSpace(inUTC(out.String())), "\n"))
	})
}

// inUTC undoes the local zone of the fake clock's midnight.
func inUTC(s string) string {
	local := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Local().Format("2006-01-02 15:")
	return strings.ReplaceAll(s, local, "2000-01-01 00:")
}

func TestSpeedText(t *testing.T) {
	s := &miner.Snapshot{Rates: miner.Rates{Recent: 10, Short: known(1234.56), Medium: known(1220)}, MaxRate: 1300}
	require.Equal(t, "speed 10s/60s/15m 1234.6 1220.0 n/a H/s max 1300.0 H/s", SpeedText(s))
	s = &miner.Snapshot{Rates: miner.Rates{Recent: 2e6, Short: known(2.04e6)}, MaxRate: 2.1e6}
	require.Equal(t, "speed 10s/60s/15m 2.0 n/a n/a MH/s max 2.1 MH/s", SpeedText(s))
}

func TestColoursOnlyWhenWanted(t *testing.T) {
	src := &source{}
	for kind := miner.EventInfo; kind <= miner.EventResumed; kind++ {
		src.add(uint64(kind)+1, kind, "text")
	}
	snap := src.Snapshot()
	for _, color := range []bool{false, true} {
		var out bytes.Buffer
		p := &printer{opts: Options{Out: &out, Color: color}}
		require.NoError(t, p.print(&snap))
		require.NoError(t, Banner(&out, color, []Row{{"ABOUT", "adit"}}))
		require.Equal(t, color, strings.Contains(out.String(), "\x1b["))
		require.Equal(t, strings.Count(out.String(), reset)*2, strings.Count(out.String(), "\x1b["), "every colour ends")
	}
}

func TestSummary(t *testing.T) {
	start := time.Unix(0, 0)
	s := &miner.Snapshot{
		Started: start, Time: start.Add(100 * time.Second), Hashes: 50000, MaxRate: 600,
		Shares: miner.Shares{Accepted: 5, Rejected: 1, Invalid: 2}, Effort: 98.76,
		Best: []*big.Int{big.NewInt(12345)}, Reasons: []miner.Reason{{Text: "Low difficulty share", Count: 1}},
	}
	var out bytes.Buffer
	require.NoError(t, Summary(&out, false, s))
	require.Equal(t, ` * SHARES       5 accepted, 1 rejected, 0 stale, 2 invalid (not sent)
 * HASHES       50000 in 1m40s, 500.0 H/s on average, 600.0 H/s at most
 * EFFORT       98.8 % of the expected, best share 12.35k
 * REFUSED      1 x "Low difficulty share"
`, out.String())

	out.Reset()
	require.NoError(t, Summary(&out, false, &miner.Snapshot{}))
	require.Equal(t, " * SHARES       0 accepted, 0 rejected, 0 stale\n * HASHES       0 in 0s, 0.00 H/s on average\n", out.String())
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestRunReportsAFailedWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &source{}
		src.add(1, miner.EventInfo, "x")
		require.ErrorContains(t, Run(t.Context(), src, Options{Out: fullDisk{}}), "no space left")
	})
}
