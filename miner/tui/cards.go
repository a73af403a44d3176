package tui

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/aditmine/adit/gpu/telemetry"
	"github.com/aditmine/adit/miner"
	"github.com/aditmine/adit/miner/watchdog"
)

// Degrees Celsius from which a core is shown as warm and as hot, where the card
// does not tell at which it slows down; otherwise they are that many below.
const (
	warmAt, hotAt       = 80, 90
	warmBelow, hotBelow = 10, 3
)

// cardRows is the height of the box of cards: nothing without any, or without
// room.
func (m Model) cardRows(rest int) int {
	const events = 5 // what the event box should keep, border included
	rows := min(len(m.cards), rest-events-2, max(rest/3, 1))
	if rows < 1 {
		return 0
	}
	return rows + 2
}

// cardBox is a line for each card.
func (m Model) cardBox(height int) []string {
	shown := m.cards[:min(len(m.cards), height-2)]
	title := "gpus"
	if hidden := len(m.cards) - len(shown); hidden > 0 {
		title = fmt.Sprintf("gpus, %d more under g", hidden)
	}
	lines := make([]string, len(shown))
	for i := range shown {
		lines[i] = m.cardLine(&shown[i], m.width-4)
	}
	return m.theme.box(title, m.width, height, lines)
}

// cell is a piece of a card's line, right aligned to a width.
type cell struct {
	text  string
	style lipgloss.Style
	width int
}

// cardLine is a card's name, how it is, and what it computes.
func (m Model) cardLine(c *telemetry.State, columns int) string {
	t := m.theme
	cells := m.sensorCells(c)
	used := 0
	for _, x := range cells {
		used += x.width + 2
	}
	name := c.Name
	if bus := strings.TrimPrefix(c.Bus, "0000:"); bus != "" {
		name = bus + " " + name
	}
	line := t.fit(t.label.Render(name), max(columns-used, 0))
	if note, style := m.cardState(c); note != "" {
		line = m.noted(name, note, style, max(columns-used, 0))
	}
	for _, x := range cells {
		text := t.clip(x.text, x.width)
		line += "  " + spaces(x.width-width(text)) + x.style.Render(text)
	}
	return line
}

// noted is a name with a note behind it, in which at least the bus, which comes
// first, keeps its room.
func (m Model) noted(name, note string, style lipgloss.Style, columns int) string {
	const bus = 8 // with the mark of what is left out
	t := m.theme
	note = t.clip(note, max(columns-bus-2, 0))
	return t.fit(t.label.Render(t.fit(name, columns-width(note)-2))+"  "+style.Render(note), columns)
}

// sensorCells are what there is room for; what a card does not tell is "n/a".
func (m Model) sensorCells(c *telemetry.State) []cell {
	t := m.theme
	var cells []cell
	if c.Fresh() {
		cells = append(cells,
			cell{m.coreText(c), m.heat(c), 5},
			cell{"fan " + m.value(c, telemetry.FanSpeed, "0", 100, "%.0f%%"), t.plain, 8},
			cell{m.powerText(c), t.plain, 9})
		if m.width >= 110 {
			cells = append(cells,
				cell{"mem " + m.value(c, telemetry.Temperature, telemetry.Memory, 1, "%.0f"+t.degree), t.plain, 9},
				cell{m.clockText(c), t.plain, 13})
		}
	}
	cells = append(cells, cell{rateText(m.cardRate(c)), t.value, 11})
	if m.width >= 80 {
		cells = append(cells, cell{cmp.Or(m.efficiency(c), unknown), t.plain, 11})
	}
	return cells
}

// efficiency is a card's hashes for a joule; "" where its power is not known.
func (m Model) efficiency(c *telemetry.State) string {
	watts, ok := c.Get(telemetry.Power, "")
	if !ok || watts <= 0 {
		return ""
	}
	return strings.TrimSuffix(rateText(m.cardRate(c)/watts), "/s") + "/J"
}

