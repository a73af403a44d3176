package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func emitLanesHeavy(g *generator, tweak *tweakStore) {
	d := g.newDivision()
	g.loopFunction("lanesHeavy", "lanesHeavy is loopHeavy for several lanes.", false, d.load,
		each(func(l *loop) { l.encrypt(nil, nil) }),
		each(func(l *loop) { l.multiply(false, false) }),
		each(func(l *loop) { d.step(l, false) }))
	g.loopFunction("lanesHeavyInvert", "lanesHeavyInvert is loopHeavy with invert for several lanes.", false, d.load,
		each(func(l *loop) { l.encrypt(nil, nil) }),
		each(func(l *loop) { l.multiply(false, false) }),
		each(func(l *loop) { d.step(l, true) }))

	t := g.newTube()
	load := func(l *loop) {
		d.load(l)
		tweak.load(l)
		t.load(l)
	}
	g.loopFunction("lanesTube", "lanesTube is loopHeavy with tube for several lanes.", false, load,
		each(func(l *loop) { t.encrypt(l, tweak) }),
		each(func(l *loop) { l.multiply(true, true) }),
		each(func(l *loop) { d.step(l, false) }))
}

// division is the signed 64 by 32 bit division of the heavy variants, in
// floating point: processors' own take far longer.
type division struct {
	constants [2]Mem
	below     reg.VecVirtual
	above     reg.VecVirtual
}

func (g *generator) newDivision() *division {
	return &division{constants: [...]Mem{
		g.constant("below", math.Float64bits(1-0x1p-51), 0),
		g.constant("above", math.Float64bits(1+0x1p-49), 0),
	}}
}

func (k *division) load(l *loop) {
	k.below, k.above = l.loadBlock(k.constants[0]), l.loadBlock(k.constants[1])
}

// step is the third phase of the heavy variants, divideStep.
func (k *division) step(l *loop, invert bool) {
	p := l.loadField(laneAt)
	n, d := l.GP64(), l.GP64()
	l.MOVQ(Mem{Base: p}, n)
	l.MOVLQSX(Mem{Base: p, Disp: 8}, d)
	q := k.divide(l, n, d)
	if invert {
		l.NOTQ(d)
	}
	l.XORQ(q, d)
	l.next(d)
	l.XORQ(n, q)
	l.MOVQ(q, Mem{Base: p})
}

// divide returns n / (d|5), rounded towards zero, and wrapped around like n
// for the one quotient that does not fit.
//
// The reciprocal of the divisor is made a little too small, by more than all
// three roundings, so that the first quotient is never too far from zero and
// the rest has the sign of n. It is less than 2^14 divisors. To divide that
// the reciprocal is made a little too big: enough for a whole number not to
// fall below itself, and far less than the 2^-31 between a fraction and the
// next whole number.
func (k *division) divide(l *loop, n, d reg.GPVirtual) reg.GPVirtual {
	divisor, q, rest := l.GP64(), l.GP64(), l.GP64()
	l.MOVQ(d, divisor)
	l.ORQ(Imm(5), divisor)
	x, reciprocal := l.XMM(), l.XMM()
	l.toFloat(divisor, x)
	l.MOVAPS(k.below, reciprocal)
	l.DIVSD(x, reciprocal)
	l.toFloat(n, x)
	l.MULSD(reciprocal, x)
	l.CVTTSD2SQ(x, q)
	l.IMULQ(q, divisor)
	l.MOVQ(n, rest)
	l.SUBQ(divisor, rest)
	l.MULSD(k.above, reciprocal)
	l.toFloat(rest, x)
	l.MULSD(reciprocal, x)
	l.CVTTSD2SQ(x, rest)
	l.ADDQ(rest, q)
	return q
}

// toFloat converts r. The instruction keeps x's upper half, and would wait for
// it if it were not cleared.
func (l *loop) toFloat(r reg.Register, x reg.VecVirtual) {
	l.XORPS(x, x)
	l.CVTSQ2SD(r, x)
}

// tube is BitTube's AES round. Its columns are computed one after the other,
// each from a state to which the ones before have been added: four rounds, of
// which one column counts.
type tube struct {
	masks   [4]Mem
	columns [4]reg.VecVirtual
	ones    reg.VecVirtual
}

func (g *generator) newTube() *tube {
	t := &tube{}
	const low, high = math.MaxUint32, math.MaxUint32 << 32
	for i, mask := range [...][2]uint64{{low, 0}, {high, 0}, {0, low}, {0, high}} {
		t.masks[i] = g.constant(fmt.Sprintf("column%d", i), mask[0], mask[1])
	}
	return t
}

func (t *tube) load(l *loop) {
	for i := range t.masks {
		t.columns[i] = l.loadBlock(t.masks[i])
	}
	t.ones = l.XMM()
	l.PCMPEQL(t.ones, t.ones)
}

// encrypt is the first phase of BitTube.
func (t *tube) encrypt(l *loop, tweak *tweakStore) {
	p := l.loadField(laneAt)
	x := l.loadBlock(Mem{Base: p})
	key := l.loadBlock(l.field(laneA))
	l.PXOR(t.ones, x)
	var c reg.VecVirtual
	for i, mask := range t.columns {
		column := l.XMM()
		l.MOVOA(x, column)
		l.AESENC(key, column)
		l.PAND(mask, column)
		if i == 0 {
			c = l.XMM()
			l.MOVOA(column, c)
		} else {
			l.POR(column, c)
		}
		if i < 3 {
			l.PXOR(column, x)
		}
	}
	l.next(l.low(c))
	l.storeMixed(p, c, tweak)
}
