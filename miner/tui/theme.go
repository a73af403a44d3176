package tui

import "github.com/charmbracelet/lipgloss"

// glyphs are the characters the dashboard draws with. Every mark differs from
// the others in shape, so that nothing hangs on colour.
type glyphs struct {
	horizontal, vertical                        string
	topLeft, topRight, bottomLeft, bottomRight  string
	levels                                      []string // a sparkline's cells, lowest first
	bar, rest                                   string
	ellipsis, dot                               string
	accepted, rejected, stale, invalid          string
	online, offline, waiting, job, paused, info string
	degree                                      string // after a temperature
	bigDigits                                   bool
}

var unicodeGlyphs = glyphs{
	horizontal: "─", vertical: "│",
	topLeft: "╭", topRight: "╮", bottomLeft: "╰", bottomRight: "╯",
	levels: []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	bar:    "■", rest: "·",
	ellipsis: "…", dot: "·",
	accepted: "✓", rejected: "✗", stale: "~", invalid: "!",
	online: "●", offline: "○", waiting: "◌", job: "→", paused: "‖", info: "·",
	degree: "°C", bigDigits: true,
}

var asciiGlyphs = glyphs{
	horizontal: "-", vertical: "|",
	topLeft: "+", topRight: "+", bottomLeft: "+", bottomRight: "+",
	levels: []string{"_", ".", ":", "-", "=", "+", "*", "#"},
	bar:    "#", rest: ".",
	ellipsis: "~", dot: "-",
	accepted: "+", rejected: "x", stale: "~", invalid: "!",
	online: "*", offline: "o", waiting: ".", job: ">", paused: "=", info: "-",
	degree: "C",
}

// theme is how things look: styles bound to one terminal, and glyphs.
type theme struct {
	glyphs
	title, titleDim, titleGood, titleBad lipgloss.Style
	border, heading, label, plain        lipgloss.Style
	value, big                           lipgloss.Style
	spark                                []lipgloss.Style // by row, the lowest first
	good, bad, warn, note                lipgloss.Style
	key                                  lipgloss.Style
}

// newTheme picks colours that stay apart for most kinds of colour blindness:
// blue and green-cyan for what is well, orange and red with other marks for
// what is not.
func newTheme(r *lipgloss.Renderer, ascii bool) *theme {
	color := func(c string) lipgloss.Style { return r.NewStyle().Foreground(lipgloss.Color(c)) }
	bar := func(c string) lipgloss.Style {
		return r.NewStyle().Background(lipgloss.Color("236")).Foreground(lipgloss.Color(c))
	}
	t := &theme{
		glyphs: unicodeGlyphs,
		title:  bar("255").Bold(true), titleDim: bar("250"), titleGood: bar("79").Bold(true), titleBad: bar("214").Bold(true),
		border: color("240"), heading: color("110").Bold(true), label: color("245"), plain: color("252"),
		value: color("255").Bold(true), big: color("79").Bold(true),
		spark: []lipgloss.Style{color("30"), color("37"), color("44"), color("79")},
		good:  color("79"), bad: color("203"), warn: color("214"), note: color("110"),
		key: color("215").Bold(true),
	}
	if ascii {
		t.glyphs = asciiGlyphs
	}
	return t
}