// unknown stands for what a card does not tell.
const unknown = "n/a"

// value is a number of now as text, "n/a" where the card does not tell it.
func (m Model) value(c *telemetry.State, q telemetry.Quantity, part string, factor float64, format string) string {
	v, ok := c.Get(q, part)
	if !ok {
		return unknown
	}
	return fmt.Sprintf(format, v*factor)
}

func (m Model) coreText(c *telemetry.State) string {
	return m.value(c, telemetry.Temperature, telemetry.Core, 1, "%.0f"+m.theme.degree)
}

// powerText is the power, and its limit where there is one.
func (m Model) powerText(c *telemetry.State) string {
	text := m.value(c, telemetry.Power, "", 1, "%.0f")
	if text == unknown {
		return text
	}
	if limit, ok := c.Get(telemetry.PowerLimit, ""); ok {
		text += fmt.Sprintf("/%.0f", limit)
	}
	return text + " W"
}

// clockText is the clocks of core and memory.
func (m Model) clockText(c *telemetry.State) string {
	core, memory := m.value(c, telemetry.Clock, telemetry.Core, 1e-6, "%.0f"), m.value(c, telemetry.Clock, telemetry.Memory, 1e-6, "%.0f")
	if core == unknown && memory == unknown {
		return unknown
	}
	return core + "/" + memory + " MHz"
}

// heat is how to show a core's temperature.
func (m Model) heat(c *telemetry.State) lipgloss.Style {
	warm, hot := float64(warmAt), float64(hotAt)
	if limit, ok := c.Get(telemetry.TemperatureLimit, "slowdown"); ok {
		warm, hot = limit-warmBelow, limit-hotBelow
	}
	celsius, ok := c.Get(telemetry.Temperature, telemetry.Core)
	switch {
	case !ok || celsius < warm:
		return m.theme.plain
	case celsius < hot:
		return m.theme.warn
	}
	return m.theme.bad
}

// cardState says what is wrong with a card; "" when nothing is.
func (m Model) cardState(c *telemetry.State) (string, lipgloss.Style) {
	t := m.theme
	switch reasons := c.Throttled(); {
	case c.Lost:
		return t.rejected + " lost", t.bad
	case c.Stale:
		return t.stale + " no answer for " + miner.FormatAge(m.snap.Time.Sub(c.Time)), t.warn
	case m.watchState(c) != "":
		return t.invalid + " " + m.watchState(c), t.warn
	case len(reasons) > 0:
		return t.invalid + " " + strings.ReplaceAll(strings.Join(reasons, ", "), "_", " "), t.warn
	}
	return "", t.plain
}

// cardRate is what the workers on a card compute.
func (m Model) cardRate(c *telemetry.State) float64 {
	sum := 0.0
	for _, w := range m.snap.Workers {
		if telemetry.SameBus(w.Info.Bus, c.Bus) {
			sum += w.Rates.Recent
		}
	}
	return sum
}

// watchState names the state of a card's worker that does not search; "" when
// all do.
func (m Model) watchState(c *telemetry.State) string {
	for _, w := range m.snap.Workers {
		if telemetry.SameBus(w.Info.Bus, c.Bus) && w.Watch != nil && w.Watch.State != watchdog.Working {
			return w.Watch.State.String()
		}
	}
	return ""
}

// watchNote says that a worker's device does not search; "" when it does.
func (m Model) watchNote(w *miner.Worker) string {
	if w.Watch == nil || w.Watch.State == watchdog.Working {
		return ""
	}
	return " " + m.theme.warn.Render(m.theme.invalid+" "+w.Watch.State.String())
}

