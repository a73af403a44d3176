package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The main loop of cn/gpu, for one hash. Its turns are sixteen vectors of four
// floats that have nothing to do with each other until the end; a register
// holds one, two or four of them. Four registers' worth, a batch, are worked on
// together, each with a numerator, a denominator and a constant: the processor
// overlaps them, as it has to, because each waits for itself nearly all the
// time. Wider registers only need fewer batches.

// Offsets in the Go type floatContext.
const (
	floatInputs   = 0
	floatVectors  = 1024
	floatScaled   = 1280
	floatFeedback = 1536
	floatPad      = 1600
	floatMask     = 1608
	floatAddress  = 1616
	floatTurns    = 1624
)

// floatOrders are which block of the line each vector's inputs are, and
// floatStarts what its constant begins with.
var (
	floatOrders = [16][4]int{
		{0, 1, 2, 3}, {0, 2, 3, 1}, {0, 3, 1, 2}, {0, 3, 2, 1},
		{1, 0, 2, 3}, {1, 2, 3, 0}, {1, 3, 0, 2}, {1, 3, 2, 0},
		{2, 1, 0, 3}, {2, 0, 3, 1}, {2, 3, 1, 0}, {2, 3, 0, 1},
		{3, 1, 2, 0}, {3, 2, 0, 1}, {3, 0, 1, 2}, {3, 0, 2, 1},
	}
	floatStarts = [16]float32{
		1.34375, 1.28125, 1.359375, 1.3671875, 1.4296875, 1.3984375, 1.3828125, 1.3046875,
		1.4140625, 1.2734375, 1.2578125, 1.2890625, 1.3203125, 1.3515625, 1.3359375, 1.4609375,
	}
	// floatSteps are the orders in which a round's steps take the inputs.
	floatSteps = [8][4]int{
		{0, 1, 2, 3}, {1, 2, 3, 0}, {2, 3, 0, 1}, {3, 0, 1, 2},
		{3, 2, 1, 0}, {2, 1, 0, 3}, {1, 0, 3, 2}, {0, 3, 2, 1},
	}
)

func emitFloat(g *generator) {
	for _, f := range []*floats{
		{generator: g, name: "SSE", width: 1},
		{generator: g, name: "AVX2", width: 2},
		{generator: g, name: "AVX512", width: 4},
	} {
		f.function()
	}
}

// floats describes the loop for registers of width vectors.
type floats struct {
	*generator
	name  string
	width int
	// context is the floatContext, line the one of the pad that is worked on.
	context, line reg.Register
	// in, out and start are where the batch's inputs, its results, and the
	// beginnings of its constants are.
	in, out, start reg.Register
}

// floatBatch is how many registers of vectors are worked on together.
const floatBatch = 4

func (f *floats) function() {
	f.generator.function("float"+f.name, "func(ctx *floatContext)", "float"+f.name+" makes turns of loopFloat.")
	f.context, f.line = f.Load(f.Param("ctx"), f.GP64()), f.GP64()
	f.in, f.out, f.start = f.GP64(), f.GP64(), f.GP64()
	batches := f.GP64()
	f.Label("turn")
	f.MOVQ(f.at(floatAddress), f.line)
	f.ANDQ(f.at(floatMask), f.line)
	f.ADDQ(f.at(floatPad), f.line)
	f.spread()
	f.MOVQ(f.context, f.in)
	f.MOVQ(f.context, f.out)
	f.LEAQ(f.starts(), f.start)
	f.MOVQ(U32(16/floatBatch/f.width), batches)
	f.Label("batch")
	f.batch()
	f.ADDQ(U32(4*floatBatch*f.bytes()), f.in)
	f.ADDQ(U32(floatBatch*f.bytes()), f.out)
	f.ADDQ(U32(floatBatch*f.bytes()), f.start)
	f.DECQ(batches)
	f.JNE(LabelRef("batch"))
	f.collect()
	f.DECQ(f.at(floatTurns))
	f.JNE(LabelRef("turn"))
	if f.vex() {
		f.VZEROUPPER()
	}
	f.RET()
}

