package conform

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the catalogue into the documentation")

const (
	docsFile  = "../../docs/conformance.md"
	docsBegin = "<!-- catalogue: begin -->\n"
	docsEnd   = "<!-- catalogue: end -->\n"
)

// TestDocumentationListsTheCatalogue keeps the table in the documentation; run
// it with -update after a change.
func TestDocumentationListsTheCatalogue(t *testing.T) {
	text, err := os.ReadFile(docsFile)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(text), docsBegin)
	require.True(t, ok)
	_, after, ok := strings.Cut(rest, docsEnd)
	require.True(t, ok)
	want := before + docsBegin + catalogueTable() + docsEnd + after
	if *update {
		require.NoError(t, os.WriteFile(docsFile, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(text), "run go test ./harness/conform -run Documentation -update")
}

func catalogueTable() string {
	var b strings.Builder
	section, all, running := "", 0, 0
	for _, c := range Catalogue() {
		if family, _, _ := strings.Cut(c.ID, "-"); family != section {
			section = family
			fmt.Fprintf(&b, "\n### %s\n\n| id | level | basis | needs | state | requirement |\n|---|---|---|---|---|---|\n", section)
		}
		state, needs := "", []string{}
		if all++; c.Implemented {
			state, running = "runs", running+1
		}
		for _, n := range c.Needs {
			needs = append(needs, string(n))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", c.ID, c.Level, c.Basis, strings.Join(needs, ", "), state, c.Requirement)
	}
	return fmt.Sprintf("%d checks, %d of which this release carries out.\n%s", all, running, b.String())
}
