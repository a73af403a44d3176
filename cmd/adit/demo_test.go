package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// runCommand runs a command line as main does and returns what it printed.
func runCommand(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(args, strings.NewReader(""), &out, &errs)
	return status, out.String(), errs.String()
}

func TestDemoFindsSharesAndABlock(t *testing.T) {
	for _, algo := range []string{"cn/upx2", "eaglesong"} {
		t.Run(algo, func(t *testing.T) {
			status, out, errs := runCommand(t, "demo", "-a", algo, "--no-tui", "--shares", "2", "--seconds", "120")
			require.Equal(t, exitOK, status, "stdout:\n%s\nstderr:\n%s", out, errs)
			require.Regexp(t, `POOL +127\.0\.0\.1:\d+`, out)
			require.Regexp(t, `BLOCK +height \d+ accepted by the node, [0-9a-f]{64}`, strings.ReplaceAll(out, "0x", ""))
			summary := regexp.MustCompile(`demo: (\d+) of 2 shares accepted, 0 rejected, [1-9]\d* blocks? found`)
			require.Regexp(t, summary, out)
			require.Empty(t, errs)
		})
	}
}

func TestDemoGivesUpInTime(t *testing.T) {
	status, out, errs := runCommand(t, "demo", "-a", "cn/upx2", "--no-tui", "--shares", "100000", "--seconds", "2")
	require.Equal(t, exitFailure, status)
	require.Contains(t, errs, "did not get 100000 shares and a block within 2 seconds")
	require.Contains(t, out, "of 100000 shares accepted", "what is known is reported all the same")
}

func TestDemoRefusesBadFlags(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"demo", "-a", "cn/9"}, "did you mean"},
		{[]string{"demo", "--shares", "0"}, "at least one share"},
		{[]string{"demo", "--shares", "many"}, "--shares"},
		{[]string{"demo", "--seconds", "-1"}, "cannot be negative"},
		{[]string{"demo", "-t", "-2"}, "cannot be negative"},
		{[]string{"demo", "now"}, "unknown command"},
	} {
		status, _, errs := runCommand(t, c.args...)
		require.Equal(t, exitUsage, status, "%v: %s", c.args, errs)
		require.Contains(t, errs, c.want)
		require.Equal(t, 1, strings.Count(errs, "\n"), "one line: %s", errs)
	}
}

func TestUnknownCommandIsAUsageError(t *testing.T) {
	status, _, errs := runCommand(t, "minee")
	require.Equal(t, exitUsage, status)
	require.Contains(t, errs, "did you mean mine?")
}

func TestVersionNamesTheRelease(t *testing.T) {
	status, out, _ := runCommand(t, "version")
	require.Equal(t, exitOK, status)
	require.Regexp(t, `^adit \d+\.\d+\.\d+ \(.*\) go`, out)
}

func TestEveryCommandExplainsItself(t *testing.T) {
	for _, cmd := range newRootCmd().Commands() {
		if cmd.Name() == "help" || cmd.Name() == "completion" {
			continue
		}
		require.NotEmpty(t, cmd.Short, cmd.Name())
		status, out, errs := runCommand(t, cmd.Name(), "--help")
		require.Equal(t, exitOK, status, errs)
		require.Contains(t, out, "Usage:", cmd.Name())
	}
}
