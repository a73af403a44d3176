package config

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// section is a JSON object whose keys are taken one by one, so that those that
// nobody wants are known at the end. The first mistake is kept.
type section struct {
	path string // "" or "opencl."
	keys map[string]json.RawMessage
	err  *error
}

// newSection reads an object. null is one without keys.
func newSection(path string, raw json.RawMessage, err *error) *section {
	s := &section{path: path, err: err}
	if e := json.Unmarshal(raw, &s.keys); e != nil {
		s.fail(cmp.Or(strings.TrimSuffix(path, "."), "the whole"), "want an object in braces")
	}
	return s
}

func (s *section) fail(path, problem string) {
	if *s.err == nil {
		*s.err = fmt.Errorf("%s: %s", path, problem)
	}
}

// take decodes a key, if it is there and not null, and reports whether it was.
func (s *section) take(key string, to any) bool {
	raw, ok := s.keys[key]
	delete(s.keys, key)
	if !ok || string(raw) == "null" {
		return false
	}
	if err := json.Unmarshal(raw, to); err != nil {
		s.fail(s.path+key, problem(err, to))
		return false
	}
	return true
}

// sub takes a key that is a section.
func (s *section) sub(key string) *section {
	raw, ok := s.keys[key]
	delete(s.keys, key)
	if !ok {
		raw = json.RawMessage("null")
	}
	return newSection(s.path+key+".", raw, s.err)
}

// unused lists the keys that nobody has taken.
func (s *section) unused() []string {
	out := make([]string, 0, len(s.keys))
	for key := range s.keys {
		out = append(out, s.path+key)
	}
	slices.Sort(out)
	return out
}

// problem says what is wrong with a value.
func problem(err error, to any) string {
	want := "something else"
	switch to.(type) {
	case *bool:
		want = "true or false"
	case *string:
		want = "a text in quotes"
	case *int, *int64, *uint64:
		want = "a whole number"
	case *float64:
		want = "a number"
	case *[]json.RawMessage:
		want = "a list in brackets"
	}
	var mistake *json.UnmarshalTypeError
	if errors.As(err, &mistake) {
		return fmt.Sprintf("want %s, got a JSON %s", want, mistake.Value)
	}
	return err.Error()
}
