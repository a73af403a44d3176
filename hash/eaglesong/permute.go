package eaglesong

import "math/bits"

// permute is the Eaglesong permutation: 43 rounds of bit matrix, circulant
// multiplication, constants, and add-rotate-add.
//
// The bit matrix is a linear feedback shift register run in place for fifteen
// steps: word n becomes the sum of words n, n+4, n+5, n+6, n+7, n+12 and n+15
// modulo 16. Two steps share the partial sum t, because the second one feeds
// on the first and three terms cancel. Word 15 stands apart; halfway through,
// it is the sum of eleven words, of which u and v are needed anyway. That is
// 75 exclusive ors instead of 120.
func (s *state) permute() {
	x0, x1, x2, x3 := s[0], s[1], s[2], s[3]
	x4, x5, x6, x7 := s[4], s[5], s[6], s[7]
	x8, x9, x10, x11 := s[8], s[9], s[10], s[11]
	x12, x13, x14, x15 := s[12], s[13], s[14], s[15]
	for r := range constants {
		k := &constants[r]
		var t, u, v, last uint32
		t = x0 ^ x4 ^ x12 ^ x15
		x0 = t ^ x5 ^ x6 ^ x7
		x1 ^= t ^ x8 ^ x13
		t = x2 ^ x6 ^ x14 ^ x1
		x2 = t ^ x7 ^ x8 ^ x9
		x3 ^= t ^ x10 ^ x15
		t = x4 ^ x8 ^ x0 ^ x3
		u = x9 ^ x10 ^ x11
		x4 = t ^ u
		x5 ^= t ^ x12 ^ x1
		t = x6 ^ x10 ^ x2 ^ x5
		x6 = t ^ x11 ^ x12 ^ x13
		x7 ^= t ^ x14 ^ x3
		v = x1 ^ x2 ^ x3
		last = x0 ^ v ^ x7 ^ x8 ^ u ^ x13 ^ x15
		t = x8 ^ x12 ^ x4 ^ x7
		x8 = t ^ x13 ^ x14 ^ x15
		x9 ^= t ^ x0 ^ x5
		t = x10 ^ x14 ^ x6 ^ x9
		x10 = t ^ x15 ^ x0 ^ x1
		x11 ^= t ^ x2 ^ x7
		t = x12 ^ x0 ^ x8 ^ x11
		x12 = t ^ v
		x13 ^= t ^ x4 ^ x9
		x14 ^= x2 ^ x3 ^ x4 ^ x5 ^ x10 ^ x13
		x15 = last

		x0 ^= bits.RotateLeft32(x0, 2) ^ bits.RotateLeft32(x0, 4) ^ k[0]
		x1 ^= bits.RotateLeft32(x1, 13) ^ bits.RotateLeft32(x1, 22) ^ k[1]
		x0 = bits.RotateLeft32(x0+x1, 8)
		x1 = bits.RotateLeft32(x1, 24) + x0
		x2 ^= bits.RotateLeft32(x2, 4) ^ bits.RotateLeft32(x2, 19) ^ k[2]
		x3 ^= bits.RotateLeft32(x3, 3) ^ bits.RotateLeft32(x3, 14) ^ k[3]
		x2 = bits.RotateLeft32(x2+x3, 8)
		x3 = bits.RotateLeft32(x3, 24) + x2
		x4 ^= bits.RotateLeft32(x4, 27) ^ bits.RotateLeft32(x4, 31) ^ k[4]
		x5 ^= bits.RotateLeft32(x5, 3) ^ bits.RotateLeft32(x5, 8) ^ k[5]
		x4 = bits.RotateLeft32(x4+x5, 8)
		x5 = bits.RotateLeft32(x5, 24) + x4
		x6 ^= bits.RotateLeft32(x6, 17) ^ bits.RotateLeft32(x6, 26) ^ k[6]
		x7 ^= bits.RotateLeft32(x7, 3) ^ bits.RotateLeft32(x7, 12) ^ k[7]
		x6 = bits.RotateLeft32(x6+x7, 8)
		x7 = bits.RotateLeft32(x7, 24) + x6
		x8 ^= bits.RotateLeft32(x8, 18) ^ bits.RotateLeft32(x8, 22) ^ k[8]
		x9 ^= bits.RotateLeft32(x9, 12) ^ bits.RotateLeft32(x9, 18) ^ k[9]
		x8 = bits.RotateLeft32(x8+x9, 8)
		x9 = bits.RotateLeft32(x9, 24) + x8
		x10 ^= bits.RotateLeft32(x10, 4) ^ bits.RotateLeft32(x10, 7) ^ k[10]
		x11 ^= bits.RotateLeft32(x11, 4) ^ bits.RotateLeft32(x11, 31) ^ k[11]
		x10 = bits.RotateLeft32(x10+x11, 8)
		x11 = bits.RotateLeft32(x11, 24) + x10
		x12 ^= bits.RotateLeft32(x12, 12) ^ bits.RotateLeft32(x12, 27) ^ k[12]
		x13 ^= bits.RotateLeft32(x13, 7) ^ bits.RotateLeft32(x13, 17) ^ k[13]
		x12 = bits.RotateLeft32(x12+x13, 8)
		x13 = bits.RotateLeft32(x13, 24) + x12
		x14 ^= bits.RotateLeft32(x14, 7) ^ bits.RotateLeft32(x14, 8) ^ k[14]
		x15 ^= bits.RotateLeft32(x15, 1) ^ bits.RotateLeft32(x15, 13) ^ k[15]
		x14 = bits.RotateLeft32(x14+x15, 8)
		x15 = bits.RotateLeft32(x15, 24) + x14
	}
	s[0], s[1], s[2], s[3] = x0, x1, x2, x3
	s[4], s[5], s[6], s[7] = x4, x5, x6, x7
	s[8], s[9], s[10], s[11] = x8, x9, x10, x11
	s[12], s[13], s[14], s[15] = x12, x13, x14, x15
}

// rotations are those of the circulant multiplication: word j becomes
// x ^ rotl(x, a) ^ rotl(x, b).
var rotations = [stateWords][2]int{
	{2, 4}, {13, 22}, {4, 19}, {3, 14}, {27, 31}, {3, 8}, {17, 26}, {3, 12},
	{18, 22}, {12, 18}, {4, 7}, {4, 31}, {12, 27}, {7, 17}, {7, 8}, {1, 13},
}

// linear is what a round does before it adds words: the bit matrix, the
// circulant multiplication and the constants of the given round. It is not
// made for speed.
func (s *state) linear(round int) {
	last := s[0] ^ s[1] ^ s[2] ^ s[3] ^ s[5] ^ s[7] ^ s[8] ^ s[9] ^ s[10] ^ s[11] ^ s[15]
	for n := range stateWords - 1 {
		for _, k := range [...]int{4, 5, 6, 7, 12, 15} {
			s[n] ^= s[(n+k)%stateWords]
		}
	}
	s[stateWords-1] = last
	for j, x := range s {
		s[j] ^= bits.RotateLeft32(x, rotations[j][0]) ^ bits.RotateLeft32(x, rotations[j][1])
		s[j] ^= constants[round][j]
	}
}
