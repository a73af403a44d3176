// Package blake256 computes BLAKE-256, the 14-round SHA-3 finalist (not
// BLAKE2), as specified in "SHA-3 proposal BLAKE", version 1.3, 2010.
//
// CryptoNight uses it as one of its four final hashes, and cn/r draws its
// random program from it. It imports nothing of adit; only packages below
// hash may import it.
package blake256

import (
	"encoding/binary"
	"math/bits"
)

const (
	// Size is the length of a digest in bytes.
	Size = 32

	blockSize = 64
	rounds    = 14
	// lengthAt is where the 64-bit message length lies in the last block.
	lengthAt = blockSize - 8
)

// iv is the initial value, that of SHA-256 (section 2.1.1).
var iv = [8]uint32{
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
}

// constants are the first digits of pi (section 2.1.1).
var constants = [16]uint32{
	0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344,
	0xa4093822, 0x299f31d0, 0x082efa98, 0xec4e6c89,
	0x452821e6, 0x38d01377, 0xbe5466cf, 0x34e90c6c,
	0xc0ac29b7, 0xc97c50dd, 0x3f84d5b5, 0xb5470917,
}

// sigma holds the message permutations of rounds 0 to 9; later rounds start
// over (section 2.1.2).
var sigma = [10][16]uint8{
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
	{11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
	{7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
	{9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
	{2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
	{12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
	{13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
	{6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
	{10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
}

// Sum256 returns the BLAKE-256 digest of msg, without salt.
func Sum256(msg []byte) [Size]byte {
	h := iv
	var counter uint64 // message bits hashed so far, this block included
	rest := msg
	for len(rest) >= blockSize {
		counter += 8 * blockSize
		compress(&h, (*[blockSize]byte)(rest), counter)
		rest = rest[blockSize:]
	}
	finish(&h, rest, counter, uint64(len(msg))*8)

	var out [Size]byte
	for i, word := range h {
		binary.BigEndian.PutUint32(out[4*i:], word)
	}
	return out
}

// finish hashes the incomplete last block: the rest of the message, a one
// bit, zeros, another one bit and the message length in bits. A block that
// holds padding alone is compressed with a counter of zero.
func finish(h *[8]uint32, rest []byte, counter, length uint64) {
	var block [blockSize]byte
	n := copy(block[:], rest)
	block[n] = 0x80
	counter += 8 * uint64(n)
	if n == 0 {
		counter = 0
	}
	if n >= lengthAt {
		compress(h, &block, counter)
		block = [blockSize]byte{}
		counter = 0
	}
	block[lengthAt-1] |= 0x01
	binary.BigEndian.PutUint64(block[lengthAt:], length)
	compress(h, &block, counter)
}

// compress mixes one block into the chain value.
func compress(h *[8]uint32, block *[blockSize]byte, counter uint64) {
	var m, v [16]uint32
	for i := range m {
		m[i] = binary.BigEndian.Uint32(block[4*i:])
	}
	copy(v[:], h[:])
	copy(v[8:], constants[:8])
	v[12] ^= uint32(counter)
	v[13] ^= uint32(counter)
	v[14] ^= uint32(counter >> 32)
	v[15] ^= uint32(counter >> 32)
	for r := range rounds {
		round(&v, &m, &sigma[r%len(sigma)])
	}
	for i := range h {
		h[i] ^= v[i] ^ v[i+8]
	}
}

// round applies G to the four columns, then to the four diagonals.
func round(v, m *[16]uint32, s *[16]uint8) {
	v[0], v[4], v[8], v[12] = mix(v[0], v[4], v[8], v[12], m, s, 0)
	v[1], v[5], v[9], v[13] = mix(v[1], v[5], v[9], v[13], m, s, 2)
	v[2], v[6], v[10], v[14] = mix(v[2], v[6], v[10], v[14], m, s, 4)
	v[3], v[7], v[11], v[15] = mix(v[3], v[7], v[11], v[15], m, s, 6)
	v[0], v[5], v[10], v[15] = mix(v[0], v[5], v[10], v[15], m, s, 8)
	v[1], v[6], v[11], v[12] = mix(v[1], v[6], v[11], v[12], m, s, 10)
	v[2], v[7], v[8], v[13] = mix(v[2], v[7], v[8], v[13], m, s, 12)
	v[3], v[4], v[9], v[14] = mix(v[3], v[4], v[9], v[14], m, s, 14)
}

// mix is the function G of section 2.1.2 on one column or diagonal, with the
// two message words that s names at position i.
func mix(a, b, c, d uint32, m *[16]uint32, s *[16]uint8, i int) (uint32, uint32, uint32, uint32) {
	j, k := s[i]&15, s[i+1]&15
	a += b + (m[j] ^ constants[k])
	d = bits.RotateLeft32(d^a, -16)
	c += d
	b = bits.RotateLeft32(b^c, -12)
	a += b + (m[k] ^ constants[j])
	d = bits.RotateLeft32(d^a, -8)
	c += d
	b = bits.RotateLeft32(b^c, -7)
	return a, b, c, d
}
