package tui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/miner"
)

var update = flag.Bool("update", false, "rewrite the golden screens")

func demoLines() []string {
	return []string{"pool listens on 127.0.0.1:3333, point any miner at it", "node height 42, 3 blocks found", "third line"}
}

// requireGolden compares a screen with its file, without trailing blanks.
func requireGolden(t *testing.T, name, view string) {
	t.Helper()
	lines := strings.Split(ansi.Strip(view), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	got := strings.Join(lines, "\n") + "\n"
	path := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "run the test with -update when the change is meant")
}

func TestGoldenScreens(t *testing.T) {
	offline := busy(2)
	offline.Job = nil
	offline.Pool.State = miner.PoolConnecting
	paused := busy(2)
	paused.Paused = true
	demo := Options{Extra: demoLines}
	for _, tc := range []struct {
		name          string
		snap          miner.Snapshot
		opts          Options
		width, height int
		keys          []string
	}{
		{"main-80x24", busy(2), Options{}, 80, 24, nil},
		{"main-60x16", busy(2), Options{}, 60, 16, nil},
		{"main-120x40", busy(16), demo, 120, 40, nil},
		{"ascii-80x24", busy(4), Options{ASCII: true}, 80, 24, nil},
		{"demo-80x24", busy(2), demo, 80, 24, nil},
		{"fresh-80x24", fresh(), Options{}, 80, 24, nil},
		{"offline-80x24", offline, Options{}, 80, 24, nil},
		{"paused-60x16", paused, Options{}, 60, 16, nil},
		{"rates-80x24", busy(30), Options{}, 80, 24, []string{"h", "down"}},
		{"results-80x24", busy(2), Options{}, 80, 24, []string{"s"}},
		{"connection-80x24", busy(2), Options{}, 80, 24, []string{"c"}},
		{"gpus-80x24", rig(), Options{Sensors: fakeSensors}, 80, 24, nil},
		{"gpus-60x16", rig(), Options{Sensors: fakeSensors}, 60, 16, nil},
		{"gpus-130x40", rig(), Options{Sensors: fakeSensors}, 130, 40, nil},
		{"gpus-page-80x24", rig(), Options{Sensors: fakeSensors}, 80, 24, []string{"g"}},
		{"gpus-page-100x50", rig(), Options{Sensors: fakeSensors}, 100, 50, []string{"g"}},
		{"help-80x24", busy(2), Options{}, 80, 24, []string{"?"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, _ := press(screen(tc.snap, tc.opts, tc.width, tc.height), tc.keys...)
			requireGolden(t, tc.name, m.View())
		})
	}
}

// TestEveryScreenFits walks sizes, pages and states: no line may be wider than
// the terminal, and the screen must fill it exactly where it fits at all.
func TestEveryScreenFits(t *testing.T) {
	long := busy(3)
	long.Pool.Host = strings.Repeat("pool.", 60) + "example:3333"
	long.Pool.LastError = strings.Repeat("wide 界 ", 50)
	long.Algorithm.Name = "cn-heavy/tube"
	long.Job.ID = strings.Repeat("j", 300)
	long.Rates, long.MaxRate = rates(987654321e9), 987654321e9
	long.Shares = miner.Shares{Accepted: 1 << 60, Rejected: 1 << 59, Stale: 1 << 58, Invalid: 1 << 57}
	long.Goal = 1 << 61
	long.Events = append(long.Events, miner.Event{Kind: miner.EventInfo, Text: strings.Repeat("界", 90)})
	none := miner.Snapshot{}
	snaps := map[string]miner.Snapshot{"rig": rig(), "fresh": fresh(), "busy": busy(2), "many": busy(200), "long": long, "none": none}
	for name, snap := range snaps {
		for _, tc := range []struct {
			opts            Options
			widths, heights []int
		}{
			{Options{}, []int{1, 59, 60, 61, 75, 76, 80, 131}, []int{2, 15, 16, 17, 21, 22, 24, 32, 60}},
			{Options{ASCII: true, Extra: demoLines, Sensors: oddSensors}, []int{1, 60, 70, 80, 110}, []int{2, 16, 22, 60}},
		} {
			for _, w := range tc.widths {
				for _, h := range tc.heights {
					requireFits(t, fmt.Sprintf("%s %dx%d", name, w, h), screen(snap, tc.opts, w, h))
				}
			}
		}
	}
}

