package cryptonight

import "math"

// loopFloat is the main loop of cn/gpu. A turn takes one line of the pad, makes
// sixteen vectors of four floats from its four blocks, adds them to the line as
// integers, and gets the next line's address and the next turn's constant from
// their sums.
//
// All arithmetic is IEEE 754 single precision, rounded to nearest after every
// operation: each float32 conversion here forces that, without which Go may
// fuse a product and a sum. Nothing overflows, and with numbers as they come
// out of a pad nothing gets so small that it matters how a processor treats
// denormal numbers.
//
// Source: the specification in prose and the reference implementation that
// Ryo Currency, whose authors devised it, published in 2019.
func (h *Hasher) loopFloat() {
	address := uint64(uint32(h.state[0]) >> 8)
	var feedback floats
	for range h.algorithm.Iterations {
		l := &h.pad[address/lineSize&uint64(len(h.pad)-1)]
		address = uint64(floatTurn(l, &feedback))
	}
}

// floatOrders say which block of the line each of a vector's four inputs is,
// and what its constant begins with: first the four vectors that belong to
// block 0, then those of block 1, and so on.
var floatOrders = [16]struct {
	inputs [4]uint8
	start  float32
}{
	{[4]uint8{0, 1, 2, 3}, 1.34375},
	{[4]uint8{0, 2, 3, 1}, 1.28125},
	{[4]uint8{0, 3, 1, 2}, 1.359375},
	{[4]uint8{0, 3, 2, 1}, 1.3671875},
	{[4]uint8{1, 0, 2, 3}, 1.4296875},
	{[4]uint8{1, 2, 3, 0}, 1.3984375},
	{[4]uint8{1, 3, 0, 2}, 1.3828125},
	{[4]uint8{1, 3, 2, 0}, 1.3046875},
	{[4]uint8{2, 1, 0, 3}, 1.4140625},
	{[4]uint8{2, 0, 3, 1}, 1.2734375},
	{[4]uint8{2, 3, 1, 0}, 1.2578125},
	{[4]uint8{2, 3, 0, 1}, 1.2890625},
	{[4]uint8{3, 1, 2, 0}, 1.3203125},
	{[4]uint8{3, 2, 0, 1}, 1.3515625},
	{[4]uint8{3, 0, 1, 2}, 1.3359375},
	{[4]uint8{3, 0, 2, 1}, 1.4609375},
}

// floatTurn changes a line, and feedback, and returns the next address.
func floatTurn(l *line, feedback *floats) uint32 {
	var in [4]floats
	for i := range l {
		in[i] = toFloats(l[i])
	}
	var all block      // what is added to the four blocks, together
	var sums [4]floats // of the vectors that belong to each block
	for b := range l {
		var change block
		var v [4]floats
		for k := range v {
			order := &floatOrders[4*b+k]
			i := &order.inputs
			v[k] = floatVector(&in[i[0]], &in[i[1]], &in[i[2]], &in[i[3]], order.start, feedback)
			change = change.Xor(turnBytes(v[k].scaled(536870880), k))
		}
		l[b] = l[b].Xor(change)
		all = all.Xor(change)
		sums[b] = fourSum(&v)
	}
	total := fourSum(&sums)
	for i := range total {
		total[i] = float32(math.Abs(float64(total[i])))
	}
	all = all.Xor(total.scaled(1 << 24))
	for i := range total {
		feedback[i] = total[i] / 64
	}
	x := all.Lo ^ all.Hi
	return uint32(x) ^ uint32(x>>32)
}

// toFloats converts the four signed integers of a block.
func toFloats(x block) floats {
	x0, x1 := halves(x.Lo)
	x2, x3 := halves(x.Hi)
	return floats{float32(int32(x0)), float32(int32(x1)), float32(int32(x2)), float32(int32(x3))}
}

// scaled multiplies and truncates: the products are whole numbers of 31 bits.
func (f *floats) scaled(by float32) block {
	var x [4]uint32
	for i, value := range f {
		x[i] = uint32(int32(float32(value * by)))
	}
	return block{Lo: join(x[0], x[1]), Hi: join(x[2], x[3])}
}

// fourSum adds in the order that the rounding depends on.
func fourSum(v *[4]floats) (sum floats) {
	for i := range sum {
		sum[i] = float32(float32(v[0][i]+v[1][i]) + float32(v[2][i]+v[3][i]))
	}
	return sum
}

// turnBytes rotates the 128 bits of x right by n bytes.
func turnBytes(x block, n int) block {
	low, high := uint(8*n), uint(64-8*n) // a shift by 64 gives 0
	return block{Lo: x.Lo>>low | x.Hi<<high, Hi: x.Hi>>low | x.Lo<<high}
}

// floatVector makes one of a turn's vectors from four blocks.
func floatVector(n0, n1, n2, n3 *floats, start float32, feedback *floats) (sum floats) {
	s := floatState{c: floats{start, start, start, start}}
	for range 4 {
		s.n, s.d = floats{}, floats{}
		s.step(n0, n1, n2, n3, feedback)
		s.step(n1, n2, n3, n0, feedback)
		s.step(n2, n3, n0, n1, feedback)
		s.step(n3, n0, n1, n2, feedback)
		s.step(n3, n2, n1, n0, feedback)
		s.step(n2, n1, n0, n3, feedback)
		s.step(n1, n0, n3, n2, feedback)
		s.step(n0, n3, n2, n1, feedback)
		for i := range sum {
			sum[i] = float32(sum[i] + float32(s.n[i]/divisor(s.d[i])))
		}
	}
	for i := range sum {
		sum[i] = clamp(sum[i])
	}
	return sum
}

// floatState is a numerator, a denominator, and the constant that they are made
// with.
type floatState struct{ n, d, c floats }

func (s *floatState) step(n0, n1, n2, n3, feedback *floats) {
	for i, c := range s.c {
		square := float32(n0[i] * c)
		square = float32(square * square)
		n := fixExponent(float32(float32(n1[i]+c) * square))
		s.n[i] = float32(s.n[i] + n)

		square = float32(n2[i] * c)
		square = float32(square * square)
		d := fixExponent(float32(float32(n3[i]-c) * square))
		s.d[i] = float32(s.d[i] + d)

		c = float32(float32(c+feedback[i]) + 0.734375)
		s.c[i] = float32(c + clamp(float32(n+d)))
	}
}

// fixExponent sets the two lowest bits of the exponent to 01. Among other
// things no number is zero then.
func fixExponent(f float32) float32 {
	return math.Float32frombits(math.Float32bits(f)&0xFEFFFFFF | 0x00800000)
}

// divisor gives f a size of 2 at least, by setting the highest bit of its
// exponent, and clears the lowest so that no infinity comes of it.
func divisor(f float32) float32 {
	return math.Float32frombits(math.Float32bits(f)&0xFF7FFFFF | 0x40000000)
}
