// Package keccak is Keccak as CryptoNote coins use it: the permutation
// Keccak-f[1600], and the sponge of the original submission (rate 136 bytes,
// padding that starts with 0x01, not SHA-3's 0x06) from which CryptoNight takes
// all 200 bytes of state.
//
// It imports nothing of adit and serves the packages below hash only.
package keccak

import (
	"encoding/binary"
	"math/bits"
)

// Rate is how many bytes of message one permutation absorbs.
const Rate = 136

// State is the sponge: 25 lanes of 64 bits, the lane at (x, y) having index
// x+5y. Its bytes are the lanes in order, each little-endian.
type State [25]uint64

// Bytes is the size of a State in bytes.
const Bytes = 200

// Absorb sets s to the state after the padded message: the result CryptoNote
// calls keccak1600. The first 32 bytes of it are Keccak-256 of the message.
func (s *State) Absorb(msg []byte) {
	*s = State{}
	for len(msg) >= Rate {
		s.xorBlock((*[Rate]byte)(msg))
		s.Permute()
		msg = msg[Rate:]
	}
	var last [Rate]byte
	n := copy(last[:], msg)
	last[n] = 0x01
	last[Rate-1] |= 0x80
	s.xorBlock(&last)
	s.Permute()
}

func (s *State) xorBlock(block *[Rate]byte) {
	for i := range Rate / 8 {
		s[i] ^= binary.LittleEndian.Uint64(block[8*i:])
	}
}

// PutBytes writes the state as bytes.
func (s *State) PutBytes(out *[Bytes]byte) {
	for i, lane := range s {
		binary.LittleEndian.PutUint64(out[8*i:], lane)
	}
}

// Permute applies Keccak-f[1600]: 24 rounds of theta, rho, pi, chi and iota.
func (s *State) Permute() {
	var t State
	for i := 0; i < len(roundConstants); i += 2 {
		round(&t, s, roundConstants[i])
		round(s, &t, roundConstants[i+1])
	}
}

// round sets t to s after one round. It is written out: in a loop, the indices
// and the amounts of rotation would cost as much as the work itself.
func round(t, s *State, constant uint64) {
	// Theta adds to every lane the parities of two neighbouring columns.
	c0 := s[0] ^ s[5] ^ s[10] ^ s[15] ^ s[20]
	c1 := s[1] ^ s[6] ^ s[11] ^ s[16] ^ s[21]
	c2 := s[2] ^ s[7] ^ s[12] ^ s[17] ^ s[22]
	c3 := s[3] ^ s[8] ^ s[13] ^ s[18] ^ s[23]
	c4 := s[4] ^ s[9] ^ s[14] ^ s[19] ^ s[24]
	d0 := c4 ^ bits.RotateLeft64(c1, 1)
	d1 := c0 ^ bits.RotateLeft64(c2, 1)
	d2 := c1 ^ bits.RotateLeft64(c3, 1)
	d3 := c2 ^ bits.RotateLeft64(c4, 1)
	d4 := c3 ^ bits.RotateLeft64(c0, 1)

	// Rho turns each lane and pi moves it, so that the five of a row come
	// from all over; chi combines the row with itself, and iota adds the
	// constant to the first lane.
	b0 := s[0] ^ d0
	b1 := bits.RotateLeft64(s[6]^d1, 44)
	b2 := bits.RotateLeft64(s[12]^d2, 43)
	b3 := bits.RotateLeft64(s[18]^d3, 21)
	b4 := bits.RotateLeft64(s[24]^d4, 14)
	t[0] = b0 ^ (b2 &^ b1) ^ constant
	t[1] = b1 ^ (b3 &^ b2)
	t[2] = b2 ^ (b4 &^ b3)
	t[3] = b3 ^ (b0 &^ b4)
	t[4] = b4 ^ (b1 &^ b0)
	b0 = bits.RotateLeft64(s[3]^d3, 28)
	b1 = bits.RotateLeft64(s[9]^d4, 20)
	b2 = bits.RotateLeft64(s[10]^d0, 3)
	b3 = bits.RotateLeft64(s[16]^d1, 45)
	b4 = bits.RotateLeft64(s[22]^d2, 61)
	t[5] = b0 ^ (b2 &^ b1)
	t[6] = b1 ^ (b3 &^ b2)
	t[7] = b2 ^ (b4 &^ b3)
	t[8] = b3 ^ (b0 &^ b4)
	t[9] = b4 ^ (b1 &^ b0)
	b0 = bits.RotateLeft64(s[1]^d1, 1)
	b1 = bits.RotateLeft64(s[7]^d2, 6)
	b2 = bits.RotateLeft64(s[13]^d3, 25)
	b3 = bits.RotateLeft64(s[19]^d4, 8)
	b4 = bits.RotateLeft64(s[20]^d0, 18)
	t[10] = b0 ^ (b2 &^ b1)
	t[11] = b1 ^ (b3 &^ b2)
	t[12] = b2 ^ (b4 &^ b3)
	t[13] = b3 ^ (b0 &^ b4)
	t[14] = b4 ^ (b1 &^ b0)
	b0 = bits.RotateLeft64(s[4]^d4, 27)
	b1 = bits.RotateLeft64(s[5]^d0, 36)
	b2 = bits.RotateLeft64(s[11]^d1, 10)
	b3 = bits.RotateLeft64(s[17]^d2, 15)
	b4 = bits.RotateLeft64(s[23]^d3, 56)
	t[15] = b0 ^ (b2 &^ b1)
	t[16] = b1 ^ (b3 &^ b2)
	t[17] = b2 ^ (b4 &^ b3)
	t[18] = b3 ^ (b0 &^ b4)
	t[19] = b4 ^ (b1 &^ b0)
	b0 = bits.RotateLeft64(s[2]^d2, 62)
	b1 = bits.RotateLeft64(s[8]^d3, 55)
	b2 = bits.RotateLeft64(s[14]^d4, 39)
	b3 = bits.RotateLeft64(s[15]^d0, 41)
	b4 = bits.RotateLeft64(s[21]^d1, 2)
	t[20] = b0 ^ (b2 &^ b1)
	t[21] = b1 ^ (b3 &^ b2)
	t[22] = b2 ^ (b4 &^ b3)
	t[23] = b3 ^ (b0 &^ b4)
	t[24] = b4 ^ (b1 &^ b0)
}

var roundConstants = [24]uint64{
	0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000,
	0x000000000000808B, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
	0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
	0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003,
	0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
	0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
}
