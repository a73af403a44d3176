package tui

import (
	"fmt"
	"time"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/miner"
)

// pageBox draws the open page, scrolled.
func (m Model) pageBox(height int) []string {
	title, lines := m.pageLines()
	from := min(m.scroll, len(lines))
	if more := len(lines) - (height - 2); more > 0 {
		title += fmt.Sprintf(" (%d-%d of %d, up and down scroll)", from+1, min(from+height-2, len(lines)), len(lines))
	}
	return m.theme.box(title, m.width, height, lines[from:])
}

// lastScroll is how far the open page can be scrolled.
func (m Model) lastScroll() int {
	if m.page == pageMain || m.height < MinHeight {
		return 0
	}
	_, lines := m.pageLines()
	room := m.bodyRows() - len(m.rateBox()) - 2
	return max(len(lines)-room, 0)
}

// line is a labelled line of a page.
func (m Model) line(label, value string) string { return m.theme.row(12, label, value) }

func (m Model) pageLines() (title string, lines []string) {
	switch m.page {
	case pageRates:
		return "hashrate of each worker", m.ratePage()
	case pageResults:
		return "results", m.resultPage()
	case pageConnection:
		return "connection", m.connectionPage()
	case pageCards:
		return "gpus", m.cardPage()
	}
	return "help", m.helpPage()
}

func (m Model) ratePage() []string {
	t := m.theme
	lines := []string{t.label.Render(fmt.Sprintf("%-9s%-10s%12s%12s%12s  %s", "worker", "code", "10s", "60s", "15m", "shares"))}
	for i, w := range m.snap.Workers {
		lines = append(lines, rateLine(workerName(i, w), w.Info.Impl, w.Rates, w.Shares))
	}
	return append(lines, t.value.Render(rateLine("all", "", m.snap.Rates, m.snap.Shares)))
}

func rateLine(name, impl string, r miner.Rates, s miner.Shares) string {
	line := fmt.Sprintf("%-9.8s%-10.9s%12s%12s%12s  %d", name, impl,
		windowText(r.Short), windowText(r.Medium), windowText(r.Long), s.Accepted)
	if s.Invalid > 0 {
		line += fmt.Sprintf(" (%d invalid)", s.Invalid)
	}
	return line
}

func (m Model) resultPage() []string {
	t, s := m.theme, m.snap.Shares
	count := func(label string, n uint64, what string) string {
		return m.line(label, t.value.Render(fmt.Sprintf("%-9d", n))+t.label.Render(what))
	}
	effort := "n/a until a share is accepted"
	if m.snap.Effort > 0 {
		effort = fmt.Sprintf("%.1f %% of the expected work for the accepted shares", m.snap.Effort)
	}
	lines := []string{
		count("accepted", s.Accepted, "taken by the pool"),
		count("rejected", s.Rejected, "refused by the pool"),
		count("stale", s.Stale, "refused for their age alone"),
		count("invalid", s.Invalid, "failed the re-check, not sent"),
		count("late", s.Late, "work withdrawn before they were sent"),
		count("lost", s.Lost, "connection ended before the verdict"),
		m.line("hashes", t.plain.Render(fmt.Sprint(m.snap.Hashes))),
		m.line("effort", t.plain.Render(effort)),
		m.line("average", t.plain.Render(rateText(m.snap.AverageRate())+" since the start")),
	}
	for i, d := range m.snap.Best {
		lines = append(lines, m.line(fmt.Sprintf("best %d", i+1), t.plain.Render(chain.FormatDifficulty(chain.Uint64(d)))))
	}
	for _, r := range m.snap.Reasons {
		lines = append(lines, m.line(fmt.Sprintf("refused %d", r.Count), t.plain.Render(r.Text)))
	}
	return lines
}

func (m Model) connectionPage() []string {
	t, p := m.theme, m.snap.Pool
	secured := "no: anybody on the way can read and change it"
	if p.TLS != "" {
		secured = p.TLS
	}
	latency := "n/a until a share is answered"
	if m.snap.Latency > 0 {
		latency = miner.FormatLatency(m.snap.Latency) + " from submit to verdict, median"
	}
	since := ""
	if !p.Since.IsZero() {
		since = " since " + p.Since.Format(time.DateTime)
	}
	lines := []string{
		m.line("host", t.value.Render(m.host())+t.plain.Render("  "+p.Remote)),
		m.line("state", t.plain.Render(p.State.String()+since)),
		m.line("dialect", t.plain.Render(p.Dialect)),
		m.line("encrypted", t.plain.Render(secured)),
		m.line("certificate", t.plain.Render(orNone(p.Fingerprint))),
		m.line("latency", t.plain.Render(latency)),
		m.line("failures", t.plain.Render(fmt.Sprint(p.Failures))),
		m.line("last error", t.plain.Render(orNone(p.LastError))),
	}
	return append(lines, m.jobRows()...)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func (m Model) jobRows() []string {
	t, j := m.theme, m.snap.Job
	if j == nil {
		return []string{m.line("job", t.plain.Render("none"))}
	}
	used := 100 * float64(j.Tried) / float64(max(j.Space, 1))
	return []string{
		m.line("job", t.plain.Render(fmt.Sprintf("%s, number %d", j.ID, j.Count))),
		m.line("height", t.plain.Render(fmt.Sprint(j.Height))),
		m.line("difficulty", t.plain.Render(fmt.Sprint(j.Difficulty))),
		m.line("received", t.plain.Render(miner.FormatAge(m.snap.Time.Sub(j.Received))+" ago")),
		m.line("nonces", t.plain.Render(fmt.Sprintf("%.2g %% of the job's space handed out", used))),
	}
}

func (m Model) helpPage() []string {
	t := m.theme
	var lines []string
	for _, k := range [][2]string{
		{"h", "hash rate of each worker over 10 s, 60 s and 15 min"},
		{"s", "results: share counts, reasons, best shares, effort"},
		{"c", "connection: pool, latency, errors, job"},
		{"g", "graphics cards: temperatures, power, clocks, watchdog"},
		{"p  r", "pause and resume mining; the connection stays"},
		{"esc", "back to the dashboard"},
		{"q", "quit"},
		{"", ""},
		{"marks", t.accepted + " accepted   " + t.rejected + " rejected   " + t.stale + " stale   " +
			t.invalid + " failed its re-check   " + t.job + " new job"},
	} {
		lines = append(lines, t.key.Render(t.fit(k[0], 7))+t.plain.Render(k[1]))
	}
	return lines
}
