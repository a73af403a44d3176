package ckb

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
)

// Uint32 is a number in the node's JSON: 0x-prefixed hex without leading
// zeros.
type Uint32 uint32

// Uint64 is a number in the node's JSON: 0x-prefixed hex without leading
// zeros.
type Uint64 uint64

// Bytes is a byte string in the node's JSON: 0x-prefixed hex, "0x" when empty.
type Bytes []byte

// MarshalText writes 0x-prefixed minimal hex.
func (n Uint32) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "0x%x", uint32(n)), nil }

// UnmarshalText reads 0x-prefixed minimal hex, as strictly as the node.
func (n *Uint32) UnmarshalText(text []byte) error {
	v, err := parseQuantity(text, 32)
	*n = Uint32(v)
	return err
}

// MarshalText writes 0x-prefixed minimal hex.
func (n Uint64) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "0x%x", uint64(n)), nil }

// UnmarshalText reads 0x-prefixed minimal hex, as strictly as the node.
func (n *Uint64) UnmarshalText(text []byte) error {
	v, err := parseQuantity(text, 64)
	*n = Uint64(v)
	return err
}

// MarshalText writes 0x-prefixed hex.
func (b Bytes) MarshalText() ([]byte, error) {
	return hex.AppendEncode([]byte("0x"), b), nil
}

// UnmarshalText reads 0x-prefixed hex of any length.
func (b *Bytes) UnmarshalText(text []byte) error {
	digits, err := hexDigits(text)
	if err != nil {
		return err
	}
	raw := make([]byte, hex.DecodedLen(len(digits)))
	if _, err := hex.Decode(raw, digits); err != nil {
		return fmt.Errorf("%s is not a byte string: %w", quote(text), err)
	}
	*b = raw
	return nil
}

// parseQuantity reads a number of at most bits bits.
func parseQuantity(text []byte, bits int) (uint64, error) {
	digits, err := minimalDigits(text)
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseUint(string(digits), 16, bits)
	if err != nil {
		return 0, fmt.Errorf("%s is not a number of at most %d bits", quote(text), bits)
	}
	return v, nil
}

// minimalDigits returns the digits of a number, refusing what the node
// refuses: no 0x, no digits, redundant leading zeros.
func minimalDigits(text []byte) ([]byte, error) {
	digits, err := hexDigits(text)
	switch {
	case err != nil:
		return nil, err
	case len(digits) == 0:
		return nil, fmt.Errorf("%s is not a number: no digits", quote(text))
	case len(digits) > 1 && digits[0] == '0':
		return nil, fmt.Errorf("%s is not a number: redundant leading zeros", quote(text))
	}
	return digits, nil
}

// unhex fills dst from 0x-prefixed hex of exactly its length.
func unhex(dst, text []byte) error {
	digits, err := hexDigits(text)
	if err != nil {
		return err
	}
	if len(digits) != hex.EncodedLen(len(dst)) {
		return fmt.Errorf("%s has %d hex digits, want %d", quote(text), len(digits), hex.EncodedLen(len(dst)))
	}
	if _, err := hex.Decode(dst, digits); err != nil {
		return fmt.Errorf("%s: %w", quote(text), err)
	}
	return nil
}

func hexDigits(text []byte) ([]byte, error) {
	digits, ok := bytes.CutPrefix(text, []byte("0x"))
	if !ok {
		return nil, fmt.Errorf("%s does not begin with 0x", quote(text))
	}
	return digits, nil
}

// quote shows the start of hostile text on one line.
func quote(text []byte) string {
	const most = 72
	if len(text) > most {
		return fmt.Sprintf("%q...", text[:most])
	}
	return fmt.Sprintf("%q", text)
}

// fields reads the members of one JSON object by name and keeps the first
// error. Members that are not asked for are ignored: newer nodes add some.
type fields struct {
	members map[string]json.RawMessage
	err     error
}

func readFields(data []byte) *fields {
	f := &fields{}
	if err := json.Unmarshal(data, &f.members); err != nil {
		f.err = fmt.Errorf("not a JSON object: %w", err)
	} else if f.members == nil {
		f.err = fmt.Errorf("not a JSON object: null")
	}
	return f
}

// need reads a member that must be there.
func (f *fields) need(name string, dst any) {
	if f.err == nil && f.absent(name) {
		f.err = fmt.Errorf("lacks %s", name)
	}
	f.optional(name, dst)
}

// optional reads a member that may be missing or null, which leaves dst as it
// is.
func (f *fields) optional(name string, dst any) {
	if f.err != nil || f.absent(name) {
		return
	}
	if err := json.Unmarshal(f.members[name], dst); err != nil {
		f.err = fmt.Errorf("%s: %w", name, err)
	}
}

func (f *fields) absent(name string) bool {
	raw, ok := f.members[name]
	return !ok || bytes.Equal(raw, []byte("null"))
}
