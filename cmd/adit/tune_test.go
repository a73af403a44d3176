package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
)

// TestMain keeps the user's own tuning away from the tests.
func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "adit-test-cache")
	if err != nil {
		panic(err)
	}
	os.Setenv("XDG_CACHE_HOME", folder)
	status := m.Run()
	os.RemoveAll(folder)
	os.Exit(status)
}

func TestTuneSavesWhatMineAndBenchFind(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	a, err := hash.Lookup("cn/upx2")
	require.NoError(t, err)
	_, ok := savedSetting(a, 0, 0)
	require.False(t, ok)

	status, out, errs := adit("tune", "-a", "cn/upx2", "-t", "1", "--slice", "1ms", "--json")
	require.Equal(t, exitOK, status, errs)
	require.Contains(t, errs, "lanes")
	var row struct {
		Algo           string
		Threads, Lanes int
		Rate           float64
	}
	require.NoError(t, json.Unmarshal([]byte(out), &row))
	require.Equal(t, "cn/upx2", row.Algo)
	require.Positive(t, row.Rate)

	saved, ok := savedSetting(a, 1, 0)
	require.True(t, ok)
	require.Equal(t, cpuSetting{1, row.Lanes, "tuned before"}, saved)
	given, ok := savedSetting(a, 1, 3)
	require.True(t, ok)
	require.Equal(t, cpuSetting{1, 3, "as given"}, given)
	_, ok = savedSetting(a, 0, 0)
	require.False(t, ok, "another question")

	status, out, errs = adit("mine", "-o", "127.0.0.1:1", "-u", "w", "-a", "cn/upx2", "-t", "1", "--dry-run")
	require.Equal(t, exitOK, status, errs)
	require.Contains(t, out, "(tuned before)")
}

// A folder that cannot be written costs the memory of it, not the result.
func TestTuneWithoutACacheFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	t.Setenv("XDG_CACHE_HOME", file)
	status, out, errs := adit("tune", "-a", "cn/upx2", "-t", "1", "--slice", "1ms")
	require.Equal(t, exitOK, status, errs)
	require.Contains(t, out, "cn/upx2")
	require.Contains(t, errs, "the setting is used, but not kept")
}

func TestTuneUsage(t *testing.T) {
	for _, args := range [][]string{{"tune", "-t", "-1"}, {"tune", "--slice", "0s"}, {"tune", "-a", "nonsense"}, {"tune", "extra"}} {
		status, out, errs := adit(args...)
		require.Equal(t, exitUsage, status, args)
		require.Empty(t, out)
		require.NotEmpty(t, errs)
	}
}
