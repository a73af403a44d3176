// Package store keeps what was measured from one run to the next, in a file
// among the user's caches: settings by what they are good for.
//
// It imports nothing of adit; hash/cpu/tune and gpu/tune use it.
package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// DefaultPath is a file in adit's folder among the user's caches.
func DefaultPath(name string) (string, error) {
	folder, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the folder for the tuning file: %w", err)
	}
	return filepath.Join(folder, "adit", name), nil
}

// File keeps settings of one machine, or one card, and one build of what runs
// on it: what was measured elsewhere, or with other code, is measured again.
type File[S any] struct {
	// Path is where the file lies; it and its folder are made when needed.
	Path string
	// Machine and Build are what settings are kept for.
	Machine, Build string
}

// contents is the file: settings by machine, then by what was asked.
type contents[S any] struct {
	Machines map[string]machine[S] `json:"machines"`
}

type machine[S any] struct {
	Build    string       `json:"build"`
	Settings map[string]S `json:"settings"`
}

// Load returns what was found for a question; ok is false when that has not
// been measured yet. A setting is as it was in the file: its user checks it.
func (f File[S]) Load(question string) (s S, ok bool, err error) {
	c, err := f.read()
	if err != nil {
		return s, false, err
	}
	m := c.Machines[f.Machine]
	if m.Build != f.Build {
		return s, false, nil
	}
	s, ok = m.Settings[question]
	return s, ok, nil
}

// Save adds a setting. Settings of other builds for this machine are dropped.
func (f File[S]) Save(question string, s S) error {
	c, err := f.read()
	if err != nil {
		return err
	}
	m := c.Machines[f.Machine]
	if m.Build != f.Build || m.Settings == nil {
		m = machine[S]{Build: f.Build, Settings: map[string]S{}}
	}
	m.Settings[question] = s
	c.Machines[f.Machine] = m
	return f.write(c)
}

// read returns the file's contents. A file that is not there, or that is
// damaged, is an empty one: it is only a cache.
func (f File[S]) read() (contents[S], error) {
	c := contents[S]{}
	text, err := os.ReadFile(f.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return c, fmt.Errorf("reading the tuning file: %w", err)
	}
	if json.Unmarshal(text, &c) != nil || c.Machines == nil {
		c = contents[S]{Machines: map[string]machine[S]{}}
	}
	return c, nil
}

// write replaces the file in one step, so that it is whole at any time.
func (f File[S]) write(c contents[S]) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the tuning file: %w", err)
	}
	if err := Replace(f.Path, append(text, '\n')); err != nil {
		return fmt.Errorf("writing the tuning file: %w", err)
	}
	return nil
}

// Replace writes a file in one step, making its folder when needed: others see
// the old contents or the new ones, and nothing between.
func Replace(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-*.part")
	if err != nil {
		return err
	}
	_, err = draft.Write(data)
	if err = errors.Join(err, draft.Close()); err == nil {
		err = os.Rename(draft.Name(), path)
	}
	if err != nil {
		os.Remove(draft.Name())
	}
	return err
}
