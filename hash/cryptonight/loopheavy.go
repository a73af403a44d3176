package cryptonight

import (
	"math"

	"github.com/aditmine/adit/hash/internal/aes"
)

// loopHeavy is the loop of the heavy variants: the original, with a third
// access at the end of each turn whose signed division gives the next address.
// BitTube's variant has the stores of base 1, and an AES round of its own.
func (h *Hasher) loopHeavy() {
	pad, tube, invert, tweak := h.mainPad(), h.variant.tube, h.variant.invert, h.tweak
	a, b := h.start()
	address := a.Lo
	for range h.algorithm.Iterations {
		l, i := pad.at(address)
		var c block
		if tube {
			c = tubeRound(l[i], a)
			l[i] = tweakStore(b.Xor(c))
		} else {
			c = aes.Round(l[i], a)
			l[i] = b.Xor(c)
		}
		b = c

		l, i = pad.at(c.Lo)
		d := l[i]
		a = addProduct(a, c.Lo, d.Lo)
		stored := a
		if tube {
			stored.Hi ^= tweak ^ a.Lo
		}
		l[i] = stored
		a = a.Xor(d)

		l, i = pad.at(a.Lo)
		address = divideStep(&l[i], invert)
	}
}

// divideStep divides a block's first 64 bits by its next 32, both signed, adds
// the quotient to the block and returns the address that the two make.
func divideStep(x *block, invert bool) uint64 {
	n, d := int64(x.Lo), int64(int32(x.Hi))
	q := n / (d | 5) // d|5 is never 0; Go defines MinInt64 / -1
	x.Lo = uint64(n ^ q)
	if invert {
		d = ^d
	}
	return uint64(d ^ q)
}

// tubeRound is an AES round of the complement of x, in which each column, once
// computed, is added to the one it took the place of. The columns after it
// read the sum.
func tubeRound(x, key block) block {
	x = x.Xor(block{Lo: math.MaxUint64, Hi: math.MaxUint64})
	x0, x1 := halves(x.Lo)
	x2, x3 := halves(x.Hi)
	k0, k1 := halves(key.Lo)
	k2, k3 := halves(key.Hi)
	k0 ^= aes.Column(x0, x1>>8, x2>>16, x3>>24)
	x0 ^= k0
	k1 ^= aes.Column(x1, x2>>8, x3>>16, x0>>24)
	x1 ^= k1
	k2 ^= aes.Column(x2, x3>>8, x0>>16, x1>>24)
	x2 ^= k2
	k3 ^= aes.Column(x3, x0>>8, x1>>16, x2>>24)
	return block{Lo: join(k0, k1), Hi: join(k2, k3)}
}
