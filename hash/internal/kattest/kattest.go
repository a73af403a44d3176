// Package kattest runs known-answer tests against the hash functions beside
// it. Only tests import it; it imports nothing of adit.
package kattest

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// testCase is one message and its digest.
type testCase struct {
	Message []byte
	Digest  [32]byte
}

// load reads a file of lines "digest message" in hexadecimal, where "-" is
// the empty message and "#" starts a comment line.
func load(t testing.TB, path string) []testCase {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	var cases []testCase
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		digest, message, found := strings.Cut(line, " ")
		require.True(t, found, "line %q", line)
		cases = append(cases, parse(t, digest, strings.TrimPrefix(message, "-")))
	}
	return cases
}

func parse(t testing.TB, digest, message string) testCase {
	t.Helper()
	d, err := hex.DecodeString(digest)
	require.NoError(t, err)
	require.Len(t, d, 32)
	m, err := hex.DecodeString(message)
	require.NoError(t, err)
	return testCase{Message: m, Digest: [32]byte(d)}
}

// Run compares sum with every case of the file, and checks that it neither
// allocates nor changes its message.
func Run(t *testing.T, path string, sum func([]byte) [32]byte) {
	cases := load(t, path)
	require.GreaterOrEqual(t, len(cases), 30, "cases in %s", path)
	for _, c := range cases {
		message := bytes.Clone(c.Message)
		got := sum(message)
		require.Equal(t, hex.EncodeToString(c.Digest[:]), hex.EncodeToString(got[:]),
			"message of %d bytes", len(c.Message))
		require.Equal(t, hex.EncodeToString(c.Message), hex.EncodeToString(message), "message was changed")
	}
	message := make([]byte, 200)
	require.Zero(t, testing.AllocsPerRun(10, func() { sum(message) }))
}
