package tui

import (
	"math"
	"math/big"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/miner"
)

// fakeSource shows a fixed snapshot and counts what the keys do.
type fakeSource struct {
	snap            miner.Snapshot
	pauses, resumes int
}

func (s *fakeSource) Snapshot() miner.Snapshot { return s.snap }
func (s *fakeSource) Pause()                   { s.pauses++; s.snap.Paused = true }
func (s *fakeSource) Resume()                  { s.resumes++; s.snap.Paused = false }

// noon is the fixture's now.
var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return noon.Add(-d) }

// fresh is an engine that has only just started.
func fresh() miner.Snapshot {
	return miner.Snapshot{
		Time: noon, Started: ago(300 * time.Millisecond),
		Algorithm: &hash.Algorithm{Name: "cn/r"},
		Workers:   make([]miner.Worker, 2),
		Pool:      miner.Pool{Dialect: "cryptonote"},
	}
}

// busy is an engine well under way, with as many workers as wanted.
func busy(workers int) miner.Snapshot {
	s := miner.Snapshot{
		Time: noon, Started: ago(26*time.Minute + 5*time.Second),
		Algorithm: &hash.Algorithm{Name: "cn/r"},
		Pool: miner.Pool{
			State: miner.PoolReady, Host: "pool.example.org:3333", Dialect: "cryptonote",
			Remote: "192.0.2.7:3333", TLS: "TLS 1.3", Fingerprint: strings.Repeat("0f", 32),
			Since: ago(26 * time.Minute), Failures: 1, LastError: "connection refused",
		},
		Job: &miner.Job{
			ID: "4f6a11", Height: 3123456, Difficulty: 120000, Received: ago(42 * time.Second),
			Count: 17, Tried: 1 << 20, Space: 1 << 32,
		},
		Hashes:  1_930_000,
		MaxRate: 1312.44,
		Shares:  miner.Shares{Accepted: 123, Rejected: 2, Stale: 1, Invalid: 3},
		Reasons: []miner.Reason{{Text: "Low difficulty share", Count: 2}, {Text: "Block expired", Count: 1}},
		Best:    []*big.Int{big.NewInt(98_765_432), big.NewInt(1_234_567), big.NewInt(120_001)},
		Effort:  97.4, LastShare: ago(12 * time.Second), Latency: 38 * time.Millisecond,
	}
	s.Algorithm.Family = hash.CryptoNight
	s.Rates = rates(1234.56)
	for i := range 180 {
		s.History = append(s.History, 1234+120*math.Sin(float64(i)/9)-500*math.Exp(-math.Pow(float64(i-150), 2)/20))
	}
	for i := range workers {
		s.Workers = append(s.Workers, miner.Worker{
			Info:   hash.SearcherInfo{Backend: "cpu", Device: "CPU " + string(rune('0'+i%10)), Impl: "generic", Lanes: 1},
			Rates:  rates(1234.56/float64(workers) + float64(i%3)),
			Shares: miner.Shares{Accepted: uint64(100 + i), Invalid: uint64(i % 2)},
		})
	}
	s.Events = busyEvents()
	return s
}

func rates(r float64) miner.Rates {
	return miner.Rates{
		Recent: r, Short: miner.Rate{PerSecond: r, Known: true},
		Medium: miner.Rate{PerSecond: r * 0.98, Known: true}, Long: miner.Rate{},
	}
}

func busyEvents() []miner.Event {
	lines := []struct {
		kind miner.EventKind
		text string
	}{
		{miner.EventOffline, "pool.example.org:3333: connection refused"},
		{miner.EventNetwork, "use pool pool.example.org:3333"},
		{miner.EventJob, "new job from pool.example.org:3333 diff 120000 algo cn/r height 3123455"},
		{miner.EventAccepted, "accepted (121/3) diff 120000 (35 ms)"},
		{miner.EventStale, `rejected (121/3) diff 120000 "Block expired" (40 ms)`},
		{miner.EventRejected, `rejected (121/3) diff 120000 "Low difficulty share" (41 ms)`},
		{miner.EventInvalid, "CPU 1: hit 0x1f00 failed its re-check and was not sent (1 so far)"},
		{miner.EventJob, "new job from pool.example.org:3333 diff 120000 algo cn/r height 3123456"},
		{miner.EventAccepted, "accepted (122/3) diff 120000 (38 ms)"},
		{miner.EventAccepted, "accepted (123/3) diff 120000 (37 ms)"},
	}
	events := make([]miner.Event, len(lines))
	for i, l := range lines {
		at := ago(time.Duration(len(lines)-i) * 12 * time.Second)
		events[i] = miner.Event{Seq: uint64(i + 1), Time: at, Kind: l.kind, Text: l.text}
	}
	return events
}

// screen is a dashboard of a size.
func screen(s miner.Snapshot, opts Options, width, height int) Model {
	opts.Version = "0.1.0"
	m, _ := New(&fakeSource{snap: s}, opts).Update(tea.WindowSizeMsg{Width: width, Height: height})
	return m.(Model)
}

// press sends key strokes.
func press(m Model, keys ...string) (Model, tea.Cmd) {
	var cmd tea.Cmd
	for _, k := range keys {
		msg := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)}
		switch k {
		case "esc":
			msg = tea.KeyMsg{Type: tea.KeyEsc}
		case "up":
			msg = tea.KeyMsg{Type: tea.KeyUp}
		case "down":
			msg = tea.KeyMsg{Type: tea.KeyDown}
		case "ctrl+c":
			msg = tea.KeyMsg{Type: tea.KeyCtrlC}
		}
		var next tea.Model
		next, cmd = m.Update(msg)
		m = next.(Model)
	}
	return m, cmd
}