// cardPage is everything about each card.
func (m Model) cardPage() []string {
	t := m.theme
	if len(m.cards) == 0 {
		return []string{t.plain.Render("no card tells anything; 'adit telemetry --once' says why")}
	}
	var lines []string
	for i := range m.cards {
		c := &m.cards[i]
		lines = append(lines, t.value.Render(c.Card.String())+t.plain.Render("  driver "+orNone(c.Driver)))
		if note, style := m.cardState(c); note != "" {
			lines = append(lines, m.line("  state", style.Render(note)))
		}
		for _, row := range m.cardDetails(c) {
			lines = append(lines, m.line("  "+row[0], t.plain.Render(row[1])))
		}
		lines = append(lines, m.watchLines(c)...)
	}
	return lines
}

// cardDetails are a card's sensors in rows. What a card does not tell is left
// out.
func (m Model) cardDetails(c *telemetry.State) [][2]string {
	rows := [][2]string{{"uuid", orNone(c.UUID)}}
	if !c.Fresh() {
		return rows
	}
	get := func(q telemetry.Quantity, part string, factor float64, format string) string {
		if v, ok := c.Get(q, part); ok {
			return fmt.Sprintf(format, v*factor)
		}
		return ""
	}
	const core, memory, junction = telemetry.Core, telemetry.Memory, telemetry.Junction
	gib := math.Exp2(-30)
	degrees := "%.0f" + m.theme.degree
	for _, row := range [][]string{
		{"work", rateText(m.cardRate(c)), m.efficiency(c)},
		{"heat", get(telemetry.Temperature, core, 1, "core "+degrees), get(telemetry.Temperature, junction, 1, "hottest "+degrees),
			get(telemetry.Temperature, memory, 1, "memory "+degrees), get(telemetry.FanSpeed, "0", 100, "fan %.0f%%"), get(telemetry.FanRPM, "0", 1, "%.0f rpm")},
		{"power", get(telemetry.Power, "", 1, "%.0f W"), get(telemetry.PowerLimit, "", 1, "limit %.0f W"),
			get(telemetry.Energy, "", 1/3.6e6, "%.2f kWh since the driver was loaded")},
		{"clocks", get(telemetry.Clock, core, 1e-6, "core %.0f MHz"), get(telemetry.Clock, memory, 1e-6, "memory %.0f MHz"),
			get(telemetry.Utilization, core, 100, "core busy %.0f%%"), get(telemetry.Utilization, memory, 100, "memory %.0f%%")},
		{"memory", get(telemetry.MemoryTotal, "", gib, "%.1f GiB"), get(telemetry.MemoryUsed, "", gib, "%.1f GiB of it used"),
			get(telemetry.ECCErrors, "corrected", 1, "%.0f errors corrected"), get(telemetry.ECCErrors, "uncorrected", 1, "%.0f not")},
		{"link", get(telemetry.LinkGeneration, "", 1, "generation %.0f") + get(telemetry.LinkGenerationMax, "", 1, " of %.0f"),
			get(telemetry.LinkWidth, "", 1, "lanes %.0f") + get(telemetry.LinkWidthMax, "", 1, " of %.0f"), get(telemetry.LinkReplays, "", 1, "%.0f replays")},
	} {
		told := slices.DeleteFunc(row[1:], func(s string) bool { return s == "" })
		if len(told) > 0 {
			rows = append(rows, [2]string{row[0], strings.Join(told, ", ")})
		}
	}
	return rows
}

// watchLines say what the watchdog has had to do with a card.
func (m Model) watchLines(c *telemetry.State) []string {
	var lines []string
	for _, w := range m.snap.Workers {
		if w.Watch == nil || w.Watch.Last == "" || !telemetry.SameBus(w.Info.Bus, c.Bus) {
			continue
		}
		n := uint64(0)
		for _, count := range w.Watch.Troubles {
			n += count
		}
		lines = append(lines, m.line("  watchdog", m.theme.warn.Render(fmt.Sprintf("%s; %d times trouble, the last: %s", w.Watch.State, n, w.Watch.Last))))
	}
	return lines
}
