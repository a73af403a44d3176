package cryptonote

import (
	"encoding/binary"
	"errors"
)

// Errors of Varint. ParseTemplate wraps them into a *ParseError.
var (
	ErrVarintTruncated = errors.New("number is cut off")
	ErrVarintOverflow  = errors.New("number is larger than 64 bits")
	ErrVarintPadded    = errors.New("number is not in its shortest form")
)

// AppendVarint appends v to dst as CryptoNote writes integers: seven bits a
// byte, lowest first, the high bit set on all bytes but the last.
func AppendVarint(dst []byte, v uint64) []byte {
	return binary.AppendUvarint(dst, v)
}

// Varint reads an integer from the start of b and returns it with the number
// of bytes it took. Only the shortest form of a number is accepted, so that a
// blob that parses is the only blob with its meaning.
func Varint(b []byte) (v uint64, n int, err error) {
	v, n = binary.Uvarint(b)
	switch {
	case n == 0:
		return 0, 0, ErrVarintTruncated
	case n < 0:
		return 0, 0, ErrVarintOverflow
	case n > 1 && b[n-1] == 0:
		return 0, 0, ErrVarintPadded
	}
	return v, n, nil
}
