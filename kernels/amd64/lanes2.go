package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func emitLanes2(g *generator) {
	for _, reverse := range []bool{false, true} {
		name, what := "lanes2", "loop2"
		if reverse {
			name, what = "lanes2Reverse", "loop2 with reverse"
		}
		encrypt := each(func(l *loop) { l.encryptLine(reverse) })
		multiply := func(l *loop) { l.multiplyLine(reverse) }
		g.loopFunction(name, name+" is "+what+" for several lanes.", false, nil,
			encrypt, each(multiply), each((*loop).scalarRoots))

		k := &vectorRoots{}
		name += "AVX2"
		g.loopFunction(name, name+" is "+what+" for several lanes.", true, k.load,
			encrypt, phase{grouped: true, run: func(l *loop) { k.around(l, multiply) }})
		k.outOfLine()
	}
}

// line is the 64 bytes around a block: the block itself, and the three others
// by the exclusive or of their address with the block's.
type line struct {
	self, first, second, third Mem
}

func (l *loop) lineAt(p reg.Register) line {
	other := func(distance uint64) Mem {
		q := l.GP64()
		l.MOVQ(p, q)
		l.XORQ(U8(distance), q)
		return Mem{Base: q}
	}
	return line{self: Mem{Base: p}, first: other(16), second: other(32), third: other(48)}
}

// shuffle is what base 2 does to the rest of the line. The blocks have been
// loaded.
func (l *loop) shuffle(at line, first, second, third reg.VecVirtual, reverse bool) {
	if reverse {
		first, third = third, first
	}
	l.add(l.field(laneB1), third)
	l.storeBlock(third, at.first)
	l.add(l.field(laneB), first)
	l.storeBlock(first, at.second)
	l.add(l.field(laneA), second)
	l.storeBlock(second, at.third)
}

// encryptLine is the first phase of base 2: that of base 0, and the shuffle.
func (l *loop) encryptLine(reverse bool) {
	p := l.loadField(laneAt)
	at := l.lineAt(p)
	c := l.loadBlock(at.self)
	l.round(l.field(laneA), c)
	l.next(l.low(c))
	l.storeBlock(c, l.field(laneC))
	l.shuffle(at, l.loadBlock(at.first), l.loadBlock(at.second), l.loadBlock(at.third), reverse)
	l.xor(l.field(laneB), c)
	l.storeBlock(c, at.self)
}

// multiplyLine is the second phase of base 2: that of base 0, with the last
// quotient and root mixed into d, and the product, which is also shuffled in.
func (l *loop) multiplyLine(reverse bool) {
	p := l.loadField(laneAt)
	at := l.lineAt(p)
	l.MOVQ(l.field(laneMixed), reg.RAX)
	d := l.widen(reg.RAX)
	l.xor(at.self, d)
	l.XORQ(at.self, reg.RAX)
	l.MULQ(l.field(laneC))
	product := l.pair(reg.RDX, reg.RAX)
	first, second := l.loadBlock(at.first), l.loadBlock(at.second)
	l.xor(product, first)
	l.xor(second, product)
	l.add(l.field(laneA), product)
	l.xor(product, d)
	l.next(l.low(d))
	l.shuffle(at, first, second, l.loadBlock(at.third), reverse)
	l.storeBlock(product, at.self)
	l.storeBlock(d, l.field(laneA))
	l.moveOn()
}

// moveOn makes c the next b, and b the next b1.
func (l *loop) moveOn() {

	if l.vex {
		both := l.YMM()
		l.VMOVDQU(l.field(laneB), both)
		l.VMOVDQU(both, l.field(laneB1))
		return
	}
	l.storeBlock(l.loadBlock(l.field(laneB)), l.field(laneB1))
	l.storeBlock(l.loadBlock(l.field(laneC)), l.field(laneB))
}
