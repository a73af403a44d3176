// Package jh computes JH-256 as specified in "The Hash Function JH", final
// round version (JH42), 2011, in the bit-sliced form that the specification
// describes in its section on software.
//
// CryptoNight uses it as one of its four final hashes. It imports nothing of
// adit; only packages below hash may import it.
package jh

import (
	"encoding/binary"

	"github.com/aditmine/adit/hash/internal/cpufeature"
)

const (
	// Size is the length of a digest in bytes.
	Size = 32

	blockSize = 64
	rounds    = 42
	stateSize = 128
	// lengthAt is where the message length lies in the last block. The field
	// is 128 bits wide; its upper half stays zero.
	lengthAt = blockSize - 8
)

// pair is 128 bits, most significant word first.
type pair [2]uint64

// state is the 1024-bit state, cut into eight pairs: those with an even index
// hold the four bits of the even elements, the others of the odd elements.
type state [8]pair

// iv is the state after the initial step, which hashes a zero block into the
// output length.
var iv = initial()

// Sum256 returns the JH-256 digest of msg.
func Sum256(msg []byte) [Size]byte { return sum(msg, false) }

// For returns the fastest function that does what Sum256 does on a processor
// with the given features.
func For(features cpufeature.Features) func([]byte) [Size]byte {
	if features.Has(cpufeature.AVX2) {
		return sumFast
	}
	return Sum256
}

func sumFast(msg []byte) [Size]byte { return sum(msg, true) }

// sum hashes with permuteFast or with permute.
func sum(msg []byte, fast bool) [Size]byte {
	s := iv
	rest := msg
	for len(rest) >= blockSize {
		s.compress((*[blockSize]byte)(rest), fast)
		rest = rest[blockSize:]
	}
	last, n := padding(rest, uint64(len(msg))*8)
	for i := range n {
		s.compress(&last[i], fast)
	}

	var out [Size]byte
	for i := range Size / 8 {
		p := stateSize/8 - Size/8 + i // the digest is the end of the state
		binary.BigEndian.PutUint64(out[8*i:], s[p/2][p%2])
	}
	return out
}

// padding returns the last one or two blocks: the rest of the message, a one
// bit, zeros and the length in bits, which has a block of its own whenever the
// message leaves an incomplete one.
func padding(rest []byte, length uint64) (last [2][blockSize]byte, n int) {
	n = 1
	end := copy(last[0][:], rest)
	last[0][end] = 0x80
	if end > 0 {
		n = 2
	}
	binary.BigEndian.PutUint64(last[n-1][lengthAt:], length)
	return last, n
}

// initial computes the initial value from the output length in bits.
func initial() state {
	s := state{0: pair{8 * Size << 48}}
	s.compress(new([blockSize]byte), false)
	return s
}

// compress is F8: the block enters the first half of the state before the
// permutation E8 and the second half after it.
func (s *state) compress(block *[blockSize]byte, fast bool) {
	var m [4]pair
	for i := range m {
		m[i][0] = binary.BigEndian.Uint64(block[16*i:])
		m[i][1] = binary.BigEndian.Uint64(block[16*i+8:])
		s[i][0] ^= m[i][0]
		s[i][1] ^= m[i][1]
	}
	if fast {
		permuteFast(s)
	} else {
		permute(s)
	}
	for i := range m {
		s[i+4][0] ^= m[i][0]
		s[i+4][1] ^= m[i][1]
	}
}

// permute is E8. In bit-sliced form the permutation of a round moves only the
// odd elements: it swaps neighbouring groups of 1, 2, 4 ... 64 bits, in turn.
func permute(s *state) {
	for r := range rounds {
		for half := range 2 {
			substitute(s, half, roundConstants[r][half], roundConstants[r][2+half])
		}
		for i := 1; i < len(s); i += 2 {
			swap(&s[i], r%7)
		}
	}
}

// substitute applies the S-boxes, selected by the round constants, and the
// linear map L to one half (64 elements of each kind) of the state.
func substitute(s *state, half int, even, odd uint64) {
	half &= 1
	a0, a1, a2, a3 := sbox(s[0][half], s[2][half], s[4][half], s[6][half], even)
	b0, b1, b2, b3 := sbox(s[1][half], s[3][half], s[5][half], s[7][half], odd)
	b0 ^= a1
	b1 ^= a2
	b2 ^= a0 ^ a3
	b3 ^= a0
	a0 ^= b1
	a1 ^= b2
	a2 ^= b0 ^ b3
	a3 ^= b0
	s[0][half], s[2][half], s[4][half], s[6][half] = a0, a1, a2, a3
	s[1][half], s[3][half], s[5][half], s[7][half] = b0, b1, b2, b3
}

// sbox computes both S-boxes on 64 elements at once; a set bit of c selects
// S1. x0 is the most significant bit of each element.
func sbox(x0, x1, x2, x3, c uint64) (uint64, uint64, uint64, uint64) {
	x3 = ^x3
	x0 ^= c &^ x2
	t := c ^ (x0 & x1)
	x0 ^= x2 & x3
	x3 ^= x2 &^ x1
	x1 ^= x0 & x2
	x2 ^= x0 &^ x3
	x0 ^= x1 | x3
	x3 ^= x1 & x2
	x1 ^= t & x0
	x2 ^= t
	return x0, x1, x2, x3
}

// swapMasks select the lower of two neighbouring groups of 1, 2, 4 ... bits.
var swapMasks = [6]uint64{
	0x5555555555555555, 0x3333333333333333, 0x0f0f0f0f0f0f0f0f,
	0x00ff00ff00ff00ff, 0x0000ffff0000ffff, 0x00000000ffffffff,
}

// swap exchanges neighbouring groups of 1<<log bits.
func swap(p *pair, log int) {
	if log >= len(swapMasks) {
		p[0], p[1] = p[1], p[0]
		return
	}
	mask, width := swapMasks[log], uint(1)<<log&63
	p[0] = p[0]&mask<<width | p[0]>>width&mask
	p[1] = p[1]&mask<<width | p[1]>>width&mask
}
