package eaglesong

import "math/bits"

// permute is the Eaglesong permutation: 43 rounds of bit matrix, circulant
// multiplication, constants, and add-rotate-add.
//
// The bit matrix takes 48 sums of two words instead of the 120 that its
// columns have; kernels/amd64/eaglesong_ladder.go says how they were found.
func (s *state) permute() {
	x0, x1, x2, x3 := s[0], s[1], s[2], s[3]
	x4, x5, x6, x7 := s[4], s[5], s[6], s[7]
	x8, x9, x10, x11 := s[8], s[9], s[10], s[11]
	x12, x13, x14, x15 := s[12], s[13], s[14], s[15]
	for r := range constants {
		k := &constants[r]
		t0 := x0 ^ x2
		t1 := x6 ^ x15
		t2 := x1 ^ x12
		t3 := x7 ^ t0
		t4 := x2 ^ x3
		t5 := x10 ^ t3
		t6 := x10 ^ x14
		t7 := x3 ^ x14
		t8 := x3 ^ x8
		t9 := x1 ^ t5
		t10 := t0 ^ t8
		t11 := x15 ^ t10
		t12 := t6 ^ t4
		t13 := x13 ^ t2
		t14 := x4 ^ t13
		t15 := t4 ^ t14
		y1 := t11 ^ t15
		y12 := x9 ^ t15
		t16 := x9 ^ t5
		t17 := t11 ^ t16
		y7 := t1 ^ t16
		t18 := t7 ^ t1
		t19 := y7 ^ t14
		y2 := t6 ^ t19
		t20 := t5 ^ t7
		y5 := x8 ^ t20
		t21 := x11 ^ t10
		y11 := t21 ^ t2
		t22 := t9 ^ t21
		t23 := t8 ^ t22
		t24 := t23 ^ t17
		t25 := t5 ^ t24
		y3 := t17 ^ y2
		y15 := x5 ^ t25
		t26 := x4 ^ x5
		t27 := t12 ^ t26
		y13 := x13 ^ t27
		t28 := t26 ^ t18
		t29 := y11 ^ t18
		t30 := t10 ^ y13
		y6 := x4 ^ t24
		y10 := t9 ^ t28
		y14 := x11 ^ t28
		y4 := t25 ^ t30
		t31 := t27 ^ t24
		y9 := t30 ^ t31
		y8 := t27 ^ t29
		y0 := t22 ^ y8

		z0 := y0 ^ bits.RotateLeft32(y0, 2) ^ bits.RotateLeft32(y0, 4) ^ k[0]
		z1 := y1 ^ bits.RotateLeft32(y1, 13) ^ bits.RotateLeft32(y1, 22) ^ k[1]
		x0 = bits.RotateLeft32(z0+z1, 8)
		x1 = bits.RotateLeft32(z1, 24) + x0
		z2 := y2 ^ bits.RotateLeft32(y2, 4) ^ bits.RotateLeft32(y2, 19) ^ k[2]
		z3 := y3 ^ bits.RotateLeft32(y3, 3) ^ bits.RotateLeft32(y3, 14) ^ k[3]
		x2 = bits.RotateLeft32(z2+z3, 8)
		x3 = bits.RotateLeft32(z3, 24) + x2
		z4 := y4 ^ bits.RotateLeft32(y4, 27) ^ bits.RotateLeft32(y4, 31) ^ k[4]
		z5 := y5 ^ bits.RotateLeft32(y5, 3) ^ bits.RotateLeft32(y5, 8) ^ k[5]
		x4 = bits.RotateLeft32(z4+z5, 8)
		x5 = bits.RotateLeft32(z5, 24) + x4
		z6 := y6 ^ bits.RotateLeft32(y6, 17) ^ bits.RotateLeft32(y6, 26) ^ k[6]
		z7 := y7 ^ bits.RotateLeft32(y7, 3) ^ bits.RotateLeft32(y7, 12) ^ k[7]
		x6 = bits.RotateLeft32(z6+z7, 8)
		x7 = bits.RotateLeft32(z7, 24) + x6
		z8 := y8 ^ bits.RotateLeft32(y8, 18) ^ bits.RotateLeft32(y8, 22) ^ k[8]
		z9 := y9 ^ bits.RotateLeft32(y9, 12) ^ bits.RotateLeft32(y9, 18) ^ k[9]
		x8 = bits.RotateLeft32(z8+z9, 8)
		x9 = bits.RotateLeft32(z9, 24) + x8
		z10 := y10 ^ bits.RotateLeft32(y10, 4) ^ bits.RotateLeft32(y10, 7) ^ k[10]
		z11 := y11 ^ bits.RotateLeft32(y11, 4) ^ bits.RotateLeft32(y11, 31) ^ k[11]
		x10 = bits.RotateLeft32(z10+z11, 8)
		x11 = bits.RotateLeft32(z11, 24) + x10
		z12 := y12 ^ bits.RotateLeft32(y12, 12) ^ bits.RotateLeft32(y12, 27) ^ k[12]
		z13 := y13 ^ bits.RotateLeft32(y13, 7) ^ bits.RotateLeft32(y13, 17) ^ k[13]
		x12 = bits.RotateLeft32(z12+z13, 8)
		x13 = bits.RotateLeft32(z13, 24) + x12
		z14 := y14 ^ bits.RotateLeft32(y14, 7) ^ bits.RotateLeft32(y14, 8) ^ k[14]
		z15 := y15 ^ bits.RotateLeft32(y15, 1) ^ bits.RotateLeft32(y15, 13) ^ k[15]
		x14 = bits.RotateLeft32(z14+z15, 8)
		x15 = bits.RotateLeft32(z15, 24) + x14
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
