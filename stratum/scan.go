package stratum

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Parse checks that line is exactly one JSON object within the limits, by the
// rules in the package comment, and returns it. The error is a *SyntaxError.
func Parse(line []byte, lim Limits) (Value, error) {
	if len(line) > math.MaxInt32 {
		return Value{}, &SyntaxError{Problem: "the message is too long"}
	}
	s := scanner{data: line, lim: lim}
	s.blanks()
	start := s.pos
	switch {
	case s.peek() == '[':
		return Value{}, s.fail("a message is one object, batches are not supported")
	case s.peek() != '{':
		return Value{}, s.fail("a message is one object")
	}
	if err := s.value(1); err != nil {
		return Value{}, err
	}
	v := Value{line[start:s.pos:s.pos]}
	if s.blanks(); s.pos != len(line) {
		return Value{}, s.fail("text after the object")
	}
	return v, nil
}

type span struct{ start, end int32 }

// scanner checks JSON; what it has passed can be walked without checks.
type scanner struct {
	data []byte
	pos  int
	lim  Limits
	// keys are the quoted keys of the objects being read, innermost last. An
	// array of offsets keeps all of the scanner on the stack.
	keys [maxKeys]span
	open int // keys in use
}

func (s *scanner) fail(problem string) error {
	return &SyntaxError{Offset: s.pos, Problem: problem}
}

// peek is the next byte, 0 at the end: no JSON token starts with it.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

func (s *scanner) blanks() { s.pos = skipBlanks(s.data, s.pos) }

// value checks one value; depth is the nesting it would have as a container.
func (s *scanner) value(depth int) error {
	switch c := s.peek(); {
	case c == '{' || c == '[':
		if depth > s.lim.Depth {
			return s.fail("nested too deep")
		}
		if c == '{' {
			return s.object(depth)
		}
		return s.array(depth)
	case c == '"':
		return s.str()
	case c == '-' || isDigit(c):
		return s.number()
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
			s.pos += len(word)
			return nil
		}
	}
	return s.fail("a value is missing or misspelt")
}

func (s *scanner) object(depth int) error {
	base := s.open
	s.pos++
	for s.blanks(); s.peek() != '}'; {
		if err := s.member(base, depth); err != nil {
			return err
		}
		if err := s.next('}'); err != nil {
			return err
		}
	}
	s.pos++
	s.open = base
	return nil
}

func (s *scanner) member(base, depth int) error {
	if s.peek() != '"' {
		return s.fail("a key is missing")
	}
	start := s.pos
	if err := s.str(); err != nil {
		return err
	}
	if err := s.addKey(base, span{int32(start), int32(s.pos)}); err != nil {
		return err
	}
	if s.blanks(); s.peek() != ':' {
		return s.fail("a colon is missing")
	}
	s.pos++
	s.blanks()
	return s.value(depth + 1)
}

// addKey refuses a second use of a key in the object whose keys start at base.
func (s *scanner) addKey(base int, k span) error {
	if s.open == len(s.keys) {
		return s.fail("too many members")
	}
	key := s.key(k)
	for _, other := range s.keys[base:s.open] {
		if bytes.Equal(key, s.key(other)) {
			return s.fail("a key appears twice")
		}
	}
	s.keys[s.open] = k
	s.open++
	return nil
}

func (s *scanner) key(k span) []byte { return unquote(s.data[k.start:k.end]) }

func (s *scanner) array(depth int) error {
	s.pos++
	s.blanks()
	for n := 0; s.peek() != ']'; n++ {
		if n >= s.lim.Elements {
			return s.fail("an array has too many elements")
		}
		if err := s.value(depth + 1); err != nil {
			return err
		}
		if err := s.next(']'); err != nil {
			return err
		}
	}
	s.pos++
	return nil
}

// next moves from behind one item to the next, or to the closing byte.
func (s *scanner) next(closing byte) error {
	s.blanks()
	if s.peek() == closing {
		return nil
	}
	if s.peek() != ',' {
		return s.fail("a comma or the end is missing")
	}
	s.pos++
	if s.blanks(); s.peek() == closing {
		return s.fail("nothing follows a comma")
	}
	return nil
}

func (s *scanner) str() error {
	s.pos++
	for start := s.pos; ; {
		switch c := s.peek(); {
		case s.pos-start > s.lim.String:
			return s.fail("a string is too long")
		case c == '"':
			s.pos++
			return nil
		case c < ' ':
			return s.fail("a string has no end or holds a control character")
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		case c < utf8.RuneSelf:
			s.pos++
		default:
			r, n := utf8.DecodeRune(s.data[s.pos:])
			if r == utf8.RuneError && n <= 1 {
				return s.fail("a string is not UTF-8")
			}
			s.pos += n
		}
	}
}

func (s *scanner) escape() error {
	s.pos++
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.pos++
		return nil
	case 'u':
		_, n := unescapeRune(s.data[s.pos-1:])
		if n == 0 {
			return s.fail("a \\u escape is malformed or half of a surrogate pair")
		}
		s.pos += n - 1
		return nil
	}
	return s.fail("an unknown escape")
}

func (s *scanner) number() error {
	if s.peek() == '-' {
		s.pos++
	}
	if s.peek() == '0' {
		s.pos++
	} else if !s.digits() {
		return s.fail("a number has no digits")
	}
	if s.peek() == '.' {
		s.pos++
		if !s.digits() {
			return s.fail("a number ends in a point")
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		if !s.digits() {
			return s.fail("a number has an empty exponent")
		}
	}
	return nil
}

func (s *scanner) digits() bool {
	start := s.pos
	for isDigit(s.peek()) {
		s.pos++
	}
	return s.pos > start
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// unescapeRune reads \uXXXX, or a pair of them, at the start of b and returns
// the code point and the bytes it took, 0 when it is malformed.
func unescapeRune(b []byte) (rune, int) {
	r, ok := hex4(b)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	low, ok := hex4(b[6:])
	if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
		return pair, 12
	}
	return 0, 0
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(n), err == nil
}
