package conform

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// WriteText prints what came of a check: a line, and for a finding what was
// required, what would have done and what came.
func (r *Result) WriteText(w io.Writer) error {
	line := fmt.Sprintf("%-12s %-12s %-6s %s", r.Verdict, r.ID, r.Level, r.Requirement)
	if r.Reason != "" {
		line = fmt.Sprintf("%-12s %-12s %-6s %s", r.Verdict, r.ID, r.Level, r.Reason)
	}
	var b strings.Builder
	fmt.Fprintln(&b, line)
	detail := func(label, text string) { fmt.Fprintf(&b, "    %-9s %s\n", label, text) }
	if r.Got != "" {
		detail("basis", basisText(r.Basis))
		for i, accepted := range r.Accepted {
			detail([]string{"accepted", "or"}[min(i, 1)], accepted)
		}
		detail("got", r.Got)
	}
	if r.Known != "" {
		detail("known", r.Known)
	}
	for _, note := range r.Notes {
		detail("note", note)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func basisText(b Basis) string {
	return map[Basis]string{
		Written: "the protocol's documents",
		DeFacto: "what deployed pools and miners rely on",
		Safety:  "safety of money and service",
	}[b]
}

// WriteWire prints what was said in a check, for findings only.
func (r *Result) WriteWire(w io.Writer) error {
	for _, line := range r.Wire {
		if _, err := fmt.Fprintf(w, "    | %s\n", line); err != nil {
			return err
		}
	}
	return nil
}

// WriteSummary prints how many checks came to what.
func (r *Report) WriteSummary(w io.Writer) error {
	var parts []string
	known := 0
	for _, v := range Verdicts() {
		if n := r.Counts[v]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	for i := range r.Results {
		if r.Results[i].Known != "" {
			known++
		}
	}
	if known > 0 {
		parts = append(parts, fmt.Sprintf("%d of them known", known))
	}
	_, err := fmt.Fprintf(w, "%d checks against %s (%s, seed %d): %s\n", len(r.Results), r.Target, r.Profile, r.Seed, strings.Join(parts, ", "))
	return err
}

// The elements of a JUnit file that CI systems agree on.
type (
	junitSuite struct {
		XMLName  xml.Name    `xml:"testsuite"`
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitMessage `xml:"failure"`
		Error   *junitMessage `xml:"error"`
		Skipped *junitMessage `xml:"skipped"`
		Output  string        `xml:"system-out,omitempty"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the report as a JUnit file. Failures that are known count
// as skipped; findings against a SHOULD and records are in the output of a
// case that passed.
func (r *Report) WriteJUnit(w io.Writer) error {
	suite := junitSuite{Name: "adit harness " + string(r.Profile), Tests: len(r.Results)}
	for i := range r.Results {
		suite.add(&r.Results[i])
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(suite); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *junitSuite) add(r *Result) {
	c := junitCase{Name: r.ID + " " + r.Requirement, Class: "adit.harness." + r.ID[:strings.LastIndexByte(r.ID, '-')],
		Time: fmt.Sprintf("%.3f", r.Seconds)}
	finding := fmt.Sprintf("accepted: %s\ngot: %s\n%s\n", strings.Join(r.Accepted, ", or "), r.Got, strings.Join(r.Wire, "\n"))
	switch {
	case r.Known != "":
		s.Skipped++
		c.Skipped, c.Output = &junitMessage{Message: "known: " + r.Known}, finding
	case r.Verdict == Fail:
		s.Failures++
		c.Failure = &junitMessage{Message: r.Got, Text: finding}
	case r.Verdict == Broken:
		s.Errors++
		c.Error = &junitMessage{Message: r.Reason}
	case r.Reason != "":
		s.Skipped++
		c.Skipped = &junitMessage{Message: string(r.Verdict) + ": " + r.Reason}
	case r.Got != "":
		c.Output = string(r.Verdict) + "\n" + finding
	}
	s.Cases = append(s.Cases, c)
}

// Explain prints all that the catalogue says of a check.
func (c *Check) Explain(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n\n%s\n\n", c.ID, c.Level, c.Requirement)
	row := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%-9s %s\n", label, text)
		}
	}
	row("basis", basisText(c.Basis))
	row("observed", c.Observed)
	row("dialect", string(c.Profile))
	var needs []string
	for _, n := range c.Needs {
		needs = append(needs, string(n))
	}
	row("needs", strings.Join(needs, ", "))
	row("tags", strings.Join(c.Tags, ", "))
	row("symptoms", strings.Join(c.Symptoms, ", "))
	if !c.Implemented {
		row("state", "not implemented in this release: a run gives UNSUPPORTED")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
