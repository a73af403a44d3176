package hash

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// documentRow is a's row in docs/algorithms.md.
func documentRow(a *Algorithm) string {
	pad := "none"
	if a.Scratchpad > 0 {
		pad = fmt.Sprintf("%d KiB", a.Scratchpad/kiB)
	}
	aliases := strings.Join(a.Aliases, "`, `")
	if aliases != "" {
		aliases = "`" + aliases + "`"
	}
	return fmt.Sprintf("| `%s` | %s | %s | %d |", a.Name, aliases, pad, a.Iterations)
}

// The document lists every algorithm, in the table's order, with the names that
// are understood, and no other.
func TestDocumentListsEveryAlgorithm(t *testing.T) {
	text, err := os.ReadFile("../docs/algorithms.md")
	require.NoError(t, err)
	var rows []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "| `") {
			rows = append(rows, strings.TrimSuffix(line, "\n"))
		}
	}
	require.Len(t, rows, len(All()))
	for i, a := range All() {
		require.Equal(t, documentRow(a), rows[i])
	}
}
