package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/aditmine/adit/harness/conform"
)

// Text prints results for a terminal.
type Text struct {
	// Color marks verdicts with ANSI colours.
	Color bool
	// Wire adds what was said in each check that found something.
	Wire bool
}

// ansi are the colours of verdicts, as SGR parameters.
func ansi(v conform.Verdict) string {
	return map[conform.Verdict]string{
		conform.Pass: "32", conform.Fail: "1;31", conform.NonStrict: "33", conform.Informed: "36",
		conform.Skip: "2", conform.Unsupported: "2", conform.Inconclusive: "35", conform.Broken: "1;35",
	}[v]
}

func (t *Text) paint(style, text string) string {
	if !t.Color || style == "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// Result prints what came of a check: a line, and for a finding what was
// required, what would have done, what came, and how to see it again.
func (t *Text) Result(w io.Writer, r *conform.Result) error {
	said := r.Requirement
	if r.Reason != "" {
		said = r.Reason
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %-12s %-6s %s\n", t.paint(ansi(r.Verdict), fmt.Sprintf("%-12s", r.Verdict)), r.ID, r.Level, said)
	detail := func(label, text string) {
		fmt.Fprintf(&b, "    %s %s\n", t.paint("2", fmt.Sprintf("%-9s", label)), text)
	}
	if r.Got != "" {
		detail("basis", r.Basis.Text())
		for i, accepted := range r.Accepted {
			detail([]string{"accepted", "or"}[min(i, 1)], accepted)
		}
		detail("got", r.Got)
		if r.Replay != "" {
			detail("replay", r.Replay)
		}
	}
	if r.Known != "" {
		detail("known", r.Known)
	}
	for _, note := range r.Notes {
		detail("note", note)
	}
	if t.Wire && r.Got != "" {
		for _, line := range r.Wire {
			fmt.Fprintf(&b, "    | %s\n", line)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Summary prints how many checks came to what.
func (t *Text) Summary(w io.Writer, r *conform.Report) error {
	var parts []string
	for _, v := range conform.Verdicts() {
		if n := r.Counts[v]; n > 0 {
			parts = append(parts, t.paint(ansi(v), fmt.Sprintf("%d %s", n, v)))
		}
	}
	if known := knownIn(r); known > 0 {
		parts = append(parts, fmt.Sprintf("%d of them known", known))
	}
	_, err := fmt.Fprintf(w, "%d checks against %s (%s, seed %d): %s\n", len(r.Results), r.Target, r.Profile, r.Seed, strings.Join(parts, ", "))
	return err
}

// knownIn counts the findings that do not count.
func knownIn(r *conform.Report) (known int) {
	for i := range r.Results {
		if r.Results[i].Known != "" {
			known++
		}
	}
	return known
}
