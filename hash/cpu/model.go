package cpu

import (
	"bufio"
	"io"
	"os"
	"strings"
)

// Model returns the processor's name as the system gives it, or "CPU" where it
// gives none.
func Model() string {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return unnamed
	}
	defer file.Close()
	return parseModel(file)
}

const unnamed = "CPU"

// parseModel finds the first "model name" in the text of /proc/cpuinfo.
func parseModel(cpuinfo io.Reader) string {
	for lines := bufio.NewScanner(cpuinfo); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ":")
		if name := strings.Join(strings.Fields(value), " "); strings.TrimSpace(key) == "model name" && name != "" {
			return name
		}
	}
	return unnamed
}
