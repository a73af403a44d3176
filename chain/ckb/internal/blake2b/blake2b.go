// Package blake2b is BLAKE2b-256 with a personalization (RFC 7693, and
// section 2.5 of the BLAKE2 paper for the parameter block), which
// golang.org/x/crypto/blake2b does not offer. No key, no salt, no tree.
//
// It imports nothing of adit; only chain/ckb may import it.
package blake2b

import (
	"encoding/binary"
	"math/bits"
)

// Size is the length of a digest in bytes.
const Size = 32

// BlockSize is the length of the blocks the compression works on, in bytes.
const BlockSize = 128

// PersonSize is the length of a personalization in bytes.
const PersonSize = 16

// Digest is a running hash. It is used by one goroutine at a time.
type Digest struct {
	h      [8]uint64
	length uint64 // bytes compressed so far; 2^64 of them are out of reach
	buf    [BlockSize]byte
	n      int // bytes waiting in buf
}

// New starts a hash with the given personalization.
func New(person *[PersonSize]byte) *Digest {
	d := &Digest{h: iv}
	// Parameter block: digest length, no key, fanout 1, depth 1.
	d.h[0] ^= Size | 1<<16 | 1<<24
	d.h[6] ^= binary.LittleEndian.Uint64(person[:8])
	d.h[7] ^= binary.LittleEndian.Uint64(person[8:])
	return d
}

// Write adds p to the message. It never fails.
func (d *Digest) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		// A full buffer waits for more: the last block is compressed by Sum.
		if d.n == BlockSize {
			d.compress(BlockSize, 0)
		}
		k := copy(d.buf[d.n:], p)
		d.n += k
		p = p[k:]
	}
	return written, nil
}

// Sum ends the message and returns its digest. The Digest is spent.
func (d *Digest) Sum() (out [Size]byte) {
	clear(d.buf[d.n:])
	d.compress(d.n, ^uint64(0))
	for i := range Size / 8 {
		binary.LittleEndian.PutUint64(out[8*i:], d.h[i])
	}
	return out
}

// compress mixes buf, which holds n message bytes, into the state and empties
// it. last is all ones for the last block, else zero.
func (d *Digest) compress(n int, last uint64) {
	d.length += uint64(n)
	d.n = 0
	var m, v [16]uint64
	for i := range m {
		m[i] = binary.LittleEndian.Uint64(d.buf[8*i:])
	}
	copy(v[:8], d.h[:])
	copy(v[8:], iv[:])
	v[12] ^= d.length
	v[14] ^= last
	for round := range 12 {
		s := &sigma[round%10]
		for i := range 4 {
			mix(&v, i, i+4, i+8, i+12, m[s[2*i]], m[s[2*i+1]])
		}
		for i := range 4 {
			mix(&v, i, (i+1)%4+4, (i+2)%4+8, (i+3)%4+12, m[s[8+2*i]], m[s[9+2*i]])
		}
	}
	for i := range d.h {
		d.h[i] ^= v[i] ^ v[i+8]
	}
}

// mix is the function G of RFC 7693, section 3.1.
func mix(v *[16]uint64, a, b, c, d int, x, y uint64) {
	v[a] += v[b] + x
	v[d] = bits.RotateLeft64(v[d]^v[a], -32)
	v[c] += v[d]
	v[b] = bits.RotateLeft64(v[b]^v[c], -24)
	v[a] += v[b] + y
	v[d] = bits.RotateLeft64(v[d]^v[a], -16)
	v[c] += v[d]
	v[b] = bits.RotateLeft64(v[b]^v[c], -63)
}

// iv is RFC 7693, section 2.6.
var iv = [8]uint64{
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
	0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
}

// sigma is RFC 7693, section 2.7; rounds 10 and 11 repeat rows 0 and 1.
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
