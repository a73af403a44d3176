package kernelcache

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestKeepsPrograms(t *testing.T) {
	c := New(filepath.Join(t.TempDir(), "a", "b"))
	key := Key("device", "driver", "source")
	_, ok := c.Get(key)
	require.False(t, ok)
	require.NoError(t, c.Put(key, []byte("program")))
	got, ok := c.Get(key)
	require.True(t, ok)
	require.Equal(t, "program", string(got))
	require.NoError(t, c.Put(key, []byte("another")))
	got, _ = c.Get(key)
	require.Equal(t, "another", string(got))
	c.Drop(key)
	_, ok = c.Get(key)
	require.False(t, ok)
	require.NoError(t, c.Put(key, nil), "nothing is not kept")
	_, ok = c.Get(key)
	require.False(t, ok)
}

func TestKeysAreToldApart(t *testing.T) {
	require.NotEqual(t, Key("ab", "c"), Key("a", "bc"))
	require.NotEqual(t, Key("a"), Key("a", ""))
	require.Equal(t, Key("a", "b"), Key("a", "b"))
}

// Whatever somebody did to a file, it is not taken, and makes room.
func TestDamagedAndForeignFilesAreRemoved(t *testing.T) {
	c := New(t.TempDir())
	key, program := Key("x"), []byte("a program")
	whole := encode(key, program)
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 1
		require.NoError(t, os.WriteFile(c.path(key), damaged, 0o600))
		_, ok := c.Get(key)
		require.False(t, ok, "byte %d", i)
		require.NoFileExists(t, c.path(key))
	}
	for _, text := range [][]byte{nil, whole[:header], whole[:len(whole)-1], append(bytes.Clone(whole), 0), encode(Key("y"), program)} {
		require.NoError(t, os.WriteFile(c.path(key), text, 0o600))
		_, ok := c.Get(key)
		require.False(t, ok)
	}
	require.NoError(t, os.Mkdir(c.path(key), 0o700))
	_, ok := c.Get(key)
	require.False(t, ok, "a folder")
	require.Error(t, c.Put(key, program))
}

func TestTheLeastUsedGoFirst(t *testing.T) {
	c := New(t.TempDir())
	c.maxFiles = 3
	old := time.Now().Add(-time.Hour)
	key := func(i int) [32]byte { return Key(fmt.Sprint(i)) }
	for i := range 3 {
		require.NoError(t, c.Put(key(i), []byte("program")))
		require.NoError(t, os.Chtimes(c.path(key(i)), old, old.Add(time.Duration(i)*time.Minute)))
	}
	other := filepath.Join(c.folder, "not ours")
	require.NoError(t, os.WriteFile(other, nil, 0o600))
	left, fresh := filepath.Join(c.folder, "a.kernel-1.part"), filepath.Join(c.folder, "b.kernel-2.part")
	for path, when := range map[string]time.Time{left: old.Add(-time.Hour), fresh: time.Now()} {
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.NoError(t, os.Chtimes(path, when, when))
	}
	_, ok := c.Get(key(0)) // used now
	require.True(t, ok)
	require.NoError(t, c.Put(key(3), []byte("program")))
	for i, want := range []bool{true, false, true, true} {
		_, ok := c.Get(key(i))
		require.Equal(t, want, ok, i)
	}
	require.FileExists(t, other)
	require.NoFileExists(t, left, "a draft of a process that was killed")
	require.FileExists(t, fresh, "a draft of one that is at it")

	c.maxBytes = int64(2 * (header + len("program")))
	require.NoError(t, c.Put(key(4), []byte("program")))
	list, err := os.ReadDir(c.folder)
	require.NoError(t, err)
	require.Len(t, list, 4, "two programs, a draft, and what is not ours")
}

func TestWithoutACache(t *testing.T) {
	var c *Cache
	require.NoError(t, c.Put(Key("a"), []byte("x")))
	_, ok := c.Get(Key("a"))
	require.False(t, ok)
	c.Drop(Key("a"))
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.ErrorContains(t, New(file).Put(Key("a"), []byte("x")), "keeping a compiled kernel")
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	require.Nil(t, Default())
}

func TestManyAtOnce(t *testing.T) {
	c := New(t.TempDir())
	c.maxFiles = 4
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 20 {
				key := Key(fmt.Sprint(j % 6))
				if got, ok := c.Get(key); ok && string(got) != fmt.Sprint("program", j%6) {
					t.Errorf("goroutine %d: got %q", i, got)
				}
				if err := c.Put(key, fmt.Append(nil, "program", j%6)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func FuzzDecode(f *testing.F) {
	key := Key("x")
	f.Add(encode(key, []byte("program")))
	f.Fuzz(func(t *testing.T, text []byte) {
		if program, ok := decode(key, text); ok {
			require.Equal(t, text, encode(key, program))
		}
	})
}
