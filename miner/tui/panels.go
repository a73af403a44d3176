package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/miner"
)

func width(s string) int { return ansi.StringWidth(s) }

// rateText writes a rate with its unit.
func rateText(perSecond float64) string { return miner.FormatRate(perSecond) }

// windowText writes a window's average, "n/a" until it is covered.
func windowText(r miner.Rate) string {
	if !r.Known {
		return "n/a"
	}
	return rateText(r.PerSecond)
}

// rateBox is the hash rate: big, over time, and by window.
func (m Model) rateBox() []string {
	inner := m.width - 4
	lines, shown := m.smallRate(inner)
	if m.roomy() && m.width >= bigWidth && m.theme.bigDigits {
		lines, shown = m.bigRate(inner)
	}
	title := "hashrate"
	if n := min(len(m.snap.History), shown); n > 0 {
		title = fmt.Sprintf("hashrate, last %d s", n)
	}
	return m.theme.box(title, m.width, len(lines)+2, lines)
}

// bigWidth is the least width of the terminal for large digits.
const bigWidth = 76

// rateRows is the inner height of the rate box.
func (m Model) rateRows() int {
	switch {
	case m.height >= 32:
		return 5
	case m.roomy():
		return 3
	}
	return 2
}

// rateNow is the rate to show large, in the unit of the whole box.
func (m Model) rateNow() (number, unit string) {
	divisor, unit := miner.RateScale(max(m.snap.Rates.Recent, m.snap.MaxRate))
	return miner.RateNumber(m.snap.Rates.Recent / divisor), unit
}

// bigRate is the rate in large digits at the left, its course at the right
// and the windows below that. The second result is how many columns the course
// has.
func (m Model) bigRate(inner int) ([]string, int) {
	t := m.theme
	number, unit := m.rateNow()
	digits := bigNumber(number)
	left := max(width(digits[0])+width(unit)+3, 22)
	rows := m.rateRows()
	spark := t.course(m.snap.History, inner-left, rows-1)
	lines := make([]string, rows)
	for i := range lines {
		head := ""
		if d := i - (rows - 3); d >= 0 {
			head = t.big.Render(digits[d])
			if d == 2 {
				head += " " + t.plain.Render(unit)
			}
		}
		tail := m.windows()
		if i < rows-1 {
			tail = spark[i]
		}
		lines[i] = t.fit(head, left) + tail
	}
	return lines, inner - left
}

// smallRate is the same with digits of one row.
func (m Model) smallRate(inner int) ([]string, int) {
	t := m.theme
	number, unit := m.rateNow()
	head := t.big.Render(number) + " " + t.plain.Render(unit) + "  "
	room := inner - width(head)
	lines := t.course(m.snap.History, room, m.rateRows()-1)
	for i := range lines[:len(lines)-1] {
		lines[i] = spaces(width(head)) + lines[i]
	}
	lines[len(lines)-1] = head + lines[len(lines)-1]
	return append(lines, m.windows()), room
}

// windows lists the averages, in the unit of the whole box.
func (m Model) windows() string {
	t, r := m.theme, m.snap.Rates
	divisor, _ := miner.RateScale(max(r.Recent, m.snap.MaxRate))
	var parts []string
	for _, w := range []struct {
		label string
		rate  miner.Rate
	}{
		{"10s", r.Short}, {"60s", r.Medium}, {"15m", r.Long},
		{"max", miner.Rate{PerSecond: m.snap.MaxRate, Known: m.snap.MaxRate > 0}},
	} {
		text := "n/a"
		if w.rate.Known {
			text = miner.RateNumber(w.rate.PerSecond / divisor)
		}
		parts = append(parts, t.label.Render(w.label)+" "+t.plain.Render(text))
	}
	return strings.Join(parts, "  ")
}

// labels is the width of a label's column: a narrow box has short labels.
func (m Model) labels() int {
	if m.narrow() {
		return 9
	}
	return 11
}

// narrow says that labels and values have to be short.
func (m Model) narrow() bool { return m.width < 76 }