func (f *floats) vex() bool          { return f.width > 1 }
func (f *floats) bytes() int         { return 16 * f.width }
func (f *floats) at(offset int) Mem  { return Mem{Base: f.context, Disp: offset} }
func (f *floats) row(offset int) Mem { return Mem{Base: f.out, Disp: offset} }

// register is the i-th one of the width that is worked with.
func (f *floats) register(i int) reg.VecPhysical {
	switch f.width {
	case 1:
		return narrow(i)
	case 2:
		return []reg.VecPhysical{reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
			reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15}[i]
	default:
		return []reg.VecPhysical{reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7,
			reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15}[i]
	}
}

// narrow is the i-th register of 16 bytes.
func narrow(i int) reg.VecPhysical {
	return []reg.VecPhysical{reg.X0, reg.X1, reg.X2, reg.X3, reg.X4, reg.X5, reg.X6, reg.X7,
		reg.X8, reg.X9, reg.X10, reg.X11, reg.X12, reg.X13, reg.X14, reg.X15}[i]
}

// A batch's registers: those of its i-th vectors, and some for what lasts only
// for a few instructions.
func (f *floats) numerator(i int) reg.VecPhysical   { return f.register(i) }
func (f *floats) denominator(i int) reg.VecPhysical { return f.register(floatBatch + i) }
func (f *floats) begin(i int) reg.VecPhysical       { return f.register(2*floatBatch + i) }
func (f *floats) temporary(i int) reg.VecPhysical   { return f.register(3*floatBatch + i) }

// starts are the beginnings of the constants, each four times.
func (f *floats) starts() Mem {
	var words []uint64
	for _, start := range floatStarts {
		twice := uint64(math.Float32bits(start))<<32 | uint64(math.Float32bits(start))
		words = append(words, twice, twice)
	}
	return f.constant("floatStarts", words...)
}

// all is a constant of 32 bits in every place of a register.
func (f *floats) all(name string, bits uint32) Mem {
	words := make([]uint64, 2*f.width)
	for i := range words {
		words[i] = uint64(bits)<<32 | uint64(bits)
	}
	return f.constant(fmt.Sprintf("float%s%d", name, f.width), words...)
}

func (f *floats) allFloat(name string, value float32) Mem {
	return f.all(name, math.Float32bits(value))
}

// turnMask turns the vectors that the i-th register of a batch holds right by
// 0, 1, 2 and 3 bytes: the order is the same for every block of the line.
func (f *floats) turnMask(i int) Mem {
	var words []uint64
	for k := range uint64(4) {
		for half := range uint64(2) {
			word := uint64(0)
			for b := range uint64(8) {
				word |= (8*half + b + k) % 16 << (8 * b)
			}
			words = append(words, word)
		}
	}
	first := 2 * (i * f.width % 4)
	return f.constant(fmt.Sprintf("floatTurn%d_%d", first/2, f.width), words[first:first+2*f.width]...)
}

// spread converts the line to floats and puts them where they are inputs.
func (f *floats) spread() {
	for i := range 4 {
		f.toFloats(Mem{Base: f.line, Disp: 16 * i}, narrow(i))
	}
	for v, order := range floatOrders {
		for m, block := range order {
			row := v/f.width*4 + m
			f.move(narrow(block), f.at(floatInputs+row*f.bytes()+v%f.width*16))
		}
	}
}

