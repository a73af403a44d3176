package cryptonight

import "github.com/aditmine/adit/hash/internal/aes"

// loop1 is base 1: the original with two small changes to what is stored, so
// that hardware built for the original computes something else. Neither
// changes what the loop carries on.
func (h *Hasher) loop1() {
	pad, tweak, foldLow := h.mainPad(), h.tweak, h.variant.foldLow
	a, b := h.start()
	for range h.algorithm.Iterations {
		l, i := pad.at(a.Lo)
		c := aes.Round(l[i], a)
		l[i] = tweakStore(b.Xor(c))
		b = c

		l, i = pad.at(c.Lo)
		d := l[i]
		a = addProduct(a, c.Lo, d.Lo)
		stored := block{Lo: a.Lo, Hi: a.Hi ^ tweak}
		if foldLow {
			stored.Hi ^= a.Lo
		}
		l[i] = stored
		a = a.Xor(d)
	}
}

// tweakStore changes bits 4 and 5 of byte 11 of a block, depending on bits 0,
// 4 and 5 of that byte, by a table of eight 2-bit entries.
func tweakStore(x block) block {
	const (
		table = 0x7531
		at    = 24 // byte 11 is bits 24 to 31 of the high word
	)
	v := x.Hi >> at
	entry := v>>3&6 | v&1
	x.Hi ^= (table >> (2 * entry) & 3) << (at + 4)
	return x
}
