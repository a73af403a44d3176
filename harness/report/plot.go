package report

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// Plot is a picture of lines over two axes.
type Plot struct {
	Title, X, Y string // axes with their units
	LogX, LogY  bool
	// Percentiles are on the horizontal axis: a point's x is 1/(1-q) for the
	// part q of samples below it, so that each further nine is as wide.
	Percentiles bool
	Lines       []Line
	Marks       []Mark
}

// Mark is a place on the horizontal axis with a few words.
type Mark struct {
	X    float64
	Text string
}

// Line is one series of a plot. Step draws it as a staircase: the value holds
// until the next point.
type Line struct {
	Name   string
	Step   bool
	Points [][2]float64
}

// The picture's measures in pixels.
const (
	plotWidth, plotHeight                            = 640, 280
	plotLeft, plotRight, plotTop, plotBottom         = 64, 12, 12, 46
	plotMaxPoints                                    = 2000
	plotColors                                       = 8
	plotInnerWidth, plotInnerHeight          float64 = plotWidth - plotLeft - plotRight, plotHeight - plotTop - plotBottom
)

// axis maps values to pixels.
type axis struct {
	low, high float64
	log       bool
	from, to  float64
}

func (a *axis) at(v float64) float64 {
	low, high := a.low, a.high
	if a.log {
		v, low, high = math.Log10(v), math.Log10(low), math.Log10(high)
	}
	return a.from + (v-low)/(high-low)*(a.to-a.from)
}

// span makes an axis over the values of all lines, which must be usable.
func (p *Plot) span(which int, log bool, from, to float64) (axis, bool) {
	a := axis{low: math.Inf(1), high: math.Inf(-1), log: log, from: from, to: to}
	for _, l := range p.Lines {
		for _, point := range l.Points {
			if usable(point[which], log) {
				a.low, a.high = min(a.low, point[which]), max(a.high, point[which])
			}
		}
	}
	if a.low > a.high {
		return a, false
	}
	switch {
	case log && a.low == a.high:
		a.low, a.high = a.low/2, a.high*2
	case a.low == a.high:
		a.low, a.high = a.low-1, a.high+1
	case !log && a.low > 0 && a.low < a.high/2:
		a.low = 0
	}
	return a, true
}

func usable(v float64, log bool) bool {
	return !math.IsNaN(v) && !math.IsInf(v, 0) && (!log || v > 0)
}

// ticks are round values on the axis, at most about eight.
func (a *axis) ticks() (out []float64) {
	if a.log {
		first, last := math.Floor(math.Log10(a.low)), math.Ceil(math.Log10(a.high))
		for e := first; e <= last; e += math.Ceil((last - first) / 10) {
			if v := math.Pow(10, e); v >= a.low && v <= a.high {
				out = append(out, v)
			}
		}
		if len(out) < 3 {
			out = a.between()
		}
		if len(out) > 1 {
			return out
		}
		return []float64{a.low, a.high}
	}
	step := math.Pow(10, math.Floor(math.Log10((a.high-a.low)/4)))
	for (a.high-a.low)/step > 8 {
		step *= 2
	}
	for v := math.Ceil(a.low/step) * step; v <= a.high && len(out) < 20; v += step {
		out = append(out, v)
	}
	return out
}

// between are the ones, twos and fives of a short logarithmic axis.
func (a *axis) between() (out []float64) {
	for e := math.Floor(math.Log10(a.low)); e <= math.Ceil(math.Log10(a.high)); e++ {
		for _, digit := range []float64{1, 2, 5} {
			if v := digit * math.Pow(10, e); v >= a.low && v <= a.high {
				out = append(out, v)
			}
		}
	}
	return out
}