// batch makes the vectors of a batch.
func (f *floats) batch() {
	rounds := f.GP64()
	for i := range floatBatch {
		f.clear(f.temporary(0))
		f.move(f.temporary(0), f.row(floatVectors+i*f.bytes()))
		f.move(Mem{Base: f.start, Disp: i * f.bytes()}, f.begin(i))
	}
	f.MOVQ(U32(4), rounds)
	f.Label("round")
	for i := range floatBatch {
		f.clear(f.numerator(i))
		f.clear(f.denominator(i))
	}
	for _, step := range floatSteps {
		for i := range floatBatch {
			f.step(i, step)
		}
	}
	for i := range floatBatch {
		n, d, sum := f.numerator(i), f.denominator(i), f.row(floatVectors+i*f.bytes())
		f.bits(d, f.all("Divisor", 0xff7fffff), f.all("Two", 0x40000000))
		f.divide(d, n)
		f.add(sum, n)
		f.move(n, sum)
	}
	f.DECQ(rounds)
	f.JNE(LabelRef("round"))
	for i := range floatBatch {
		x, vector := f.numerator(i), f.row(floatVectors+i*f.bytes())
		f.move(vector, x)
		f.clamp(x)
		f.move(x, vector)
		f.multiply(f.allFloat("Scale", 536870880), x)
		f.toIntegers(x)
		f.shuffle(f.turnMask(i), x)
		f.move(x, f.row(floatScaled+i*f.bytes()))
	}
}

// step is floatState.step for the batch's i-th register.
func (f *floats) step(i int, order [4]int) {
	input := func(m int) Mem { return Mem{Base: f.in, Disp: floatInputs + (4*i+order[m])*f.bytes()} }
	c := f.begin(i)
	x := f.product(i, 0, input(0), input(1), f.add)
	f.add(x, f.numerator(i))
	y := f.product(i, 2, input(2), input(3), f.subtract)
	f.add(y, f.denominator(i))
	f.add(f.at(floatFeedback), c)
	f.add(f.allFloat("Constant", 0.734375), c)
	f.add(y, x)
	f.clamp(x)
	f.add(x, c)
}

// product is the square of a times the constant, times the sum or difference
// of b and the constant, with another exponent.
func (f *floats) product(i, temporary int, a, b Mem, combine func(y Op, x reg.VecPhysical)) reg.VecPhysical {
	c, x, y := f.begin(i), f.temporary(temporary), f.temporary(temporary+1)
	f.move(a, x)
	f.multiply(c, x)
	f.multiply(x, x)
	f.move(b, y)
	combine(c, y)
	f.multiply(y, x)
	f.bits(x, f.all("Keep", 0xfeffffff), f.all("Set", 0x00800000))
	return x
}

func (f *floats) clamp(x reg.VecPhysical) {
	f.bits(x, f.all("Fraction", 0x807fffff), f.all("Two", 0x40000000))
}

// collect adds up the vectors of each block, changes the line, and finds the
// next one. It is all in registers of 16 bytes.
func (f *floats) collect() {
	all, x, y := narrow(4), narrow(5), narrow(6)
	f.clear(all)
	for b := range 4 {
		scaled, vector := f.at(floatScaled+64*b), f.at(floatVectors+64*b)
		f.move(scaled, x)
		for k := 1; k < 4; k++ {
			f.xor(scaled.Offset(16*k), x)
		}
		f.xor(x, all)
		line := Mem{Base: f.line, Disp: 16 * b}
		f.xor(line, x)
		f.move(x, line)
		f.sum4(func(k int) Op { return vector.Offset(16 * k) }, narrow(b), y)
	}
	f.sum4(func(k int) Op { return narrow(k) }, x, y)
	f.and(f.all("Absolute", 0x7fffffff), x)
	f.move(x, y)
	f.multiply(f.allFloat("Part", 1.0/64), y)
	for i := range f.width {
		f.move(y, f.at(floatFeedback+16*i))
	}
	f.multiply(f.allFloat("Whole", 1<<24), x)
	f.toIntegers(x)
	f.xor(x, all)
	for _, order := range []uint64{0x4e, 0xb1} {
		f.permute(order, all, x)
		f.xor(x, all)
	}
	address := f.GP32()
	if f.vex() {
		f.VMOVD(all, address)
	} else {
		f.MOVD(all, address)
	}
	f.MOVQ(address.As64(), f.at(floatAddress))
}

// sum4 is (a0+a1)+(a2+a3), which it puts into to; a may be registers, of which
// the first is lost.
func (f *floats) sum4(a func(int) Op, to, temporary reg.VecPhysical) {
	f.move(a(2), temporary)
	f.add(a(3), temporary)
	f.move(a(0), to)
	f.add(a(1), to)
	f.add(temporary, to)
}
