package amdgpu

import (
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// maxFile bounds what is read of a file: sysfs shows no more than a page.
const maxFile = 4096

// folder is a directory of sysfs.
type folder struct {
	sys  fs.FS
	path string
}

// text is a file's content without white space around it; "" when it cannot be
// read.
func (f folder) text(name string) string {
	file, err := f.sys.Open(path.Join(f.path, name))
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }() // nothing was written
	content, err := io.ReadAll(io.LimitReader(file, maxFile))
	if err != nil {
		return "" // a sleeping card, or none any more
	}
	return strings.TrimSpace(string(content))
}

// number is a file's number; false when there is none.
func (f folder) number(name string) (float64, bool) {
	n, err := strconv.ParseInt(f.text(name), 10, 64)
	return float64(n), err == nil && n >= 0
}

// pairs reads lines of a name and a value.
func (f folder) pairs(name, separator string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(f.text(name)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), separator); ok {
			out[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return out
}

// in lists the folders below one that match a pattern.
func (f folder) in(pattern string) []folder {
	// The patterns are well formed, so that there is no error.
	paths, _ := fs.Glob(f.sys, path.Join(f.path, pattern))
	out := make([]folder, len(paths))
	for i, p := range paths {
		out[i] = folder{f.sys, p}
	}
	return out
}
