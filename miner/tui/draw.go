package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// clip cuts styled text to a width in cells.
func (t *theme) clip(s string, width int) string {
	if ansi.StringWidth(s) <= width {
		return s
	}
	return ansi.Truncate(s, max(width, 0), t.ellipsis)
}

// fit makes styled text exactly width cells wide.
func (t *theme) fit(s string, width int) string {
	s = t.clip(s, width)
	return s + spaces(width-ansi.StringWidth(s))
}

func spaces(n int) string { return strings.Repeat(" ", max(n, 0)) }

// box frames lines in a titled border: width and height count the border.
// Lines beyond its height are dropped, missing ones are blank.
func (t *theme) box(title string, width, height int, lines []string) []string {
	inner := width - 4
	head := t.clip(title, inner-2)
	fill := strings.Repeat(t.horizontal, max(width-5-ansi.StringWidth(head), 0))
	out := make([]string, 0, height)
	out = append(out, t.border.Render(t.topLeft+t.horizontal)+" "+t.heading.Render(head)+" "+
		t.border.Render(fill+t.topRight))
	side := t.border.Render(t.vertical)
	for i := range height - 2 {
		line := ""
		if i < len(lines) {
			line = lines[i]
		}
		out = append(out, side+" "+t.fit(line, inner)+" "+side)
	}
	return append(out, t.border.Render(t.bottomLeft+strings.Repeat(t.horizontal, width-2)+t.bottomRight))
}

// beside joins two blocks of the same height.
func beside(left, right []string) []string {
	out := make([]string, len(left))
	for i := range left {
		out[i] = left[i] + right[i]
	}
	return out
}

// sparkline draws the newest values, one a column, in rows of eight levels
// each, from zero at the bottom to the highest value at the top. It is right
// aligned, so that history grows in from the right.
func (t *theme) sparkline(values []float64, width, rows int) []string {
	values = values[max(0, len(values)-width):]
	top := 0.0
	for _, v := range values {
		top = max(top, v)
	}
	steps := len(t.levels)
	out := make([]string, rows)
	for r := range rows {
		var b strings.Builder
		b.WriteString(spaces(width - len(values)))
		floor := (rows - 1 - r) * steps
		for _, v := range values {
			b.WriteString(t.cell(levelOf(v, top, rows*steps)-floor, r == rows-1))
		}
		out[r] = b.String()
	}
	return out
}

// course is a sparkline in the theme's colours, brighter towards the top.
func (t *theme) course(values []float64, width, rows int) []string {
	lines := t.sparkline(values, width, rows)
	for i := range lines {
		lines[i] = t.spark[min(rows-1-i, len(t.spark)-1)].Render(lines[i])
	}
	return lines
}

// cell is the glyph of a column that is filled to a level in this row. The
// bottom row shows a floor even for nothing, to tell zero from no history.
func (t *theme) cell(level int, bottom bool) string {
	switch {
	case level <= 0 && bottom:
		return t.levels[0]
	case level <= 0:
		return " "
	}
	return t.levels[min(level, len(t.levels))-1]
}

// levelOf scales v to 0..steps, where everything above zero is at least 1.
func levelOf(v, top float64, steps int) int {
	if v <= 0 || top <= 0 {
		return 0
	}
	return min(max(int(v/top*float64(steps)+0.5), 1), steps)
}

// meter draws a bar of the given width, filled to a share of 0 to 1.
func (t *theme) meter(share float64, width int) string {
	full := min(max(int(share*float64(width)+0.5), 0), width)
	return t.spark[1].Render(strings.Repeat(t.bar, full)) + t.border.Render(strings.Repeat(t.rest, width-full))
}

// bigFont is numbers three rows high.
var bigFont = map[rune][3]string{
	'0': {"┏━┓", "┃ ┃", "┗━┛"}, '1': {"╺┓ ", " ┃ ", "╺┻╸"},
	'2': {"┏━┓", "┏━┛", "┗━╸"}, '3': {"┏━┓", "╺━┫", "┗━┛"},
	'4': {"╻ ╻", "┗━┫", "  ╹"}, '5': {"┏━╸", "┗━┓", "┗━┛"},
	'6': {"┏━╸", "┣━┓", "┗━┛"}, '7': {"┏━┓", "  ┃", "  ╹"},
	'8': {"┏━┓", "┣━┫", "┗━┛"}, '9': {"┏━┓", "┗━┫", "╺━┛"},
	'.': {" ", " ", "."},
}

// bigNumber draws digits and points three rows high.
func bigNumber(s string) [3]string {
	var rows [3]strings.Builder
	for _, r := range s {
		glyph, ok := bigFont[r]
		if !ok {
			continue
		}
		for i := range rows {
			rows[i].WriteString(glyph[i])
		}
	}
	return [3]string{rows[0].String(), rows[1].String(), rows[2].String()}
}
