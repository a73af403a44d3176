package stratum

import (
	"fmt"
	"strconv"
)

// The functions here read members of messages. Their errors are *FieldErrors
// that name the member; missing and null are the same.

// MissingField is the error for a member that is not there.
func MissingField(name string) error {
	return &FieldError{Field: name, Problem: "is missing"}
}

// RequiredText reads a string that must be there and not be empty.
func RequiredText(v Value, name string) (string, error) {
	s, err := OptionalText(v, name)
	if err == nil && s == "" {
		err = MissingField(name)
	}
	return s, err
}

// OptionalText reads a string; a missing one is empty.
func OptionalText(v Value, name string) (string, error) {
	if v.Missing() {
		return "", nil
	}
	s, ok := v.Text()
	if !ok {
		return "", &FieldError{Field: name, Problem: "must be a string"}
	}
	return s, nil
}

// OptionalCount reads an integer that is not negative; a missing one is 0.
func OptionalCount(v Value, name string) (uint64, error) {
	if v.Missing() {
		return 0, nil
	}
	n, ok := v.Uint64()
	if !ok {
		return 0, &FieldError{Field: name, Problem: "must be an integer that is not negative"}
	}
	return n, nil
}

// FixedHex reads exactly len(dst) bytes of hexadecimal digits.
func FixedHex(v Value, name string, dst []byte) error {
	if v.Missing() {
		return MissingField(name)
	}
	if !v.Hex(dst) {
		return &FieldError{Field: name, Problem: fmt.Sprintf("must be %d hexadecimal digits", 2*len(dst))}
	}
	return nil
}

// RangeHex reads between least and most bytes of hexadecimal digits.
func RangeHex(v Value, name string, least, most int) ([]byte, error) {
	if v.Missing() {
		return nil, MissingField(name)
	}
	b, ok := v.HexBytes(least, most)
	if !ok {
		problem := fmt.Sprintf("must be hexadecimal digits for %d to %d bytes", least, most)
		return nil, &FieldError{Field: name, Problem: problem}
	}
	return b, nil
}

// HostPort reads the params of client.reconnect, [host, port], where the port
// comes as a string or a number. Both may be missing: then the host is empty
// and the port 0.
func HostPort(params Value) (host string, port uint16, err error) {
	var arg [2]Value
	params.Fill(arg[:])
	if host, err = OptionalText(arg[0], "host"); err != nil {
		return "", 0, err
	}
	digits, isText := arg[1].Text()
	if !isText && !arg[1].Missing() {
		digits = string(arg[1].Raw())
	}
	if digits == "" {
		return host, 0, nil
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil {
		return "", 0, &FieldError{Field: "port", Problem: "must be a number up to 65535"}
	}
	return host, uint16(n), nil
}

// ReplyError is the error of a reply.
type ReplyError struct {
	Code    int
	Message string // as the peer wrote it; see Printable
}

func (e *ReplyError) Error() string { return e.Message }

// ParseReplyError reads the error member of a reply in the forms that servers
// use: an object with code and message, a list that starts with code and
// text, or a bare text. It is nil when there is no error; whatever is unusable
// is replaced by the code given and "unspecified error".
func ParseReplyError(v Value, code int) *ReplyError {
	var number, message Value
	switch v.Kind() {
	case Absent, Null:
		return nil
	case Object:
		number, message = v.Field("code"), v.Field("message")
	case Array:
		var part [2]Value
		v.Fill(part[:])
		number, message = part[0], part[1]
	case String:
		message = v
	}
	e := &ReplyError{Code: code, Message: "unspecified error"}
	if s, ok := message.Text(); ok && s != "" {
		e.Message = s
	}
	if n, ok := number.Int64(); ok && int64(int32(n)) == n {
		e.Code = int(n)
	}
	return e
}
