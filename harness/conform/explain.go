package conform

import (
	"fmt"
	"io"
	"strings"
)

// Text is the basis in words.
func (b Basis) Text() string {
	return map[Basis]string{
		Written: "the protocol's documents",
		DeFacto: "what deployed pools and miners rely on",
		Safety:  "safety of money and service",
	}[b]
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
	row("basis", c.Basis.Text())
	row("observed", c.Observed)
	row("dialect", string(c.Profile))
	var needs []string
	for _, n := range c.Needs {
		needs = append(needs, string(n))
	}
	row("needs", strings.Join(needs, ", "))
	row("tags", strings.Join(c.Tags, ", "))
	row("takes", c.Takes(0))
	row("symptoms", strings.Join(c.Symptoms, ", "))
	if !c.Implemented {
		row("state", "not implemented in this release: a run gives UNSUPPORTED")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
