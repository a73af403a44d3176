// Package eaglesong computes Eaglesong, the proof of work of Nervos CKB
// (RFC 0010): a sponge with a 256-bit rate and a 256-bit output. It is there
// in portable Go, and in assembly for many messages or nonces at once; see
// Kernels.
//
// Three quirks of the standard matter to whoever compares implementations:
// the bit matrix is applied by columns, words are absorbed big-endian but
// squeezed little-endian, and the word that takes the delimiter is not
// justified to the left.
//
// It imports package hash, and what says which features the processor has.
package eaglesong

import (
	"encoding/binary"

	"github.com/aditmine/adit/hash"
)

const (
	rounds     = 43
	stateWords = 16

	// rate is how many bytes one permutation absorbs or squeezes.
	rate      = 32
	delimiter = 0x06
)

// state is the 512-bit sponge; the first eight words are the rate.
type state [stateWords]uint32

// Sum returns the Eaglesong digest of msg, which may have any length. Read as
// a number it is big-endian.
func Sum(msg []byte) hash.Digest {
	var s state
	for len(msg) >= rate {
		s.absorb((*[rate]byte)(msg))
		msg = msg[rate:]
	}
	s.finish(msg)
	return s.digest()
}

// absorb takes one full block.
func (s *state) absorb(block *[rate]byte) {
	for i := range rate / 4 {
		s[i] ^= binary.BigEndian.Uint32(block[4*i:])
	}
	s.permute()
}

// finish takes what is left of the message and the delimiter. The delimiter
// follows the last bytes as if they were a number: "a" gives the word 0x6106.
func (s *state) finish(rest []byte) {
	i := 0
	for ; len(rest) >= 4; i++ {
		s[i] ^= binary.BigEndian.Uint32(rest)
		rest = rest[4:]
	}
	word := uint32(0)
	for _, b := range rest {
		word = word<<8 | uint32(b)
	}
	s[i] ^= word<<8 | delimiter
	s.permute()
}

// digest squeezes the output.
func (s *state) digest() (d hash.Digest) {
	for i := range hash.Size / 4 {
		binary.LittleEndian.PutUint32(d[4*i:], s[i])
	}
	return d
}

// TailSize is the length in bytes of what a Midstate leaves to be hashed: the
// 16-byte nonce of a CKB header.
const TailSize = 16

// Midstate is the sponge after the first 32 bytes of a 48-byte message. In a
// proof of work those are the same for every nonce of a job, so that each
// nonce costs one permutation instead of two.
type Midstate struct {
	state state
}

// NewMidstate absorbs the first 32 bytes of a message.
func NewMidstate(head *[rate]byte) Midstate {
	var m Midstate
	m.state.absorb(head)
	return m
}

// Sum returns the digest of the 48-byte message that ends in tail.
func (m *Midstate) Sum(tail *[TailSize]byte) hash.Digest {
	s := m.before(tail)
	s.permute()
	return s.digest()
}

// before returns the state before the permutation that ends the message.
func (m *Midstate) before(tail *[TailSize]byte) state {
	s := m.state
	for i := range TailSize / 4 {
		s[i] ^= binary.BigEndian.Uint32(tail[4*i:])
	}
	s[TailSize/4] ^= delimiter
	return s
}

// Words returns the 16 words of the sponge before its last permutation, for a
// message that ends in tail. A GPU goes on from there.
func (m *Midstate) Words(tail *[TailSize]byte) [stateWords]uint32 { return m.before(tail) }
