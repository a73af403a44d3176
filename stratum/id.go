package stratum

import (
	"strconv"
)

// maxID bounds the raw JSON of a request id, which is kept and echoed.
const maxID = 128

type idKind uint8

const (
	idAbsent idKind = iota
	idNull
	idInt
	idRaw // a string, or a number that is not a plain int64
)

// ID is the id of a request, kept as the JSON it came as: a string comes back
// as a string, 1.0 as 1.0. IDs compare with ==; the zero value is an absent id.
type ID struct {
	kind idKind
	n    int64
	raw  string
}

// IntID is the integer id n.
func IntID(n int64) ID { return ID{kind: idInt, n: n} }

// StringID is the string id s.
func StringID(s string) ID { return ID{kind: idRaw, raw: string(AppendString(nil, s))} }

// NullID is the id null.
func NullID() ID { return ID{kind: idNull} }

// ParseID takes the id out of a message. Anything but a string, a number,
// null or nothing is an error, and so is one longer than 128 bytes.
func ParseID(v Value) (ID, error) {
	if len(v.raw) > maxID {
		return ID{}, &FieldError{Field: "id", Problem: "is longer than 128 bytes"}
	}
	switch v.Kind() {
	case Absent:
		return ID{}, nil
	case Null:
		return NullID(), nil
	case String:
		return ID{kind: idRaw, raw: string(v.raw)}, nil
	case Number:
		if n, ok := v.Int64(); ok && string(v.raw) != "-0" {
			return IntID(n), nil
		}
		return ID{kind: idRaw, raw: string(v.raw)}, nil
	}
	return ID{}, &FieldError{Field: "id", Problem: "must be a number, a string or null"}
}

// Absent reports whether the message had no id member.
func (id ID) Absent() bool { return id.kind == idAbsent }

// Awaited reports whether somebody waits for an answer under this id: it is
// neither absent nor null.
func (id ID) Awaited() bool { return id.kind >= idInt }

// Int returns the id as an integer, when it is one.
func (id ID) Int() (int64, bool) { return id.n, id.kind == idInt }

// LooseInt is Int for clients of careless servers, which send the integer they
// were asked with back as a string: "7" counts as 7.
func (id ID) LooseInt() (int64, bool) {
	if n := len(id.raw); n > 2 && id.raw[0] == '"' {
		v, err := strconv.ParseInt(id.raw[1:n-1], 10, 64)
		return v, err == nil
	}
	return id.Int()
}

// Append appends the id as JSON, an absent one as null, which is how an answer
// to a request without id must look (JSON-RPC 2.0, section 5).
func (id ID) Append(dst []byte) []byte {
	switch id.kind {
	case idInt:
		return strconv.AppendInt(dst, id.n, 10)
	case idRaw:
		return append(dst, id.raw...)
	}
	return append(dst, "null"...)
}

// String is the id as JSON.
func (id ID) String() string { return string(id.Append(nil)) }
