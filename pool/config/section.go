package config

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// section reads one table of the file. Each method takes one key into a
// variable, which keeps its default where the key is missing; close complains
// about keys that no method asked for.
type section struct {
	*problems
	path  string // "coin[0]", "ledger"
	table map[string]any
	known []string
}

func (s *section) take(key string) (any, bool) {
	s.known = append(s.known, key)
	v, ok := s.table[key]
	return v, ok
}

// fail notes a mistake in a key's value.
func (s *section) fail(key, format string, args ...any) {
	s.add(joinPath(s.path, key), "%s %s", key, fmt.Sprintf(format, args...))
}

func (s *section) text(key string, dst *string) {
	v, ok := s.take(key)
	if !ok {
		return
	}
	if text, isText := v.(string); isText {
		*dst = strings.TrimSpace(text)
		return
	}
	s.fail(key, "must be text in quotes, not %s", describe(v))
}

// texts is a list of texts.
func (s *section) texts(key string, dst *[]string) {
	v, ok := s.take(key)
	if !ok {
		return
	}
	list, isList := v.([]any)
	var texts []string
	for _, element := range list {
		text, isText := element.(string)
		if !isText {
			isList = false
			break
		}
		texts = append(texts, strings.TrimSpace(text))
	}
	if !isList {
		s.fail(key, "must be a list of texts in quotes, not %s", describe(v))
		return
	}
	*dst = texts
}

// need is text that must be there.
func (s *section) need(key string, dst *string) {
	_, present := s.table[key]
	s.text(key, dst)
	if !present {
		s.add(s.path, "%s lacks %s", s.title(), key)
	} else if _, isText := s.table[key].(string); isText && *dst == "" {
		s.fail(key, "is empty: fill it in")
	}
}

func (s *section) integer(key string, low, high int64) (int64, bool) {
	v, ok := s.take(key)
	if !ok {
		return 0, false
	}
	n, isInt := v.(int64)
	switch {
	case !isInt:
		s.fail(key, "must be a whole number, not %s", describe(v))
	case n < low:
		s.fail(key, "is %d, less than %d", n, low)
	case n > high:
		s.fail(key, "is %d, more than %d", n, high)
	default:
		return n, true
	}
	return 0, false
}

func (s *section) count(key string, dst *int, low, high int64) {
	if n, ok := s.integer(key, low, high); ok {
		*dst = int(n)
	}
}

// hundredths is a number with up to two decimals, kept as hundredths.
func (s *section) hundredths(key string, dst *int, low, high int) {
	v, ok := s.take(key)
	if !ok {
		return
	}
	var n float64
	switch v := v.(type) {
	case int64:
		n = float64(v) * 100
	case float64:
		n = v * 100
	default:
		s.fail(key, "must be a number, not %s", describe(v))
		return
	}
	whole := math.Round(n)
	switch {
	case !(math.Abs(n-whole) < 1e-6): // also when it is no number at all
		s.fail(key, "is %v; it may have two decimals", v)
	case whole < float64(low):
		s.fail(key, "is %v, less than %v", v, float64(low)/100)
	case whole > float64(high):
		s.fail(key, "is %v, more than %v", v, float64(high)/100)
	default:
		*dst = int(whole)
	}
}

func (s *section) difficulty(key string, dst *uint64, low int64) {
	if n, ok := s.integer(key, low, math.MaxInt64); ok {
		*dst = uint64(n)
	}
}

func (s *section) duration(key string, dst *time.Duration, low, high time.Duration) {
	v, ok := s.take(key)
	if !ok {
		return
	}
	text, isText := v.(string)
	d, err := time.ParseDuration(text)
	switch {
	case !isText || err != nil:
		s.fail(key, "must be a duration such as \"15s\" or \"500ms\", not %s", describe(v))
	case d < low:
		s.fail(key, "is %s, less than %s", d, low)
	case d > high:
		s.fail(key, "is %s, more than %s", d, high)
	default:
		*dst = d
	}
}

func (s *section) oneOf(key string, dst *string, choices ...string) {
	before := *dst
	s.text(key, dst)
	if !slices.Contains(choices, *dst) {
		s.fail(key, "is %q; it may be %s", *dst, strings.Join(choices, ", "))
		*dst = before
	}
}

// close complains about keys that are not known.
func (s *section) close() {
	for _, key := range slices.Sorted(maps.Keys(s.table)) {
		if slices.Contains(s.known, key) {
			continue
		}
		s.add(joinPath(s.path, key), "%s has no key %q%s", s.title(), key, hint(key, s.known))
	}
}

// title names the table as the file writes it.
func (s *section) title() string {
	if name, _, isElement := strings.Cut(s.path, "["); isElement {
		return "[[" + name + "]]"
	}
	return "[" + s.path + "]"
}

func hint(word string, known []string) string {
	if near := nearest(word, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// describe says what a TOML value is.
func describe(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case bool:
		return fmt.Sprintf("%t", v)
	case int64:
		return fmt.Sprintf("the number %d", v)
	case float64:
		return fmt.Sprintf("the number %v", v)
	case []any, []map[string]any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return fmt.Sprintf("%v", v)
}
