package stratum

import (
	"bytes"
	"encoding/hex"
	"iter"
	"strconv"
)

// Kind is the type of a JSON value.
type Kind uint8

// The kinds of JSON values. Absent is the kind of the zero Value.
const (
	Absent Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// Value is a piece of JSON that Parse has checked: its raw text, without
// blanks around it. It shares memory with the line it came from, so it is
// valid only as long as that line; Clone cuts the tie.
type Value struct{ raw []byte }

// Raw is the value's text; empty when absent.
func (v Value) Raw() []byte { return v.raw }

// Clone copies the value.
func (v Value) Clone() Value { return Value{bytes.Clone(v.raw)} }

// Kind tells the value's type.
func (v Value) Kind() Kind {
	if len(v.raw) == 0 {
		return Absent
	}
	switch v.raw[0] {
	case '{':
		return Object
	case '[':
		return Array
	case '"':
		return String
	case 't', 'f':
		return Bool
	case 'n':
		return Null
	}
	return Number
}

// Missing reports whether the value is absent or null.
func (v Value) Missing() bool { return v.Kind() <= Null }

// Text returns a string's contents.
func (v Value) Text() (string, bool) {
	if v.Kind() != String {
		return "", false
	}
	return string(unquote(v.raw)), true
}

// Int64 returns a number written as an integer that fits.
func (v Value) Int64() (int64, bool) {
	if v.Kind() != Number {
		return 0, false
	}
	n, err := strconv.ParseInt(string(v.raw), 10, 64)
	return n, err == nil
}

// Uint64 returns a number written as an integer that fits.
func (v Value) Uint64() (uint64, bool) {
	if v.Kind() != Number {
		return 0, false
	}
	n, err := strconv.ParseUint(string(v.raw), 10, 64)
	return n, err == nil
}

// Float64 returns a number, unless it overflows.
func (v Value) Float64() (float64, bool) {
	if v.Kind() != Number {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(v.raw), 64)
	return f, err == nil
}

// Bool returns a truth value.
func (v Value) Bool() (value, ok bool) {
	return string(v.raw) == "true", v.Kind() == Bool
}

// Hex decodes a string of hexadecimal digits, of either case, into dst, which
// must be filled exactly. It reports false, leaving dst undefined, on anything
// else: a 0x prefix, blanks and odd lengths included.
func (v Value) Hex(dst []byte) bool {
	digits, ok := v.digits()
	if !ok || len(digits) != 2*len(dst) {
		return false
	}
	_, err := hex.Decode(dst, digits)
	return err == nil
}

// HexBytes decodes a string of hexadecimal digits of between least and most
// bytes.
func (v Value) HexBytes(least, most int) ([]byte, bool) {
	digits, ok := v.digits()
	if !ok || len(digits)%2 != 0 || len(digits) < 2*least || len(digits) > 2*most {
		return nil, false
	}
	b := make([]byte, len(digits)/2)
	_, err := hex.Decode(b, digits)
	return b, err == nil
}

// digits is a string's contents when nothing in it is escaped: hexadecimal
// digits have no business being escaped.
func (v Value) digits() ([]byte, bool) {
	if v.Kind() != String {
		return nil, false
	}
	return v.raw[1 : len(v.raw)-1], true
}

// Field returns a member of an object, absent when there is none or v is no
// object.
func (v Value) Field(name string) Value {
	for key, val := range v.Members() {
		if string(key) == name {
			return val
		}
	}
	return Value{}
}

// Members walks an object in the order it is written; other kinds have none.
// Keys come with their escapes resolved.
func (v Value) Members() iter.Seq2[[]byte, Value] {
	return func(yield func([]byte, Value) bool) {
		if v.Kind() != Object {
			return
		}
		for i := skipBlanks(v.raw, 1); v.raw[i] != '}'; i = skipComma(v.raw, i) {
			end := skipValue(v.raw, i)
			key := unquote(v.raw[i:end])
			i = skipBlanks(v.raw, skipBlanks(v.raw, end)+1) // past the colon
			end = skipValue(v.raw, i)
			if !yield(key, Value{v.raw[i:end:end]}) {
				return
			}
			i = end
		}
	}
}

// Elements walks an array; other kinds have no elements.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != Array {
			return
		}
		for i := skipBlanks(v.raw, 1); v.raw[i] != ']'; {
			end := skipValue(v.raw, i)
			if !yield(Value{v.raw[i:end:end]}) {
				return
			}
			i = skipComma(v.raw, end)
		}
	}
}

// Fill copies the first len(dst) elements of an array into dst, absent where
// there are fewer, and returns how many the array has in all.
func (v Value) Fill(dst []Value) int {
	n := 0
	for e := range v.Elements() {
		if n < len(dst) {
			dst[n] = e
		}
		n++
	}
	return n
}
