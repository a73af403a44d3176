package pages

import (
	"bufio"
	"fmt"
	"io"
	"os"
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
		if count, found := strings.CutPrefix(line, "AnonHugePages:"); found {
			var kiB int
			if _, err := fmt.Sscanf(count, "%d kB", &kiB); inside && err == nil {
				return kiB << 10
			}
			continue
		}
		var begin, end uint64
		if n, _ := fmt.Sscanf(line, "%x-%x ", &begin, &end); n == 2 {
			inside = begin <= at && at < end
		}
	}
	return 0
}
