package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/trace"
)

func TestTraceUsage(t *testing.T) {
	for _, args := range [][]string{
		{"trace", "redact", golden("complete.mtrace")},
		{"trace", "salvage", golden("complete.mtrace")},
		{"trace", "export", golden("complete.mtrace"), "-o", "x"},
		{"trace", "export", golden("complete.mtrace"), "--pcapng"},
		{"serve", golden("complete.mtrace")},
		{"serve", golden("complete.mtrace"), "--listen", "127.0.0.1:0", "--speed", "max"},
	} {
		_, err := harnessRun(t, args...)
		require.True(t, asUsage(err), "%v: %v", args, err)
	}
}

func TestTraceSalvageAndRedact(t *testing.T) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole.mtrace.gz")
	_, err := harnessRun(t, "trace", "salvage", golden("changed-byte.mtrace"), "-o", whole)
	require.NoError(t, err)
	out, err := harnessRun(t, "trace", "info", whole)
	require.NoError(t, err)
	require.Contains(t, out, "complete, checksums right")

	open := filepath.Join(dir, "open.mtrace")
	_, err = harnessRun(t, "trace", "redact", golden("complete.mtrace"), "-o", open, "--redact", "t/1")
	require.NoError(t, err)
	text, err := os.ReadFile(open)
	require.NoError(t, err)
	require.NotContains(t, string(text), "WALLET")
	require.NotContains(t, string(text), "t/1")
	info, err := os.Stat(open)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())

	_, err = harnessRun(t, "trace", "redact", golden("complete.mtrace"), "-o", open)
	require.ErrorContains(t, err, "exists already")
	_, err = harnessRun(t, "trace", "redact", open, "-o", filepath.Join(dir, "twice"))
	require.ErrorIs(t, err, trace.ErrRedacted)
	_, err = harnessRun(t, "trace", "redact", golden("changed-byte.mtrace"), "-o", filepath.Join(dir, "bad"))
	require.ErrorContains(t, err, "--salvage")
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 2, "nothing half written is left")
}

func TestTraceDiffExitStatus(t *testing.T) {
	out, err := harnessRun(t, "trace", "diff", golden("complete.mtrace"), golden("complete.mtrace"))
	require.NoError(t, err)
	require.Contains(t, out, "0 differences")
	out, err = harnessRun(t, "trace", "diff", "--json", golden("complete.mtrace"), golden("redacted.mtrace"))
	var exit *exitError
	require.True(t, errors.As(err, &exit))
	require.Equal(t, exitFailure, exit.status)
	require.True(t, json.Valid([]byte(out)))
	require.Contains(t, out, "params.login")
}

func TestTraceExportAndSchema(t *testing.T) {
	out, err := harnessRun(t, "trace", "export", golden("redacted.mtrace"), "--pcapng", "-o", "-")
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix([]byte(out), []byte{0x0a, 0x0d, 0x0d, 0x0a}))
	out, err = harnessRun(t, "trace", "schema")
	require.NoError(t, err)
	require.True(t, json.Valid([]byte(out)))
}
