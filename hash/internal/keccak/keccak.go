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
	for _, constant := range roundConstants {
		s.theta()
		s.rhoPi()
		s.chi()
		s[0] ^= constant
	}
}

// theta adds to every lane the parities of two neighbouring columns.
func (s *State) theta() {
	var parity [5]uint64
	for x := range 5 {
		parity[x] = s[x] ^ s[x+5] ^ s[x+10] ^ s[x+15] ^ s[x+20]
	}
	for x := range 5 {
		d := parity[(x+4)%5] ^ bits.RotateLeft64(parity[(x+1)%5], 1)
		for y := 0; y < 25; y += 5 {
			s[x+y] ^= d
		}
	}
}

// rhoPi rotates every lane and moves it. Lane 0 stays; the other 24 form one
// cycle, which is walked from lane 1.
func (s *State) rhoPi() {
	moving := s[1]
	for i, to := range piOrder {
		s[to], moving = bits.RotateLeft64(moving, rotations[i]), s[to]
	}
}

// chi is the only step that is not linear: each row is combined with itself.
func (s *State) chi() {
	for y := 0; y < 25; y += 5 {
		r := [5]uint64(s[y : y+5])
		for x := range 5 {
			s[y+x] = r[x] ^ (^r[(x+1)%5] & r[(x+2)%5])
		}
	}
}

// piOrder is where each lane of the cycle goes to, rotations by how much it
// turns on the way: the triangular numbers modulo 64.
var (
	piOrder = [24]uint8{
		10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4,
		15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1,
	}
	rotations = [24]int{
		1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14,
		27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44,
	}
)

var roundConstants = [24]uint64{
	0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000,
	0x000000000000808B, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
	0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
	0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003,
	0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
	0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
}
