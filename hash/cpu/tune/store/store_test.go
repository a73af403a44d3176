package store

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSettingsAreKeptByMachineAndBuild(t *testing.T) {
	f := File[int]{Path: filepath.Join(t.TempDir(), "folder", "file.json"), Machine: "m", Build: "1"}
	_, ok, err := f.Load("q")
	require.NoError(t, err)
	require.False(t, ok)
	require.NoError(t, f.Save("q", 7))
	require.NoError(t, File[int]{f.Path, "n", "1"}.Save("q", 8))
	got, ok, err := f.Load("q")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, 7, got)

	next := File[int]{f.Path, "m", "2"}
	_, ok, _ = next.Load("q")
	require.False(t, ok, "of an older build")
	require.NoError(t, next.Save("r", 9))
	_, ok, _ = f.Load("q")
	require.False(t, ok, "dropped")
	got, ok, _ = File[int]{f.Path, "n", "1"}.Load("q")
	require.True(t, ok)
	require.Equal(t, 8, got)
}

func TestReplaceLeavesNoDrafts(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a")
	require.NoError(t, Replace(path, []byte("1")))
	require.NoError(t, Replace(path, []byte("22")))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "22", string(text))
	require.NoError(t, os.Mkdir(filepath.Join(folder, "b"), 0o700))
	require.Error(t, Replace(filepath.Join(folder, "b"), nil), "a folder")
	require.Error(t, Replace(filepath.Join(path, "c"), nil), "below a file")
	list, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, list, 2)
}
