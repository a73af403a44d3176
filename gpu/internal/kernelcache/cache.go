// Package kernelcache keeps programs that a driver compiled, in files of the
// user's cache folder, so that the next start need not compile them again.
//
// It imports hash/cpu/tune/store, which writes files; the back ends below gpu
// use it.
package kernelcache

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aditmine/adit/hash/cpu/tune/store"
)

// The bounds of a cache: some cards' worth of every algorithm, and the latest
// of the heights of cn/r.
const (
	MaxFiles = 256
	MaxBytes = 256 << 20
	// maxProgram bounds a program: no driver makes more of a kernel.
	maxProgram = 32 << 20
)

const (
	suffix = ".kernel"
	draft  = ".part" // of store.Replace
	magic  = "adit-kernel-1\n"
	header = len(magic) + 2*sha256.Size
)

// Cache is a folder of programs. The nil Cache keeps nothing. It may be used by
// many goroutines and processes at a time.
type Cache struct {
	folder   string
	maxFiles int
	maxBytes int64
}

// New is a cache in a folder, which is made when needed.
func New(folder string) *Cache { return &Cache{folder, MaxFiles, MaxBytes} }

// Default is the user's, nil when there is no folder for caches.
func Default() *Cache {
	folder, err := os.UserCacheDir()
	if err != nil {
		return nil
	}
	return New(filepath.Join(folder, "adit", "kernels"))
}

// Key names a program by all that it depends on: the device, its driver, the
// source, and options. The parts are told apart.
func Key(parts ...string) [sha256.Size]byte {
	sum := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(sum, "%d:%s", len(p), p)
	}
	return [sha256.Size]byte(sum.Sum(nil))
}

func (c *Cache) path(key [sha256.Size]byte) string {
	return filepath.Join(c.folder, hex.EncodeToString(key[:16])+suffix)
}

// Get returns a program that is whole and bears the key. Anything else is
// removed, and is not there.
func (c *Cache) Get(key [sha256.Size]byte) (program []byte, ok bool) {
	if c == nil {
		return nil, false
	}
	path := c.path(key)
	about, err := os.Stat(path)
	if err != nil || !about.Mode().IsRegular() {
		return nil, false
	}
	if about.Size() <= int64(header)+maxProgram {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, false
		}
		if program, ok = decode(key, text); ok {
			now := time.Now()
			_ = os.Chtimes(path, now, now) // what is used stays longest
			return program, true
		}
	}
	c.Drop(key)
	return nil, false
}

// Drop removes a program: its driver would not have it.
func (c *Cache) Drop(key [sha256.Size]byte) {
	if c != nil {
		_ = os.Remove(c.path(key))
	}
}

// Put keeps a program, and removes those that have not been used for longest
// where there are too many. An error costs nothing but the time to compile.
func (c *Cache) Put(key [sha256.Size]byte, program []byte) error {
	if c == nil || len(program) == 0 || len(program) > maxProgram {
		return nil
	}
	if err := store.Replace(c.path(key), encode(key, program)); err != nil {
		return fmt.Errorf("keeping a compiled kernel: %w", err)
	}
	return c.prune()
}

// encode puts the key and a check sum before a program.
func encode(key [sha256.Size]byte, program []byte) []byte {
	sum := sha256.Sum256(program)
	return slices.Concat([]byte(magic), key[:], sum[:], program)
}

func decode(key [sha256.Size]byte, text []byte) (program []byte, ok bool) {
	if len(text) <= header || !bytes.Equal(text[:len(magic)], []byte(magic)) {
		return nil, false
	}
	program = text[header:]
	sum := sha256.Sum256(program)
	return program, bytes.Equal(text[len(magic):header], slices.Concat(key[:], sum[:]))
}

// file is one of the cache's.
type file struct {
	path string
	size int64
	used time.Time
}

// prune removes the files that have not been used for longest, until the rest
// is within the bounds, and drafts that were left behind long ago.
func (c *Cache) prune() error {
	list, err := os.ReadDir(c.folder)
	if err != nil {
		return fmt.Errorf("bounding the compiled kernels: %w", err)
	}
	var files []file
	for _, entry := range list {
		about, err := entry.Info()
		if err != nil || !about.Mode().IsRegular() {
			continue // gone meanwhile, or not ours
		}
		f := file{filepath.Join(c.folder, entry.Name()), about.Size(), about.ModTime()}
		switch {
		case strings.HasSuffix(f.path, suffix):
			files = append(files, f)
		case strings.HasSuffix(f.path, draft) && time.Since(f.used) > time.Hour:
			_ = os.Remove(f.path)
		}
	}
	slices.SortFunc(files, func(a, b file) int { return cmp.Or(b.used.Compare(a.used), cmp.Compare(a.path, b.path)) })
	bytes := int64(0)
	for i, f := range files {
		if bytes += f.size; i >= c.maxFiles || bytes > c.maxBytes {
			_ = os.Remove(f.path) // another process may have been faster
		}
	}
	return nil
}
