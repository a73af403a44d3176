package pages

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"
)

// hugeBytes is how much of a mapping the system has put in huge pages; 0 when
// it does not say.
func hugeBytes(mapping []byte) int {
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		return 0
	}
	defer f.Close()
	return scanSmaps(f, uint64(address(mapping)))
}

// scanSmaps finds the mapping that contains an address and returns its
// AnonHugePages in bytes (proc_pid_smaps(5)).
func scanSmaps(smaps io.Reader, at uint64) int {
	inside := false
	for lines := bufio.NewScanner(smaps); lines.Scan(); {
		line := lines.Text()
		if begin, end, ok := bounds(line); ok {
			inside = begin <= at && at < end
		} else if size, found := strings.CutPrefix(line, "AnonHugePages:"); found && inside {
			kiB, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(size), " kB"))
			return kiB << 10
		}
	}
	return 0
}

// bounds reads the addresses from a mapping's first line, "begin-end perms …"
// in hexadecimal; ok is false for every other line.
func bounds(line string) (begin, end uint64, ok bool) {
	span, _, _ := strings.Cut(line, " ")
	low, high, found := strings.Cut(span, "-")
	if !found {
		return 0, 0, false
	}
	begin, lowErr := strconv.ParseUint(low, 16, 64)
	end, highErr := strconv.ParseUint(high, 16, 64)
	return begin, end, lowErr == nil && highErr == nil
}
