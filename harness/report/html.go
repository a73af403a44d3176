package report

import (
	_ "embed"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/aditmine/adit/harness/conform"
)

// Page is what one HTML page shows: pools side by side, and measurements.
type Page struct {
	Title    string
	Tool     string // what made it, with its version
	Made     time.Time
	Pools    []Pool
	Measures []Measure
}

// Pool is one column of the matrix.
type Pool struct {
	Name   string
	Report *conform.Report
}

// Measure is a measurement: a few numbers and the plots of them.
type Measure struct {
	Title string
	Text  string
	Void  []string // why it means nothing, if so
	Rows  [][2]string
	Table Table
	Plots []Plot
}

// Table is one with a line of heads; nothing is shown of one without rows.
type Table struct {
	Head []string
	Rows [][]string
}

//go:embed page.html
var pageText string

// HTML writes a page that needs nothing beside itself: no script, style or
// picture from elsewhere.
func HTML(w io.Writer, p *Page) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"class": func(v conform.Verdict) string { return "v-" + strings.ToLower(string(v)) },
		"mark":  mark,
		"join":  strings.Join,
		"svg":   func(p Plot) template.HTML { return template.HTML(p.svg()) },
		"side":  side,
		"rest":  func(s string) string { return s[min(2, len(s)):] },
	}).Parse(pageText)
	if err != nil {
		return err
	}
	return t.Execute(w, view(p))
}

// mark is a verdict in one sign, for those who cannot tell the colours.
func mark(v conform.Verdict) string {
	return map[conform.Verdict]string{
		conform.Pass: "✓", conform.Fail: "✗", conform.NonStrict: "!", conform.Informed: "i", conform.Skip: "–",
		conform.Unsupported: "·", conform.Inconclusive: "?", conform.Broken: "E",
	}[v]
}

// side says who said a line of the transcript.
func side(line string) string {
	switch {
	case strings.HasPrefix(line, ">"):
		return "out"
	case strings.HasPrefix(line, "<"):
		return "in"
	}
	return "ev"
}

// The page as the template sees it.
type (
	pageView struct {
		*Page
		Verdicts []conform.Verdict
		Columns  []columnView
		Sections []sectionView
		Wide     int // columns of the matrix
	}
	columnView struct {
		Name, Key, Headline string
		Good                bool
		Report              *conform.Report
		Bars                []barView
		Seconds             float64
	}
	barView struct {
		Verdict conform.Verdict
		Count   int
		Percent float64
	}
	sectionView struct {
		Name string
		Rows []rowView
	}
	rowView struct {
		*conform.Result // the catalogue's part of it
		Cells           []cellView
	}
	cellView struct {
		Key    string
		Pool   string
		Result *conform.Result // nil when the pool was not put to it
	}
)

func view(p *Page) *pageView {
	v := &pageView{Page: p, Verdicts: conform.Verdicts(), Wide: len(p.Pools) + 3}
	byID := make([]map[string]*conform.Result, len(p.Pools))
	var order []*conform.Result
	seen := map[string]bool{}
	for i, pool := range p.Pools {
		byID[i] = map[string]*conform.Result{}
		for j := range pool.Report.Results {
			r := &pool.Report.Results[j]
			byID[i][r.ID] = r
			if !seen[r.ID] {
				seen[r.ID] = true
				order = append(order, r)
			}
		}
		v.Columns = append(v.Columns, column(key(i), pool))
	}
	at := map[string]int{}
	for _, r := range order {
		n, ok := at[r.Section()]
		if !ok {
			n = len(v.Sections)
			at[r.Section()] = n
			v.Sections = append(v.Sections, sectionView{Name: r.Section()})
		}
		row := rowView{Result: r}
		for i, pool := range p.Pools {
			row.Cells = append(row.Cells, cellView{key(i) + "-" + r.ID, pool.Name, byID[i][r.ID]})
		}
		v.Sections[n].Rows = append(v.Sections[n].Rows, row)
	}
	return v
}

// key names a column in the page's anchors.
func key(i int) string { return "p" + string(rune('a'+i%26)) + strings.Repeat("z", i/26) }

func column(key string, pool Pool) columnView {
	c := columnView{Name: pool.Name, Key: key, Headline: headline(pool.Report), Report: pool.Report, Good: pool.Report.Exit() == conform.ExitPassed}
	for i := range pool.Report.Results {
		c.Seconds += pool.Report.Results[i].Seconds
	}
	for _, verdict := range conform.Verdicts() {
		if n := pool.Report.Counts[verdict]; n > 0 {
			c.Bars = append(c.Bars, barView{verdict, n, 100 * float64(n) / float64(len(pool.Report.Results))})
		}
	}
	return c
}
