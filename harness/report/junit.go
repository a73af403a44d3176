package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/aditmine/adit/harness/conform"
)

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

// JUnit writes a report as a JUnit file. Failures that are known count as
// skipped; findings against a SHOULD and records are in the output of a case
// that passed.
func JUnit(w io.Writer, r *conform.Report) error {
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

func (s *junitSuite) add(r *conform.Result) {
	c := junitCase{Name: r.ID + " " + r.Requirement, Class: "adit.harness." + r.Section(), Time: fmt.Sprintf("%.3f", r.Seconds)}
	switch {
	case r.Known != "":
		s.Skipped++
		c.Skipped, c.Output = &junitMessage{Message: "known: " + r.Known}, finding(r)
	case r.Verdict == conform.Fail:
		s.Failures++
		c.Failure = &junitMessage{Message: r.Got, Text: finding(r)}
	case r.Verdict == conform.Broken:
		s.Errors++
		c.Error = &junitMessage{Message: r.Reason}
	case r.Reason != "":
		s.Skipped++
		c.Skipped = &junitMessage{Message: string(r.Verdict) + ": " + r.Reason}
	case r.Got != "":
		c.Output = string(r.Verdict) + "\n" + finding(r)
	}
	s.Cases = append(s.Cases, c)
}

// finding is a finding as plain text.
func finding(r *conform.Result) string {
	text := fmt.Sprintf("requires: %s\naccepted: %s\ngot: %s\n", r.Requirement, strings.Join(r.Accepted, ", or "), r.Got)
	if r.Replay != "" {
		text += "replay: " + r.Replay + "\n"
	}
	return text + strings.Join(r.Wire, "\n") + "\n"
}
