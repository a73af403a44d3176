// Package groestl computes Groestl-256 as specified in "Groestl, a SHA-3
// candidate", version 2.0 (the tweaked final-round submission), 2011.
//
// CryptoNight uses it as one of its four final hashes. It imports nothing of
// adit; only packages below hash may import it.
package groestl

import (
	"encoding/binary"
	"math/bits"
)

const (
	// Size is the length of a digest in bytes.
	Size = 32

	blockSize = 64
	rounds    = 10
	columns   = 8
	// countAt is where the 64-bit block count lies in the last block.
	countAt = blockSize - 8
)

// state is the 8x8 byte matrix, one word per column, row 0 in the most
// significant byte.
type state [columns]uint64

// mixed[x] is the column that MixBytes makes of S(x) in row 0 and zeros
// elsewhere. For a byte in row i the column is turned down by i rows, because
// the matrix of MixBytes is circulant.
var mixed = newMixed()

// Sum256 returns the Groestl-256 digest of msg.
func Sum256(msg []byte) [Size]byte {
	h := state{columns - 1: 8 * Size}
	rest := msg
	for len(rest) >= blockSize {
		compress(&h, (*[blockSize]byte)(rest))
		rest = rest[blockSize:]
	}
	last, n := padding(rest, uint64(len(msg)/blockSize))
	for i := range n {
		compress(&h, &last[i])
	}

	out := h
	permuteP(&out)
	var digest [Size]byte
	for i := range Size / 8 {
		word := out[columns/2+i] ^ h[columns/2+i]
		binary.BigEndian.PutUint64(digest[8*i:], word)
	}
	return digest
}

// padding returns the last one or two blocks: the rest of the message, a one
// bit, zeros and the number of blocks including these. done is how many came
// before.
func padding(rest []byte, done uint64) (last [2][blockSize]byte, n int) {
	n = 1
	end := copy(last[0][:], rest)
	last[0][end] = 0x80
	if end >= countAt {
		n = 2
	}
	binary.BigEndian.PutUint64(last[n-1][countAt:], done+uint64(n))
	return last, n
}

// compress is f(h, m) = P(h xor m) xor Q(m) xor h.
func compress(h *state, block *[blockSize]byte) {
	var p, q state
	for i := range q {
		q[i] = binary.BigEndian.Uint64(block[8*i:])
		p[i] = q[i] ^ h[i]
	}
	permuteP(&p)
	permuteQ(&q)
	for i := range h {
		h[i] ^= p[i] ^ q[i]
	}
}

// permuteP is P512: the round constant goes to row 0, row i shifts by i.
func permuteP(s *state) {
	for r := range uint64(rounds) {
		for j := range uint64(columns) {
			s[j] ^= (j<<4 ^ r) << 56
		}
		var next state
		for j := range next {
			next[j] = column(s, j, j+1, j+2, j+3, j+4, j+5, j+6, j+7)
		}
		*s = next
	}
}

// permuteQ is Q512: the round constant goes to row 7 and all rows are
// inverted; the rows shift by 1, 3, 5, 7, 0, 2, 4, 6.
func permuteQ(s *state) {
	for r := range uint64(rounds) {
		for j := range uint64(columns) {
			s[j] ^= ^uint64(0) ^ j<<4 ^ r
		}
		var next state
		for j := range next {
			next[j] = column(s, j+1, j+3, j+5, j+7, j, j+2, j+4, j+6)
		}
		*s = next
	}
}

// column does SubBytes and MixBytes for one output column, whose row i comes
// from the i-th column named, modulo 8.
func column(s *state, c0, c1, c2, c3, c4, c5, c6, c7 int) uint64 {
	return mixed[byte(s[c0&7]>>56)] ^
		bits.RotateLeft64(mixed[byte(s[c1&7]>>48)], -8) ^
		bits.RotateLeft64(mixed[byte(s[c2&7]>>40)], -16) ^
		bits.RotateLeft64(mixed[byte(s[c3&7]>>32)], -24) ^
		bits.RotateLeft64(mixed[byte(s[c4&7]>>24)], -32) ^
		bits.RotateLeft64(mixed[byte(s[c5&7]>>16)], -40) ^
		bits.RotateLeft64(mixed[byte(s[c6&7]>>8)], -48) ^
		bits.RotateLeft64(mixed[byte(s[c7&7])], -56)
}

// newMixed computes the table from the AES S-box and the circulant
// circ(2, 2, 3, 4, 5, 3, 5, 7), whose first column reads 2, 7, 5, 3, 5, 4, 3, 2.
func newMixed() *[256]uint64 {
	var table [256]uint64
	for x := range table {
		s := substitute(byte(x))
		for _, factor := range [8]byte{2, 7, 5, 3, 5, 4, 3, 2} {
			table[x] = table[x]<<8 | uint64(multiply(s, factor))
		}
	}
	return &table
}

// substitute is the AES S-box: the inverse in GF(2^8), then an affine map.
func substitute(x byte) byte {
	inverse := byte(1)
	for range 254 { // x^254 is the inverse of x, and 0 for 0
		inverse = multiply(inverse, x)
	}
	out := byte(0x63)
	for turn := range 5 {
		out ^= bits.RotateLeft8(inverse, turn)
	}
	return out
}

// multiply multiplies in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1.
func multiply(a, b byte) byte {
	var product byte
	for ; b != 0; b >>= 1 {
		if b&1 != 0 {
			product ^= a
		}
		carry := a >> 7
		a = a<<1 ^ carry*0x1b
	}
	return product
}
