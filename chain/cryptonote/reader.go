package cryptonote

import (
	"errors"
	"fmt"
)

// ErrUnsupported marks blobs that may be valid for some coin, but whose format
// this package does not read. Find it with errors.Is.
var ErrUnsupported = errors.New("unsupported block format")

// ParseError says which field of a blob made no sense, and where it begins.
type ParseError struct {
	Field  string
	Offset int // in bytes from the start of the blob
	Err    error
}

// Error is one line such as "miner transaction version at byte 43: ...".
func (e *ParseError) Error() string {
	return fmt.Sprintf("%s at byte %d: %v", e.Field, e.Offset, e.Err)
}

// Unwrap gives the cause, such as ErrVarintTruncated or ErrUnsupported.
func (e *ParseError) Unwrap() error { return e.Err }

// reader walks a blob and keeps the first error; after it, reads give zeros.
type reader struct {
	blob []byte
	pos  int
	err  error
}

func (r *reader) left() int { return len(r.blob) - r.pos }

func (r *reader) fail(field string, offset int, err error) {
	if r.err == nil {
		r.err = &ParseError{Field: field, Offset: offset, Err: err}
	}
}

func (r *reader) failf(field string, offset int, format string, args ...any) {
	r.fail(field, offset, fmt.Errorf(format, args...))
}

func (r *reader) varint(field string) uint64 {
	if r.err != nil {
		return 0
	}
	v, n, err := Varint(r.blob[r.pos:])
	if err != nil {
		r.fail(field, r.pos, err)
		return 0
	}
	r.pos += n
	return v
}

// take returns the next n bytes of the blob, nil once there was an error.
func (r *reader) take(field string, n uint64) []byte {
	if r.err != nil {
		return nil
	}
	if n > uint64(r.left()) {
		r.failf(field, r.pos, "needs %d bytes, and the blob has %d left", n, r.left())
		return nil
	}
	b := r.blob[r.pos : r.pos+int(n)]
	r.pos += int(n)
	return b
}

func (r *reader) byte(field string) byte {
	if b := r.take(field, 1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) hash(field string) (h Hash) {
	copy(h[:], r.take(field, HashSize))
	return h
}
