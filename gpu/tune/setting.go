package tune

import (
	"cmp"
	"fmt"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu/tune/store"
	"github.com/aditmine/adit/kernels/cl"
)

// Setting is how to search an algorithm on a card, in the terms of gpu.Options;
// 0 is the default. Rate is what it came to when it was measured, in hashes per
// second.
type Setting struct {
	Intensity int     `json:"intensity"`
	WorkSize  int     `json:"work_size"`
	Unroll    int     `json:"unroll"`
	Rate      float64 `json:"rate"`
}

func setting(t Trial) Setting {
	return Setting{t.Options.Intensity, t.Options.WorkSize, t.Options.Unroll, t.Rate}
}

// Options puts the setting in the place of what nobody chose: options that are
// given stay.
func (s Setting) Options(given gpu.Options) gpu.Options {
	given.Intensity = cmp.Or(given.Intensity, s.Intensity)
	given.WorkSize = cmp.Or(given.WorkSize, s.WorkSize)
	given.Unroll = cmp.Or(given.Unroll, s.Unroll)
	return given
}

// Default reports whether the setting changes nothing.
func (s Setting) Default() bool { return s.Intensity == 0 && s.WorkSize == 0 && s.Unroll == 0 }

// DefaultPath is gpu-tuning.json in adit's folder among the user's caches.
func DefaultPath() (string, error) { return store.DefaultPath("gpu-tuning.json") }

// Card describes a device by what settings depend on besides the code: equal
// cards share their settings.
func Card(d *gpu.Device) string {
	return fmt.Sprintf("%s %s, %d units, %d MiB", d.Backend, d.Name, d.Units, d.Memory>>20)
}

// Build is the code that settings are good for: driver and kernels.
func Build(d *gpu.Device) string { return fmt.Sprintf("driver %s, kernels %s", d.Driver, cl.Digest()) }

// File keeps the settings of one card in a file.
type File struct{ file store.File[Setting] }

// NewFile is the file at a path, which is made when needed.
func NewFile(path string, d *gpu.Device) File {
	return File{store.File[Setting]{Path: path, Machine: Card(d), Build: Build(d)}}
}

// Load returns what was found for an algorithm; ok is false when it has not
// been tuned with this driver and these kernels.
func (f File) Load(a *hash.Algorithm) (s Setting, ok bool, err error) {
	s, ok, err = f.file.Load(a.Name)
	if o := s.Options(gpu.Options{}); err != nil || !ok || o.Check() != nil {
		return Setting{}, false, err
	}
	return s, true, nil
}

// Save keeps a setting; those of other drivers and kernels are dropped.
func (f File) Save(a *hash.Algorithm, s Setting) error { return f.file.Save(a.Name, s) }
