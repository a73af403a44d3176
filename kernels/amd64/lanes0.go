package main

import (
	"math"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func emitLanes(g *generator) {
	table := g.tweakTable()
	clamp := g.newClamp()

	g.loopFunction("lanes0", "lanes0 is loop0 for several lanes.", false, nil,
		each(func(l *loop) { l.encrypt(nil, nil) }),
		each(func(l *loop) { l.multiply(false, false) }))
	g.loopFunction("lanesConceal", "lanesConceal is loopConceal for several lanes.", false, clamp.load,
		each(func(l *loop) { l.encrypt(clamp.mix, nil) }),
		each(func(l *loop) { l.multiply(false, false) }))

	tweak := &tweakStore{table: table}
	g.loopFunction("lanes1", "lanes1 is loop1 for several lanes.", false, tweak.load,
		each(func(l *loop) { l.encrypt(nil, tweak) }),
		each(func(l *loop) { l.multiply(true, false) }))
	g.loopFunction("lanes1Fold", "lanes1Fold is loop1 with foldLow for several lanes.", false, tweak.load,
		each(func(l *loop) { l.encrypt(nil, tweak) }),
		each(func(l *loop) { l.multiply(true, true) }))

	emitLanes2(g)
	emitLanesHeavy(g, tweak)
}

// encrypt is the first phase of bases 0 and 1: c = AES(pad[a], a), pad[a] =
// b^c, and c, which becomes the next b, is the next address. mix, if there is
// one, changes the block that is encrypted.
func (l *loop) encrypt(mix func(*loop, reg.VecVirtual), tweak *tweakStore) {
	p := l.loadField(laneAt)
	c := l.loadBlock(Mem{Base: p})
	if mix != nil {
		mix(l, c)
	}
	l.round(l.field(laneA), c)
	l.next(l.low(c))
	l.storeMixed(p, c, tweak)
}

// storeMixed stores b^c, where c becomes the next b.
func (l *loop) storeMixed(p reg.Register, c reg.VecVirtual, tweak *tweakStore) {
	mixed := l.loadBlock(l.field(laneB))
	l.xor(c, mixed)
	l.storeBlock(mixed, Mem{Base: p})
	l.storeBlock(c, l.field(laneB))
	if tweak != nil {
		tweak.apply(l, p, mixed)
	}
}

// multiply is the second phase of bases 0 and 1: a += c*d, pad[c] = a, a ^= d,
// where d is what was in the pad, and a is the next address. What is stored is
// changed for base 1: by the tweak, and if fold is set also by a's low word.
func (l *loop) multiply(tweak, fold bool) {
	p := l.loadField(laneAt)
	l.MOVQ(l.field(laneB), reg.RAX)
	l.MULQ(Mem{Base: p})
	a := l.pair(reg.RDX, reg.RAX)
	l.add(l.field(laneA), a)
	d := l.loadBlock(Mem{Base: p})
	l.xor(a, d)
	l.next(l.low(d))
	l.storeBlock(d, l.field(laneA))
	if tweak {
		stored := l.loadBlock(l.field(laneTweak))
		l.xor(a, stored)
		if fold {
			l.PSLLDQ(Imm(8), a)
			l.xor(a, stored)
		}
		a = stored
	}
	l.storeBlock(a, Mem{Base: p})
}

// tweakStore is the change that base 1 makes to one byte of its first store,
// as a table of all values.
type tweakStore struct {
	table Mem
	base  reg.Register
}

// tweakByte is the place of that byte in the block.
const tweakByte = 11

// tweakTable holds, for every value of the byte, what is stored in its place:
// bits 4 and 5 change by an entry of a table of eight, which bits 5, 4 and 0
// choose.
func (g *generator) tweakTable() Mem {
	words := make([]uint64, 256/8)
	for i := range words {
		for j := range 8 {
			v := 8*i + j
			entry := v>>3&6 | v&1
			words[i] |= uint64(v^0x7531>>(2*entry)&3<<4) << (8 * j)
		}
	}
	return g.constant("tweakTable", words...)
}

func (t *tweakStore) load(l *loop) {
	t.base = l.GP64()
	l.LEAQ(t.table, t.base)
}

// apply changes the byte of a block that has been stored at p.
func (t *tweakStore) apply(l *loop, p reg.Register, stored reg.VecVirtual) {
	v := l.GP64()
	l.PEXTRB(Imm(tweakByte), stored, v.As32())
	l.MOVBLZX(Mem{Base: t.base, Index: v, Scale: 1}, v.As32())
	l.MOVB(v.As8(), Mem{Base: p, Disp: tweakByte})
}

// clamp is Conceal's floating-point arithmetic on four numbers at once.
type clamp struct {
	constants [3]Mem
	// signAndFraction and two give a number the exponent of 2; scale is what
	// the old sum is multiplied with.
	signAndFraction, two, scale reg.VecVirtual
}

func (g *generator) newClamp() *clamp {
	return &clamp{constants: [...]Mem{
		g.repeat("signAndFraction", 0x807FFFFF),
		g.repeat("two", math.Float32bits(2)),
		g.repeat("scale", math.Float32bits(536870880)),
	}}
}

func (k *clamp) load(l *loop) {
	k.signAndFraction = l.loadBlock(k.constants[0])
	k.two = l.loadBlock(k.constants[1])
	k.scale = l.loadBlock(k.constants[2])
}

func (k *clamp) apply(l *loop, x reg.VecVirtual) {
	l.ANDPS(k.signAndFraction, x)
	l.ORPS(k.two, x)
}

// mix is floats.mix: it changes x by the sums, and adds x to them.
func (k *clamp) mix(l *loop, x reg.VecVirtual) {
	old := l.loadBlock(l.field(laneSums))
	r, cube := l.XMM(), l.XMM()
	l.CVTPL2PS(x, r)
	l.ADDPS(old, r)
	l.MOVAPS(r, cube)
	l.MULPS(r, cube)
	l.MULPS(r, cube)
	k.apply(l, cube)
	l.ADDPS(old, cube)
	l.MOVAPS(cube, l.field(laneSums))

	k.apply(l, old)
	l.MULPS(k.scale, old)
	l.CVTTPS2PL(old, old)
	l.PXOR(old, x)
}