// svg draws the plot.
func (p *Plot) svg() string {
	x, okX := p.span(0, p.LogX, plotLeft, plotLeft+plotInnerWidth)
	y, okY := p.span(1, p.LogY, plotTop+plotInnerHeight, plotTop)
	if !okX || !okY {
		return `<p class="none">no data</p>`
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="plot" viewBox="0 0 %d %d" role="img" aria-label="%s">`, plotWidth, plotHeight, html.EscapeString(p.words()))
	p.grid(&b, &x, &y)
	for i, l := range p.Lines {
		fmt.Fprintf(&b, `<path class="line l%d" d="%s"/>`, i%plotColors, l.path(&x, &y))
	}
	for _, m := range p.Marks {
		if usable(m.X, x.log) && m.X >= x.low && m.X <= x.high {
			p.mark(&b, &m, x.at(m.X))
		}
	}
	b.WriteString("</svg>")
	p.keys(&b)
	return b.String()
}

// mark draws a line across, its words on the side that has room.
func (p *Plot) mark(b *strings.Builder, m *Mark, at float64) {
	anchor, off := "start", 5.0
	if at > plotLeft+plotInnerWidth/2 {
		anchor, off = "end", -5
	}
	fmt.Fprintf(b, `<path class="mark" d="M%.1f %dV%.0f"/><text class="legend" x="%.1f" y="%d" text-anchor="%s">%s</text>`,
		at, plotTop, plotTop+plotInnerHeight, at+off, plotTop+12, anchor, html.EscapeString(m.Text))
}

// keys names the lines below the picture, where they cover nothing.
func (p *Plot) keys(b *strings.Builder) {
	var names []string
	for i, l := range p.Lines {
		if l.Name != "" {
			names = append(names, fmt.Sprintf(`<li><svg class="key" viewBox="0 0 22 8" aria-hidden="true"><path class="line l%d" d="M0 4h22"/></svg>%s</li>`,
				i%plotColors, html.EscapeString(l.Name)))
		}
	}
	if len(names) > 0 {
		fmt.Fprintf(b, `<ul class="keys">%s</ul>`, strings.Join(names, ""))
	}
}

// words say what the picture shows, for those who do not see it.
func (p *Plot) words() string {
	var parts []string
	for _, l := range p.Lines {
		low, high := math.Inf(1), math.Inf(-1)
		for _, point := range l.Points {
			if usable(point[1], p.LogY) {
				low, high = min(low, point[1]), max(high, point[1])
			}
		}
		if low <= high {
			parts = append(parts, strings.TrimSpace(fmt.Sprintf("%s from %s to %s", l.Name, short(low), short(high))))
		}
	}
	return fmt.Sprintf("%s. %s over %s: %s.", p.Title, p.Y, p.X, strings.Join(parts, "; "))
}

func (p *Plot) grid(b *strings.Builder, x, y *axis) {
	bottom := plotTop + plotInnerHeight
	for _, v := range x.ticks() {
		fmt.Fprintf(b, `<path class="grid" d="M%.1f %dV%.0f"/><text class="tick" x="%.1f" y="%.0f" text-anchor="middle">%s</text>`,
			x.at(v), plotTop, bottom, x.at(v), bottom+19, p.tick(v))
	}
	for _, v := range y.ticks() {
		fmt.Fprintf(b, `<path class="grid" d="M%d %.1fH%d"/><text class="tick" x="%d" y="%.1f" text-anchor="end">%s</text>`,
			plotLeft, y.at(v), plotWidth-plotRight, plotLeft-6, y.at(v)+4, short(v))
	}
	fmt.Fprintf(b, `<text class="axis" x="%.0f" y="%d" text-anchor="middle">%s</text>`, plotLeft+plotInnerWidth/2, plotHeight-6, html.EscapeString(p.X))
	fmt.Fprintf(b, `<text class="axis" transform="translate(14 %.0f) rotate(-90)" text-anchor="middle">%s</text>`, plotTop+plotInnerHeight/2, html.EscapeString(p.Y))
}

// tick writes a value of the horizontal axis.
func (p *Plot) tick(v float64) string {
	if p.Percentiles {
		return fmt.Sprintf("%.6g%%", 100*(1-1/v))
	}
	return short(v)
}

// path is the line in SVG's words; of too many points every so many are drawn.
func (l *Line) path(x, y *axis) string {
	var b strings.Builder
	every := 1 + len(l.Points)/plotMaxPoints
	pen := "M"
	for i := 0; i < len(l.Points); i += every {
		point := l.Points[i]
		if !usable(point[0], x.log) || !usable(point[1], y.log) {
			pen = "M"
			continue
		}
		if l.Step && pen != "M" {
			fmt.Fprintf(&b, "H%.1f", x.at(point[0]))
		}
		fmt.Fprintf(&b, "%s%.1f %.1f", pen, x.at(point[0]), y.at(point[1]))
		pen = "L"
	}
	return b.String()
}

// short writes a number with a suffix.
func short(v float64) string {
	for _, s := range []struct {
		unit   float64
		suffix string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if math.Abs(v) >= s.unit {
			return fmt.Sprintf("%.3g%s", v/s.unit, s.suffix)
		}
	}
	return fmt.Sprintf("%.3g", v)
}
