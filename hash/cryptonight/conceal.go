package cryptonight

import (
	"math"

	"github.com/aditmine/adit/hash/internal/aes"
)

// loopConceal is Conceal's cn/ccx: the original loop, with each block changed
// by a running floating-point sum before it is encrypted.
func (h *Hasher) loopConceal() {
	pad := h.mainPad()
	a, b := h.start()
	var sum floats
	for range h.algorithm.Iterations {
		l, i := pad.at(a.Lo)
		c := aes.Round(sum.mix(l[i]), a)
		l[i] = b.Xor(c)
		b = c

		l, i = pad.at(c.Lo)
		d := l[i]
		a = addProduct(a, c.Lo, d.Lo)
		l[i] = a
		a = a.Xor(d)
	}
}

// floats is one sum for each of the four 32-bit numbers in a block.
type floats [4]float32

// mix returns x changed by the sums, and adds x to them.
func (f *floats) mix(x block) block {
	x0, x1 := halves(x.Lo)
	x2, x3 := halves(x.Hi)
	return block{
		Lo: join(mixFloat(&f[0], x0), mixFloat(&f[1], x1)),
		Hi: join(mixFloat(&f[2], x2), mixFloat(&f[3], x3)),
	}
}

// mixFloat works in single precision, rounding to nearest after every single
// operation. The conversions force that: without them Go may fuse a product
// and a sum into one operation with one rounding.
func mixFloat(sum *float32, x uint32) uint32 {
	old := *sum
	r := float32(float32(int32(x)) + old)
	r = float32(r * float32(r*r))
	*sum = float32(old + clamp(r))
	// The product is less than 2^31 in size, so that it can be truncated.
	const scale = 536870880
	return x ^ uint32(int32(float32(clamp(old)*scale)))
}

// clamp gives f the exponent of 2, which brings its size to between 2 and 4,
// and keeps its sign and fraction.
func clamp(f float32) float32 {
	const (
		signAndFraction = 0x807FFFFF
		two             = 0x40000000
	)
	return math.Float32frombits(math.Float32bits(f)&signAndFraction | two)
}
