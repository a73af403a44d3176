package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake in a configuration file.
type Problem struct {
	Line int
	Text string
}

// Error is everything that is wrong with a configuration file.
type Error struct {
	File     string
	Problems []Problem // by line
}

// Error lists the problems, one a line, as file:line: text.
func (e *Error) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s:%d: %s", e.File, p.Line, p.Text)
	}
	return b.String()
}

// problems gathers mistakes while a file is read.
type problems struct {
	lines lineIndex
	list  []Problem
}

func (p *problems) add(path, format string, args ...any) {
	p.list = append(p.list, Problem{p.lines.find(path), fmt.Sprintf(format, args...)})
}

// err returns what was gathered, nil when nothing was.
func (p *problems) err(file string) error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return &Error{File: file, Problems: slices.Compact(p.list)}
}

// nearest returns the known name that word is most likely a slip of, or "".
func nearest(word string, known []string) string {
	best, distance := "", max(2, len(word)/3)+1
	for _, k := range known {
		if d := editDistance(strings.ToLower(word), k); d < distance {
			best, distance = k, d
		}
	}
	return best
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