func requireFits(t *testing.T, name string, m Model) {
	t.Helper()
	for _, key := range []string{"", "h", "s", "c", "g", "?"} {
		shown := m
		if key != "" {
			shown, _ = press(m, key)
		}
		lines := strings.Split(shown.View(), "\n")
		fits := m.width >= MinWidth && m.height >= MinHeight
		if fits {
			require.Len(t, lines, m.height, "%s key %q", name, key)
		}
		require.LessOrEqual(t, len(lines), m.height)
		for _, l := range lines {
			w := ansi.StringWidth(l)
			require.LessOrEqual(t, w, m.width, "%s key %q: %q", name, key, l)
			if fits {
				require.Equal(t, m.width, w, "%s key %q: %q", name, key, l)
			}
		}
	}
}

func TestASCIIScreensAreASCII(t *testing.T) {
	for _, key := range []string{"h", "s", "c", "g", "?", "esc"} {
		m, _ := press(screen(rig(), Options{ASCII: true, Sensors: fakeSensors}, 80, 24), key)
		for _, r := range m.View() {
			require.Less(t, r, rune(0x80), "page %q", key)
		}
	}
}

func TestColours(t *testing.T) {
	plain := screen(busy(2), Options{}, 80, 24).View()
	require.NotContains(t, plain, "\x1b", "no colours unless the terminal has them")

	r := plainRenderer()
	r.SetColorProfile(termenv.ANSI256)
	coloured := screen(busy(2), Options{Renderer: r}, 80, 24).View()
	require.Contains(t, coloured, "\x1b[")
	require.Equal(t, plain, ansi.Strip(coloured), "colour adds nothing that can be missed")
}

func TestNoColorIsObeyed(t *testing.T) {
	t.Setenv("TERM", "xterm-256color")
	t.Setenv("NO_COLOR", "1")
	m := screen(busy(2), Options{Renderer: NewRenderer(os.Stderr, true)}, 80, 24)
	require.NotContains(t, m.View(), "\x1b")
	t.Setenv("NO_COLOR", "")
	m = screen(busy(2), Options{Renderer: NewRenderer(os.Stderr, true)}, 80, 24)
	require.Contains(t, m.View(), "\x1b[")
}

func TestSparkline(t *testing.T) {
	th := newTheme(plainRenderer(), false)
	require.Equal(t, []string{"  ▁▁▂▃▄▅▆▇█"}, th.sparkline([]float64{0, 1, 2, 3, 4, 5, 6, 7, 8}, 11, 1))
	require.Equal(t, []string{"▄█"}, th.sparkline([]float64{9, 9, 9, 2, 4}, 2, 1), "the newest are shown, and set the scale")
	require.Equal(t, []string{"   ▄█", "▁▁███"}, th.sparkline([]float64{0, 0.01, 8, 12, 16}, 5, 2))
	require.Equal(t, []string{"     "}, th.sparkline(nil, 5, 1))
	require.Equal(t, []string{" ▁▁"}, th.sparkline([]float64{0, 0}, 3, 1), "nothing at all is a floor")
}

func TestBigNumberIsRectangular(t *testing.T) {
	rows := bigNumber("0123456789.n")
	for _, r := range rows {
		require.Equal(t, 31, ansi.StringWidth(r))
	}
	require.Len(t, bigFont, 11)
}

func TestEventMarksDiffer(t *testing.T) {
	for _, ascii := range []bool{false, true} {
		th := newTheme(plainRenderer(), ascii)
		verdicts := map[string]miner.EventKind{}
		for _, k := range []miner.EventKind{miner.EventAccepted, miner.EventRejected, miner.EventStale,
			miner.EventInvalid, miner.EventNetwork, miner.EventOffline, miner.EventJob, miner.EventPaused, miner.EventInfo} {
			mark, _ := th.eventMark(k)
			require.NotContains(t, verdicts, mark)
			require.Equal(t, 1, ansi.StringWidth(mark))
			verdicts[mark] = k
		}
	}
}

func TestAgesFollowTheSnapshot(t *testing.T) {
	s := busy(1)
	s.Time = s.Time.Add(time.Hour)
	require.Contains(t, screen(s, Options{}, 80, 24).View(), "1h00m ago")
}
