package tune

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// File keeps settings from one run to the next. Each is good for one machine
// and one build: what was measured elsewhere, or with other code, is measured
// again.
type File struct {
	// Path is where the file lies; it and its folder are made when needed.
	Path string
	// Machine and Build are what settings are kept for; see Machine.
	Machine, Build string
}

// DefaultPath is tuning.json in adit's folder among the user's caches.
func DefaultPath() (string, error) {
	folder, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the folder for the tuning file: %w", err)
	}
	return filepath.Join(folder, "adit", "tuning.json"), nil
}

// Machine describes what settings depend on besides the code: the processor,
// how many of it there are, and which implementation of the algorithm runs.
func Machine() string {
	return fmt.Sprintf("%s x%d", cpu.Model(), runtime.NumCPU())
}

// contents is the file: settings by machine, then by what was asked.
type contents struct {
	Machines map[string]machine `json:"machines"`
}

type machine struct {
	Build    string             `json:"build"`
	Settings map[string]Setting `json:"settings"`
}

// key is what was asked: algorithm, implementation, and the number of threads
// where that was given (0: it was free).
func key(a *hash.Algorithm, threads int) (string, error) {
	impl, err := cpu.Best(a)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %s t%d", a.Name, impl.Name, threads), nil
}

// Load returns what was found for an algorithm, threads being the number that
// was fixed, or 0. ok is false when that has not been measured yet.
func (f File) Load(a *hash.Algorithm, threads int) (s Setting, ok bool, err error) {
	c, err := f.read()
	if err != nil {
		return s, false, err
	}
	k, err := key(a, threads)
	if err != nil {
		return s, false, err
	}
	m := c.Machines[f.Machine]
	if s, ok = m.Settings[k]; !ok || m.Build != f.Build || s.Threads < 1 || s.Lanes < 1 {
		return Setting{}, false, nil
	}
	return s, true, nil
}

// Save adds a setting. Settings of other builds for this machine are dropped.
func (f File) Save(a *hash.Algorithm, threads int, s Setting) error {
	c, err := f.read()
	if err != nil {
		return err
	}
	k, err := key(a, threads)
	if err != nil {
		return err
	}
	m := c.Machines[f.Machine]
	if m.Build != f.Build || m.Settings == nil {
		m = machine{Build: f.Build, Settings: map[string]Setting{}}
	}
	m.Settings[k] = s
	c.Machines[f.Machine] = m
	return f.write(c)
}

// read returns the file's contents. A file that is not there, or that is
// damaged, is an empty one: it is only a cache.
func (f File) read() (contents, error) {
	c := contents{}
	text, err := os.ReadFile(f.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return c, fmt.Errorf("reading the tuning file: %w", err)
	}
	if json.Unmarshal(text, &c) != nil || c.Machines == nil {
		c = contents{Machines: map[string]machine{}}
	}
	return c, nil
}

// write replaces the file in one step, so that it is whole at any time.
func (f File) write(c contents) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the tuning file: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		return fmt.Errorf("writing the tuning file: %w", err)
	}
	draft, err := os.CreateTemp(filepath.Dir(f.Path), "tuning-*.json")
	if err != nil {
		return fmt.Errorf("writing the tuning file: %w", err)
	}
	_, err = draft.Write(append(text, '\n'))
	if err = errors.Join(err, draft.Close()); err == nil {
		err = os.Rename(draft.Name(), f.Path)
	}
	if err != nil {
		os.Remove(draft.Name())
		return fmt.Errorf("writing the tuning file: %w", err)
	}
	return nil
}
