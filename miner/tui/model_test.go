package tui

import (
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/stretchr/testify/require"
)

func TestKeysOpenAndClosePages(t *testing.T) {
	m := screen(busy(2), Options{}, 80, 24)
	for key, p := range map[string]page{"h": pageRates, "s": pageResults, "c": pageConnection, "g": pageCards, "?": pageHelp} {
		opened, cmd := press(m, key)
		require.Equal(t, p, opened.page)
		require.Nil(t, cmd)
		again, _ := press(opened, key)
		require.Equal(t, pageMain, again.page, "the same key leads back")
		back, _ := press(opened, "esc")
		require.Equal(t, pageMain, back.page)
	}
	m, _ = press(m, "h", "s")
	require.Equal(t, pageResults, m.page, "one page leads to another")
}

func TestPauseAndResume(t *testing.T) {
	source := &fakeSource{snap: busy(2)}
	next, _ := New(source, Options{}).Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	m, _ := press(next.(Model), "p")
	require.Equal(t, 1, source.pauses)
	require.Contains(t, m.View(), "‖ paused", "the answer is seen at once")
	require.Contains(t, m.View(), "r resume")
	m, _ = press(m, "r")
	require.Equal(t, 1, source.resumes)
	require.Contains(t, m.View(), "● mining")
	require.Contains(t, m.View(), "p pause")
}

func TestQuitKeys(t *testing.T) {
	for _, key := range []string{"q", "Q", "ctrl+c"} {
		_, cmd := press(screen(busy(2), Options{}, 80, 24), key)
		require.NotNil(t, cmd)
		require.IsType(t, tea.QuitMsg{}, cmd())
	}
	_, cmd := press(screen(busy(2), Options{}, 80, 24), "x")
	require.Nil(t, cmd, "other keys do nothing")
}

func TestScrollingStopsAtBothEnds(t *testing.T) {
	m, _ := press(screen(busy(40), Options{}, 80, 24), "h", "up")
	require.Zero(t, m.scroll)
	for range 100 {
		m, _ = press(m, "down")
	}
	require.Contains(t, m.View(), " all ", "the last line is in sight")
	require.Equal(t, m.lastScroll(), m.scroll)
	grown, _ := m.Update(tea.WindowSizeMsg{Width: 80, Height: 90})
	require.Zero(t, grown.(Model).scroll, "a larger screen scrolls back")
	m, _ = press(m, "esc", "down")
	require.Zero(t, m.scroll, "the main page does not scroll")
	m, _ = press(screen(busy(1), Options{}, 80, 24), "?", "down")
	require.Zero(t, m.scroll, "nor does one that fits")
}

func TestATickReadsASnapshotAndAsksForTheNext(t *testing.T) {
	source := &fakeSource{snap: busy(2)}
	calls := 0
	m := New(source, Options{Extra: func() []string { calls++; return nil }})
	require.NotNil(t, m.Init())
	source.snap.Shares.Accepted = 777
	next, cmd := m.Update(tick{})
	require.NotNil(t, cmd)
	require.Equal(t, uint64(777), next.(Model).snap.Shares.Accepted)
	require.Equal(t, 2, calls)
}

func TestNothingIsDrawnBeforeTheSizeIsKnown(t *testing.T) {
	require.Empty(t, New(&fakeSource{}, Options{}).View())
}

func TestQuickStrokesAndPastes(t *testing.T) {
	source := &fakeSource{snap: busy(2)}
	quick := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("phq")}
	next, cmd := New(source, Options{}).Update(quick)
	require.Equal(t, 1, source.pauses)
	require.Equal(t, pageRates, next.(Model).page)
	require.NotNil(t, cmd)

	quick.Paste = true
	next, cmd = New(source, Options{}).Update(quick)
	require.Equal(t, 1, source.pauses, "a paste is not a command")
	require.Equal(t, pageMain, next.(Model).page)
	require.Nil(t, cmd)
}
