package trace

import (
	"encoding/json"
	"strconv"
)

// jsonString is one string of a JSON line and where it stands.
type jsonString struct {
	from, to int    // bytes of the literal, quotes included
	value    string // decoded
	key      bool   // an object key
	path     string // "params.login", "params.0", "result.job.blob"
}

// scanStrings lists the strings of a line that is one valid JSON value. ok is
// false otherwise, or when the line nests deeper than MaxDepth.
func scanStrings(line []byte) (strs []jsonString, ok bool) {
	if !json.Valid(line) || checkShape(line) != nil {
		return nil, false
	}
	s := stringScanner{line: line}
	for s.pos < len(line) {
		s.token()
	}
	return s.strs, true
}

// level is one open array or object.
type level struct {
	array   bool
	prefix  string
	index   int    // array: of the next element
	name    string // object: key of the next value
	wantKey bool
}

// stringScanner walks over valid JSON.
type stringScanner struct {
	line   []byte
	pos    int
	levels []level
	strs   []jsonString
}

// token consumes one structural byte, string, or byte of something else.
func (s *stringScanner) token() {
	c := s.line[s.pos]
	if c == '"' {
		s.text()
		return
	}
	s.pos++
	switch c {
	case '{':
		s.levels = append(s.levels, level{prefix: s.path(), wantKey: true})
	case '[':
		s.levels = append(s.levels, level{prefix: s.path(), array: true})
	case '}', ']':
		s.levels = s.levels[:len(s.levels)-1]
	case ',':
		top := &s.levels[len(s.levels)-1]
		top.index++
		top.wantKey = !top.array
	}
}

// path names the value that comes next.
func (s *stringScanner) path() string {
	if len(s.levels) == 0 {
		return ""
	}
	top := s.levels[len(s.levels)-1]
	name := top.name
	if top.array {
		name = strconv.Itoa(top.index)
	}
	if top.prefix == "" {
		return name
	}
	return top.prefix + "." + name
}

// text consumes a string literal.
func (s *stringScanner) text() {
	from := s.pos
	for s.pos++; s.line[s.pos] != '"'; s.pos++ {
		if s.line[s.pos] == '\\' {
			s.pos++
		}
	}
	s.pos++
	str := jsonString{from: from, to: s.pos}
	// The line is valid JSON, so its literals decode.
	if json.Unmarshal(s.line[from:s.pos], &str.value) != nil {
		return
	}
	if n := len(s.levels); n > 0 && s.levels[n-1].wantKey {
		s.levels[n-1].name, s.levels[n-1].wantKey = str.value, false
		str.key = true
	} else {
		str.path = s.path()
	}
	s.strs = append(s.strs, str)
}

// edit is a new value for the string with an index.
type edit struct {
	index int
	value string
}

// edited reports whether a string has an edit already.
func edited(edits []edit, index int) bool {
	for _, e := range edits {
		if e.index == index {
			return true
		}
	}
	return false
}

// applyEdits rewrites the edited literals of a line.
func applyEdits(line []byte, strs []jsonString, edits []edit) []byte {
	if len(edits) == 0 {
		return line
	}
	values := make(map[int]string, len(edits))
	for _, e := range edits {
		values[e.index] = e.value
	}
	out, at := make([]byte, 0, len(line)), 0
	for i, s := range strs {
		value, changed := values[i]
		if !changed {
			continue
		}
		literal, err := marshal(value)
		if err != nil {
			continue // a string always encodes
		}
		out = append(append(out, line[at:s.from]...), literal...)
		at = s.to
	}
	return append(out, line[at:]...)
}
