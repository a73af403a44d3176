package api

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// System is what the machine has and uses.
type System struct {
	MemoryFree, MemoryTotal, Resident uint64     // bytes
	Load                              [3]float64 // 1, 5 and 15 minutes
}

// ReadSystem reads the figures of a Linux system from its /proc (proc(5)).
// What cannot be read is zero.
func ReadSystem(proc fs.FS, pageSize int) System {
	var s System
	for line := range strings.Lines(text(proc, "meminfo")) {
		name, value, _ := strings.Cut(line, ":")
		kib, _ := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 54)
		switch name {
		case "MemTotal":
			s.MemoryTotal = kib << 10
		case "MemAvailable":
			s.MemoryFree = kib << 10
		}
	}
	// A text that ends early leaves the rest zero.
	_, _ = fmt.Sscan(text(proc, "loadavg"), &s.Load[0], &s.Load[1], &s.Load[2])
	var size, resident uint64
	if _, err := fmt.Sscan(text(proc, "self/statm"), &size, &resident); err == nil {
		s.Resident = resident * uint64(pageSize)
	}
	return s
}

// text is a file's content, empty when it cannot be read.
func text(proc fs.FS, name string) string {
	b, err := fs.ReadFile(proc, name)
	if err != nil {
		return ""
	}
	return string(b)
}
