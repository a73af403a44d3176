package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aditmine/adit/miner"
)

// View draws the screen: never wider or higher than the terminal.
func (m Model) View() string {
	if m.width == 0 || m.height == 0 {
		return ""
	}
	if m.width < MinWidth || m.height < MinHeight {
		return m.tooSmall()
	}
	lines := []string{m.titleBar()}
	lines = append(lines, m.body()...)
	lines = append(lines, m.extraLines()...)
	lines = append(lines, m.footer())
	return strings.Join(lines, "\n")
}

// tooSmall asks for a larger terminal and still says how mining goes.
func (m Model) tooSmall() string {
	t := m.theme
	lines := []string{
		fmt.Sprintf("terminal is %dx%d, needs %dx%d", m.width, m.height, MinWidth, MinHeight),
		m.state().text + " " + rateText(m.snap.Rates.Recent),
		"q quit",
	}
	lines = lines[:min(len(lines), m.height)]
	for i, l := range lines {
		lines[i] = t.clip(l, m.width)
	}
	return strings.Join(lines, "\n")
}

// extraRows is how many of the extra lines have room.
func (m Model) extraRows() int { return min(len(m.extra), 1+(m.height-MinHeight)/4) }

func (m Model) extraLines() []string {
	t := m.theme
	out := make([]string, 0, len(m.extra))
	for _, l := range m.extra[:m.extraRows()] {
		out = append(out, t.fit(" "+t.note.Render(l), m.width))
	}
	return out
}

// bodyRows is the room between the title bar and what is below the boxes.
func (m Model) bodyRows() int { return m.height - 2 - m.extraRows() }

// body draws the boxes.
func (m Model) body() []string {
	lines := m.rateBox()
	rest := m.bodyRows() - len(lines)
	if m.page != pageMain {
		return append(lines, m.pageBox(rest)...)
	}
	status := m.statusBoxes()
	lines = append(lines, status...)
	rest -= len(status)
	if h := m.cardRows(rest); h > 0 {
		lines = append(lines, m.cardBox(h)...)
		rest -= h
	}
	if h := m.workerRows(rest); h > 0 {
		lines = append(lines, m.workerBox(h)...)
		rest -= h
	}
	return append(lines, m.eventBox(rest)...)
}

// roomy says that the boxes can have their full height.
func (m Model) roomy() bool { return m.height >= 22 }

// status is a word and a mark for how things are.
type status struct {
	mark, text string
	good       bool
}

func (m Model) state() status {
	t := m.theme
	switch {
	case m.snap.Paused:
		return status{t.paused, "paused", false}
	case m.snap.Pool.State == miner.PoolConnecting:
		return status{t.offline, "connecting", false}
	case m.snap.Job == nil:
		return status{t.waiting, "waiting for work", false}
	}
	return status{t.online, "mining", true}
}

func (m Model) titleBar() string {
	t := m.theme
	s := m.state()
	style := t.titleBad
	if s.good {
		style = t.titleGood
	}
	left := t.title.Render(" adit ") + t.titleDim.Render(m.opts.Version+"  ")
	if a := m.snap.Algorithm; a != nil {
		left += t.title.Render(a.Name) + t.titleDim.Render("  ")
	}
	left += style.Render(s.mark + " " + s.text)
	right := t.titleDim.Render("up " + miner.FormatAge(m.snap.Uptime()) + " ")
	gap := m.width - width(left) - width(right)
	return left + t.titleDim.Render(spaces(gap)) + right
}

// footer lists the keys.
func (m Model) footer() string {
	t := m.theme
	pause := [2]string{"p", "pause"}
	if m.snap.Paused {
		pause = [2]string{"r", "resume"}
	}
	rates, pool, gap := "hashrate", "connection", "   "
	if m.narrow() {
		rates, pool, gap = "rates", "pool", "  "
	}
	last := [2]string{"?", "help"}
	if m.page != pageMain {
		last = [2]string{"esc", "back"}
	}
	keys := [][2]string{{"h", rates}, {"s", "results"}, {"c", pool}, pause, last, {"q", "quit"}}
	if len(m.cards) > 0 && m.width >= 70 {
		keys = slices.Insert(keys, 3, [2]string{"g", "gpus"})
	}
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = t.key.Render(k[0]) + " " + t.label.Render(k[1])
	}
	return t.fit(" "+strings.Join(parts, gap), m.width)
}
