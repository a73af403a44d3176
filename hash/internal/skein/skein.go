// Package skein computes Skein-512 with a 256-bit output, as specified in
// "The Skein Hash Function Family", version 1.3, 2010.
//
// CryptoNight uses it as one of its four final hashes. It imports nothing of
// adit; only packages below hash may import it.
package skein

import (
	"encoding/binary"
	"math/bits"
)

const (
	// Size is the length of a digest in bytes.
	Size = 32

	blockSize = 64
	words     = 8

	// keyParity completes the extended key (C240 in section 3.3.2).
	keyParity = 0x1bd11bdaa9fc1a22
)

// Fields of the second tweak word (section 3.5.1): block type, first, final.
const (
	typeMessage = 48 << 56
	typeOutput  = 63 << 56
	firstBlock  = 1 << 62
	finalBlock  = 1 << 63
)

// iv is the chain value after the configuration block (appendix B.5).
var iv = [words]uint64{
	0xccd044a12fdb3e13, 0xe83590301a79a9eb, 0x55aea0614f816e6f, 0x2a2767a4ae9b94db,
	0xec06025e74dd7683, 0xe7a436cdc4746251, 0xc36fbaf9393ad185, 0x3eedba1833edfc13,
}

// Sum256 returns the Skein-512-256 digest of msg, unkeyed.
func Sum256(msg []byte) [Size]byte {
	g := iv
	flags := uint64(typeMessage | firstBlock)
	rest := msg
	for len(rest) > blockSize { // the last block waits, even when it is full
		position := uint64(len(msg)-len(rest)) + blockSize
		process(&g, (*[blockSize]byte)(rest), position, flags)
		flags &^= firstBlock
		rest = rest[blockSize:]
	}
	var last [blockSize]byte
	copy(last[:], rest)
	process(&g, &last, uint64(len(msg)), flags|finalBlock)

	// The output transform hashes an eight-byte counter of zero.
	process(&g, new([blockSize]byte), 8, typeOutput|firstBlock|finalBlock)
	var digest [Size]byte
	for i := range Size / 8 {
		binary.LittleEndian.PutUint64(digest[8*i:], g[i])
	}
	return digest
}

// process is one step of unique block iteration: Threefish-512 under the chain
// value and the tweak, fed forward with the plain text.
func process(g *[words]uint64, block *[blockSize]byte, position, flags uint64) {
	var key [words + 1]uint64
	key[words] = keyParity
	for i, word := range g {
		key[i] = word
		key[words] ^= word
	}
	tweak := [3]uint64{position, flags, position ^ flags}
	var plain, v [words]uint64
	for i := range plain {
		plain[i] = binary.LittleEndian.Uint64(block[8*i:])
	}
	v = plain
	for s := uint64(0); s < 18; s += 2 { // 72 rounds, a subkey every four
		addSubkey(&v, &key, &tweak, s)
		fourRoundsEven(&v)
		addSubkey(&v, &key, &tweak, s+1)
		fourRoundsOdd(&v)
	}
	addSubkey(&v, &key, &tweak, 18)
	for i := range g {
		g[i] = v[i] ^ plain[i]
	}
}

// addSubkey adds subkey s of the key schedule (section 3.3.2).
func addSubkey(v *[words]uint64, key *[words + 1]uint64, tweak *[3]uint64, s uint64) {
	for i := range v {
		v[i] += key[(s+uint64(i))%(words+1)]
	}
	v[words-3] += tweak[s%3]
	v[words-2] += tweak[(s+1)%3]
	v[words-1] += s
}

// fourRoundsEven are rounds 0 to 3 of eight. The word permutation is folded
// into which words are mixed; after four rounds it is the identity again.
func fourRoundsEven(v *[words]uint64) {
	mixAll(v, [words]uint8{0, 1, 2, 3, 4, 5, 6, 7}, 46, 36, 19, 37)
	mixAll(v, [words]uint8{2, 1, 4, 7, 6, 5, 0, 3}, 33, 27, 14, 42)
	mixAll(v, [words]uint8{4, 1, 6, 3, 0, 5, 2, 7}, 17, 49, 36, 39)
	mixAll(v, [words]uint8{6, 1, 0, 7, 2, 5, 4, 3}, 44, 9, 54, 56)
}

// fourRoundsOdd are rounds 4 to 7 of eight.
func fourRoundsOdd(v *[words]uint64) {
	mixAll(v, [words]uint8{0, 1, 2, 3, 4, 5, 6, 7}, 39, 30, 34, 24)
	mixAll(v, [words]uint8{2, 1, 4, 7, 6, 5, 0, 3}, 13, 50, 10, 17)
	mixAll(v, [words]uint8{4, 1, 6, 3, 0, 5, 2, 7}, 25, 29, 39, 43)
	mixAll(v, [words]uint8{6, 1, 0, 7, 2, 5, 4, 3}, 8, 35, 56, 22)
}

// mixAll is one round: MIX on the four pairs that at names.
func mixAll(v *[words]uint64, at [words]uint8, r0, r1, r2, r3 int) {
	mix(&v[at[0]&7], &v[at[1]&7], r0)
	mix(&v[at[2]&7], &v[at[3]&7], r1)
	mix(&v[at[4]&7], &v[at[5]&7], r2)
	mix(&v[at[6]&7], &v[at[7]&7], r3)
}

// mix is the MIX function of section 3.3.1.
func mix(a, b *uint64, r int) {
	*a += *b
	*b = bits.RotateLeft64(*b, r) ^ *a
}