// statusBoxes are the pool at the left and the shares at the right.
func (m Model) statusBoxes() []string {
	left := m.width * 11 / 20
	pool, shares := m.poolRows(), m.shareRows()
	rows := 5
	if !m.roomy() {
		rows = 4
		pool = append(pool[:2], pool[3:]...)
		shares = shares[:4]
	}
	return beside(m.theme.box("pool", left, rows+2, pool),
		m.theme.box("shares", m.width-left, rows+2, shares))
}

// row is a label and what it labels.
func (t *theme) row(columns int, label, value string) string {
	return t.label.Render(t.fit(label, columns)) + value
}

func (m Model) poolRows() []string {
	t := m.theme
	row := func(label, short, value string) string {
		if m.narrow() {
			return t.row(6, short, value)
		}
		return t.row(m.labels(), label, value)
	}
	difficulty := "n/a"
	if m.snap.Job != nil {
		difficulty = chain.FormatDifficulty(m.snap.Job.Difficulty)
	}
	return []string{
		row("host", "host", t.value.Render(m.host())),
		row("state", "state", m.poolState()),
		row("protocol", "via", t.plain.Render(m.protocol())),
		row("difficulty", "diff", t.value.Render(difficulty)),
		row("job", "job", t.plain.Render(m.jobAge())),
	}
}

func (m Model) host() string {
	if m.snap.Pool.Host == "" {
		return "none yet"
	}
	return m.snap.Pool.Host
}

// poolState is the connection's state, its mark, and for how long.
func (m Model) poolState() string {
	t, p := m.theme, m.snap.Pool
	mark := t.bad.Render(t.offline)
	switch p.State {
	case miner.PoolConnected:
		mark = t.warn.Render(t.waiting)
	case miner.PoolReady:
		mark = t.good.Render(t.online)
	}
	text := p.State.String()
	if !p.Since.IsZero() {
		text += " " + miner.FormatAge(m.snap.Time.Sub(p.Since))
	}
	return mark + " " + t.plain.Render(text)
}

// jobAge is how high and how old the job is.
func (m Model) jobAge() string {
	j := m.snap.Job
	if j == nil {
		return "none"
	}
	age := miner.FormatAge(m.snap.Time.Sub(j.Received)) + " old"
	switch {
	case j.Height == 0:
		return age
	case m.narrow():
		return fmt.Sprintf("%d, %s", j.Height, age)
	}
	return fmt.Sprintf("height %d, %s", j.Height, age)
}

// protocol is the dialect, whether it is encrypted, and the submit latency.
func (m Model) protocol() string {
	p := m.snap.Pool
	parts := make([]string, 0, 3)
	if p.Dialect != "" {
		parts = append(parts, p.Dialect)
	}
	if p.TLS != "" {
		parts = append(parts, "TLS")
	}
	if m.snap.Latency > 0 {
		parts = append(parts, "submit "+miner.FormatLatency(m.snap.Latency))
	}
	return strings.Join(parts, ", ")
}

func (m Model) shareRows() []string {
	t, s := m.theme, m.snap.Shares
	accepted := fmt.Sprint(s.Accepted)
	if m.snap.Goal > 0 {
		accepted = fmt.Sprintf("%d of %d", s.Accepted, m.snap.Goal)
	}
	last := "none yet"
	if !m.snap.LastShare.IsZero() {
		last = miner.FormatAge(m.snap.Time.Sub(m.snap.LastShare)) + " ago"
	}
	if s.Invalid > 0 {
		last += " " + t.bad.Render(fmt.Sprintf("%s %d invalid", t.invalid, s.Invalid))
	}
	effort := "n/a"
	if m.snap.Effort > 0 {
		effort = fmt.Sprintf("%.0f %%", m.snap.Effort)
	}
	return []string{
		m.shareRow("accepted", t.accepted, t.good, accepted, s.Accepted),
		m.shareRow("rejected", t.rejected, t.bad, fmt.Sprint(s.Rejected), s.Rejected),
		m.shareRow("stale", t.stale, t.warn, fmt.Sprint(s.Stale), s.Stale),
		t.row(m.labels(), "last", t.plain.Render(last)),
		t.row(m.labels(), "effort", t.plain.Render(effort)),
	}
}

