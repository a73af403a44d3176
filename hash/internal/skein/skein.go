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
	keys := newSchedule(g, position, flags)
	var plain, v [words]uint64
	for i := range plain {
		plain[i] = binary.LittleEndian.Uint64(block[8*i:])
	}
	v = plain
	for s := uint64(0); s < 18; s += 2 { // 72 rounds, a subkey every four
		keys.add(&v, s)
		fourRoundsEven(&v)
		keys.add(&v, s+1)
		fourRoundsOdd(&v)
	}
	keys.add(&v, 18)
	for i := range g {
		g[i] = v[i] ^ plain[i]
	}
}

// schedule is what subkeys are made of (section 3.3.2): the extended key and
// tweak, each begun a second time, so that a subkey's words lie in a row.
type schedule struct {
	key   [2 * (words + 1)]uint64
	tweak [4]uint64
}

func newSchedule(g *[words]uint64, position, flags uint64) (k schedule) {
	parity := uint64(keyParity)
	for i, word := range g {
		k.key[i], k.key[i+words+1] = word, word
		parity ^= word
	}
	k.key[words] = parity
	k.tweak = [4]uint64{position, flags, position ^ flags, position}
	return k
}

// add adds subkey s to v.
func (k *schedule) add(v *[words]uint64, s uint64) {
	key := (*[words]uint64)(k.key[s%(words+1):])
	tweak := (*[2]uint64)(k.tweak[s%3:])
	v[0] += key[0]
	v[1] += key[1]
	v[2] += key[2]
	v[3] += key[3]
	v[4] += key[4]
	v[5] += key[5] + tweak[0]
	v[6] += key[6] + tweak[1]
	v[7] += key[7] + s
}

// fourRoundsEven are rounds 0 to 3 of eight, each of which mixes four pairs.
// The word permutation is folded into which words are paired; after four rounds
// it is the identity again.
func fourRoundsEven(v *[words]uint64) {
	v0, v1, v2, v3, v4, v5, v6, v7 := v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]
	v0, v1 = mix(v0, v1, 46)
	v2, v3 = mix(v2, v3, 36)
	v4, v5 = mix(v4, v5, 19)
	v6, v7 = mix(v6, v7, 37)

	v2, v1 = mix(v2, v1, 33)
	v4, v7 = mix(v4, v7, 27)
	v6, v5 = mix(v6, v5, 14)
	v0, v3 = mix(v0, v3, 42)

	v4, v1 = mix(v4, v1, 17)
	v6, v3 = mix(v6, v3, 49)
	v0, v5 = mix(v0, v5, 36)
	v2, v7 = mix(v2, v7, 39)

	v6, v1 = mix(v6, v1, 44)
	v0, v7 = mix(v0, v7, 9)
	v2, v5 = mix(v2, v5, 54)
	v4, v3 = mix(v4, v3, 56)
	*v = [words]uint64{v0, v1, v2, v3, v4, v5, v6, v7}
}

// fourRoundsOdd are rounds 4 to 7 of eight.
func fourRoundsOdd(v *[words]uint64) {
	v0, v1, v2, v3, v4, v5, v6, v7 := v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]
	v0, v1 = mix(v0, v1, 39)
	v2, v3 = mix(v2, v3, 30)
	v4, v5 = mix(v4, v5, 34)
	v6, v7 = mix(v6, v7, 24)

	v2, v1 = mix(v2, v1, 13)
	v4, v7 = mix(v4, v7, 50)
	v6, v5 = mix(v6, v5, 10)
	v0, v3 = mix(v0, v3, 17)

	v4, v1 = mix(v4, v1, 25)
	v6, v3 = mix(v6, v3, 29)
	v0, v5 = mix(v0, v5, 39)
	v2, v7 = mix(v2, v7, 43)

	v6, v1 = mix(v6, v1, 8)
	v0, v7 = mix(v0, v7, 35)
	v2, v5 = mix(v2, v5, 56)
	v4, v3 = mix(v4, v3, 22)
	*v = [words]uint64{v0, v1, v2, v3, v4, v5, v6, v7}
}

// mix is the MIX function of section 3.3.1.
func mix(a, b uint64, r int) (uint64, uint64) {
	a += b
	return a, bits.RotateLeft64(b, r) ^ a
}
