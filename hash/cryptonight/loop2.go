package cryptonight

import (
	"math"
	"math/bits"

	"github.com/aditmine/adit/hash/internal/aes"
)

// loop2 is base 2. Next to what the original does, both accesses shuffle the
// rest of the 64-byte line, which costs memory bandwidth, and each turn makes
// a division and a square root whose results the next turn needs, which costs
// latency.
func (h *Hasher) loop2() {
	pad, reverse := h.mainPad(), h.variant.reverse
	a, b0 := h.start()
	b1 := h.stateBlock(4).Xor(h.stateBlock(5))
	quotient, root := h.state[12], h.state[13]
	for range h.algorithm.Iterations {
		l, i := pad.at(a.Lo)
		c := aes.Round(l[i], a)
		shuffle(l, i, a, b0, b1, reverse)
		l[i] = b0.Xor(c)

		l, i = pad.at(c.Lo)
		d := l[i]
		d.Lo ^= quotient ^ root<<32
		quotient = divide(c, root)
		root = squareRoot(c.Lo + quotient)

		hi, lo := bits.Mul64(c.Lo, d.Lo)
		first, second := &l[i^1], l[i^2]
		*first = first.Xor(block{Lo: hi, Hi: lo})
		hi ^= second.Lo
		lo ^= second.Hi
		shuffle(l, i, a, b0, b1, reverse)
		a = add(a, block{Lo: hi, Hi: lo})
		l[i] = a
		a = a.Xor(d)
		b0, b1 = c, b0
	}
}

// shuffle rotates the three blocks of l other than i, and adds one of the
// loop's registers to each. Reversed, only the way of rotation differs.
func shuffle(l *line, i uint64, a, b0, b1 block, reverse bool) {
	i &= 3 // as it is; lets the compiler leave out the bounds checks
	first, second, third := l[i^1], l[i^2], l[i^3]
	if reverse {
		first, third = third, first
	}
	l[i^1] = add(third, b1)
	l[i^2] = add(first, b0)
	l[i^3] = add(second, a)
}

// divide returns the low 32 bits of the quotient, and above them the
// remainder, of c's high word and a 32-bit divisor. The divisor comes from c's
// low word and the last square root; it is odd and at least 2^31.
func divide(c block, root uint64) uint64 {
	divisor := uint64(uint32(c.Lo+root<<1) | 0x80000001)
	return uint64(uint32(c.Hi/divisor)) | c.Hi%divisor<<32
}

// squareRoot returns floor(2*sqrt(2^64+n)) - 2^33, a 32-bit number, exactly.
func squareRoot(n uint64) uint64 {
	// The float that is 2^64 plus n without its low 12 bits. That estimate of
	// the root is off by far less than one, so that the result is off by one
	// at most.
	const exponent = (1023 + 64) << 52
	estimate := math.Sqrt(math.Float64frombits(exponent | n>>12))
	r := uint64(int64(estimate*2 - 1<<33))
	if rootTooBig(r, n) {
		return r - 1
	}
	if !rootTooBig(r+1, n) {
		return r + 1
	}
	return r
}

// rootTooBig reports whether (r + 2^33)^2 > 4*(2^64 + n). With r = 2s+b, and b
// its lowest bit, that is s*(s+b) + r*2^32 + b/4 > n; as all else is whole, b
// may stand for b/4. The sum does not always fit in 64 bits.
func rootTooBig(r, n uint64) bool {
	s, b := r>>1, r&1
	sum, carry := bits.Add64(s*(s+b)+b, r<<32, 0)
	return carry != 0 || sum > n
}
