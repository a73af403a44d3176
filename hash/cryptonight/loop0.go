package cryptonight

import (
	"math/bits"

	"github.com/aditmine/adit/hash/internal/aes"
)

// loop0 is the original main loop. Each turn makes two dependent accesses: a
// block is encrypted and stored back, then the result is the address of a
// second block, which it is multiplied with.
func (h *Hasher) loop0() {
	pad := h.mainPad()
	a, b := h.start()
	for range h.algorithm.Iterations {
		l, i := pad.at(a.Lo)
		c := aes.Round(l[i], a)
		l[i] = b.Xor(c)
		b = c

		l, i = pad.at(c.Lo)
		d := l[i]
		a = addProduct(a, c.Lo, d.Lo)
		l[i] = a
		a = a.Xor(d)
	}
}

// addProduct adds the 128-bit product of x and y to a, the high word of the
// product to the low word of a and the other way round, without carry.
func addProduct(a block, x, y uint64) block {
	hi, lo := bits.Mul64(x, y)
	return block{Lo: a.Lo + hi, Hi: a.Hi + lo}
}