// shareRow is a verdict's mark, count and percentage; a count of nothing is
// not coloured.
func (m Model) shareRow(label, mark string, style lipgloss.Style, count string, n uint64) string {
	t := m.theme
	if n == 0 {
		style = t.label
	}
	percent := ""
	if m.snap.Shares.Judged() > 0 {
		percent = fmt.Sprintf("%5.1f %%", m.snap.Shares.Percent(n))
	}
	inner := m.width - m.width*11/20 - 4
	room := min(inner-m.labels()-width(percent), 14)
	return t.row(m.labels(), label, t.fit(style.Render(mark+" "+count), room)+t.plain.Render(percent))
}

// workerCell is the least width of a worker's cell.
const workerCell = 36

// workerColumns is how many cells stand side by side.
func (m Model) workerColumns() int {
	return max(min((m.width-4)/workerCell, len(m.snap.Workers)), 1)
}

// workerRows is the height of the worker box: nothing when there is no room.
func (m Model) workerRows(rest int) int {
	const events = 5 // what the event box should keep, border included
	columns := m.workerColumns()
	rows := (len(m.snap.Workers) + columns - 1) / columns
	rows = min(rows, rest-events-2, max(rest/2-2, 1))
	if rows < 1 {
		return 0
	}
	return rows + 2
}

func (m Model) workerBox(height int) []string {
	t := m.theme
	columns, inner := m.workerColumns(), m.width-4
	shown := min(len(m.snap.Workers), columns*(height-2))
	title := "workers"
	if hidden := len(m.snap.Workers) - shown; hidden > 0 {
		title = fmt.Sprintf("workers, %d more in hashrate", hidden)
	}
	top := 0.0
	for _, w := range m.snap.Workers {
		top = max(top, w.Rates.Recent)
	}
	cell := inner / columns
	lines := make([]string, height-2)
	for i, w := range m.snap.Workers[:shown] {
		lines[i/columns] += t.fit(m.workerLine(i, w, top, cell-2), cell)
	}
	return t.box(title, m.width, height, lines)
}

// workerLine is a worker's name, rate, and rate against the fastest one.
func (m Model) workerLine(i int, w miner.Worker, top float64, cells int) string {
	t := m.theme
	share := 0.0
	if top > 0 {
		share = w.Rates.Recent / top
	}
	head := t.label.Render(t.fit(workerName(i, w), 8)) + t.plain.Render(fmt.Sprintf("%12s", rateText(w.Rates.Recent))) + "  "
	tail := ""
	if w.Shares.Invalid > 0 {
		tail = " " + t.bad.Render(fmt.Sprintf("%s %d", t.invalid, w.Shares.Invalid))
	}
	tail += m.watchNote(&w)
	return head + t.meter(share, max(cells-width(head)-width(tail), 0)) + tail
}

func workerName(i int, w miner.Worker) string {
	if w.Info.Device == "" {
		return fmt.Sprintf("worker %d", i)
	}
	return w.Info.Device
}

// eventBox is the newest events, the newest at the bottom.
func (m Model) eventBox(height int) []string {
	t := m.theme
	events := m.snap.Events
	events = events[max(0, len(events)-max(height-2, 0)):]
	lines := make([]string, 0, height)
	for _, e := range events {
		mark, style := t.eventMark(e.Kind)
		lines = append(lines, t.label.Render(e.Time.Format(time.TimeOnly))+" "+
			style.Render(mark)+" "+t.plain.Render(e.Text))
	}
	return t.box("events", m.width, height, lines)
}

func (t *theme) eventMark(kind miner.EventKind) (string, lipgloss.Style) {
	switch kind {
	case miner.EventAccepted:
		return t.accepted, t.good
	case miner.EventRejected:
		return t.rejected, t.bad
	case miner.EventStale:
		return t.stale, t.warn
	case miner.EventInvalid, miner.EventWarning:
		return t.invalid, t.bad
	case miner.EventNetwork, miner.EventResumed:
		return t.online, t.good
	case miner.EventOffline:
		return t.offline, t.bad
	case miner.EventJob:
		return t.job, t.note
	case miner.EventPaused:
		return t.paused, t.warn
	}
	return t.info, t.label
}
