package cryptonight

import (
	"math/bits"

	"github.com/aditmine/adit/hash/internal/aes"
)

// loopRandom is cn/r: base 2 with a program of some 65 random integer
// instructions, different for every block height, in place of the division and
// the square root. The shuffle also adds to c the three blocks it moves.
func (h *Hasher) loopRandom() {
	pad, program := h.mainPad(), &h.program
	a, b0 := h.start()
	b1 := h.stateBlock(4).Xor(h.stateBlock(5))
	var r Registers
	r[0], r[1] = halves(h.state[12])
	r[2], r[3] = halves(h.state[13])
	for range h.algorithm.Iterations {
		l, i := pad.at(a.Lo)
		c := aes.Round(l[i], a)
		c = shuffleInto(c, l, i, a, b0, b1)
		l[i] = b0.Xor(c)

		l, i = pad.at(c.Lo)
		d := l[i]
		d.Lo ^= join(r[0]+r[1], r[2]+r[3])
		r[4], r[5] = uint32(a.Lo), uint32(a.Hi)
		r[6], r[7], r[8] = uint32(b0.Lo), uint32(b1.Lo), uint32(b1.Hi)
		program.Run(&r)

		mixed := a.Xor(block{Lo: join(r[2], r[3]), Hi: join(r[0], r[1])})
		hi, lo := bits.Mul64(c.Lo, d.Lo)
		c = shuffleInto(c, l, i, a, b0, b1)
		a = add(mixed, block{Lo: hi, Hi: lo})
		l[i] = a
		a = a.Xor(d)
		b0, b1 = c, b0
	}
}

// shuffleInto is shuffle, and returns c with the three blocks added.
func shuffleInto(c block, l *line, i uint64, a, b0, b1 block) block {
	c = c.Xor(l[i^1]).Xor(l[i^2]).Xor(l[i^3])
	shuffle(l, i, a, b0, b1, false)
	return c
}

func halves(x uint64) (lo, hi uint32) { return uint32(x), uint32(x >> 32) }

func join(lo, hi uint32) uint64 { return uint64(lo) | uint64(hi)<<32 }
