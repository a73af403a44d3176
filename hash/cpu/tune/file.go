package tune

import (
	"fmt"
	"runtime"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/hash/cpu/tune/store"
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
func DefaultPath() (string, error) { return store.DefaultPath("tuning.json") }

// Machine describes what settings depend on besides the code: the processor,
// how many of it there are, and which implementation of the algorithm runs.
func Machine() string {
	return fmt.Sprintf("%s x%d", cpu.Model(), runtime.NumCPU())
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
	k, err := key(a, threads)
	if err != nil {
		return s, false, err
	}
	if s, ok, err = store.File[Setting](f).Load(k); err != nil || !ok || s.Threads < 1 || s.Lanes < 1 {
		return Setting{}, false, err
	}
	return s, true, nil
}

// Save adds a setting. Settings of other builds for this machine are dropped.
func (f File) Save(a *hash.Algorithm, threads int, s Setting) error {
	k, err := key(a, threads)
	if err != nil {
		return err
	}
	return store.File[Setting](f).Save(k, s)
}
