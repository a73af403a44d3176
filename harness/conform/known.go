package conform

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// KnownFailure is a finding that somebody has accepted for a while.
type KnownFailure struct {
	ID      string
	Expires time.Time // the last day on which it counts
	Reason  string
}

// ParseKnownFailures reads a list of known failures: on each line an id, the
// day it expires as 2006-01-02, and a reason. Blank lines and those that begin
// with # are skipped.
func ParseKnownFailures(r io.Reader, all []Check) ([]KnownFailure, error) {
	var known []KnownFailure
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		k, err := parseKnown(line, all)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		known = append(known, k)
	}
	return known, lines.Err()
}

func parseKnown(line string, all []Check) (KnownFailure, error) {
	fields := strings.Fields(line)
	if len(fields) < 3 {
		return KnownFailure{}, fmt.Errorf("want an id, the day it expires and a reason, such as: CN-SUB-07 2027-01-31 fixed in the next release")
	}
	id := strings.ToUpper(fields[0])
	if !slices.ContainsFunc(all, func(c Check) bool { return c.ID == id }) {
		return KnownFailure{}, fmt.Errorf("there is no check %s", fields[0])
	}
	day, err := time.Parse(time.DateOnly, fields[1])
	if err != nil {
		return KnownFailure{}, fmt.Errorf("%s is not a day such as 2027-01-31", fields[1])
	}
	return KnownFailure{ID: id, Expires: day, Reason: strings.Join(fields[2:], " ")}, nil
}

// excuse returns the reason why a failure of a check does not count now.
func excuse(known []KnownFailure, id string, now time.Time) string {
	for _, k := range known {
		if k.ID == id && now.Before(k.Expires.AddDate(0, 0, 1)) {
			return k.Reason
		}
	}
	return ""
}
