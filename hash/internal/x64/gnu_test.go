package x64

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTableMatchesGNU assembles the texts of the table with GNU as, where there
// is one, and compares its bytes with the table's.
func TestTableMatchesGNU(t *testing.T) {
	if _, err := exec.LookPath("as"); err != nil {
		t.Skip("there is no GNU as here")
	}
	var source strings.Builder
	source.WriteString(".intel_syntax noprefix\n")
	var want []byte
	for _, test := range table {
		fmt.Fprintf(&source, "%s\n", test.text)
		code, err := hex.DecodeString(strings.ReplaceAll(test.code, " ", ""))
		require.NoError(t, err)
		want = append(want, code...)
	}
	dir := t.TempDir()
	object, raw := filepath.Join(dir, "table.o"), filepath.Join(dir, "table.bin")
	as := exec.Command("as", "--64", "-o", object, "-")
	as.Stdin = strings.NewReader(source.String())
	output, err := as.CombinedOutput()
	require.NoError(t, err, "%s", output)
	output, err = exec.Command("objcopy", "-O", "binary", "-j", ".text", object, raw).CombinedOutput()
	require.NoError(t, err, "%s", output)
	got, err := os.ReadFile(raw)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got), "the table differs from what as makes of its texts")
}
