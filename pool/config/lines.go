package config

import (
	"strconv"
	"strings"
)

// lineIndex knows on which line each table and each of its keys stands, so
// that a mistake in a value can be shown where it was made. It reads the plain
// layout that configuration files have, one key a line; what it cannot place
// is placed at its table.
type lineIndex map[string]int

// indexLines maps "coin[1]" and "coin[1].node" to line numbers from 1. A table
// that is not an array element has no brackets: "ledger.path".
func indexLines(text string) lineIndex {
	lines := make(lineIndex)
	counts := make(map[string]int)
	table := ""
	for i, raw := range strings.Split(text, "\n") {
		line := strings.TrimSpace(raw)
		switch {
		case strings.HasPrefix(line, "[["):
			name := headerName(line[2:])
			table = name + "[" + strconv.Itoa(counts[name]) + "]"
			counts[name]++
			lines.add(table, i+1)
		case strings.HasPrefix(line, "["):
			table = headerName(line[1:])
			lines.add(table, i+1)
		default:
			if key, _, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
				lines.add(joinPath(table, unquote(key)), i+1)
			}
		}
	}
	return lines
}

func (l lineIndex) add(path string, line int) {
	if _, known := l[path]; !known {
		l[path] = line
	}
}

// find returns the line of a path, or of what it lies in; 1 at worst.
func (l lineIndex) find(path string) int {
	for path != "" {
		if line, ok := l[path]; ok {
			return line
		}
		if line, ok := l[path+"[0]"]; ok {
			return line
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 1
}

func headerName(s string) string {
	name, _, _ := strings.Cut(s, "]")
	return unquote(name)
}

func unquote(s string) string { return strings.Trim(strings.TrimSpace(s), `"'`) }

func joinPath(table, key string) string {
	if table == "" {
		return key
	}
	return table + "." + key
}
