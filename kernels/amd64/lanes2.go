package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func emitLanes2(g *generator) {
	for _, reverse := range []bool{false, true} {
		name, doc := "lanes2", "lanes2 is loop2 for several lanes."
		if reverse {
			name, doc = "lanes2Reverse", "lanes2Reverse is loop2 with reverse for several lanes."
		}
		k := &rootConstant{}
		g.loopFunction(name, doc, k.load,
			func(l *loop) { l.encryptLine(reverse) },
			func(l *loop) { l.multiplyLine(reverse, k) })
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
// loaded; it leaves second untouched.
func (l *loop) shuffle(at line, first, second, third reg.VecVirtual, reverse bool) {
	if reverse {
		first, third = third, first
	}
	l.PADDQ(l.field(laneB1), third)
	l.MOVOA(third, at.first)
	l.PADDQ(l.field(laneB), first)
	l.MOVOA(first, at.second)
	l.PADDQ(l.field(laneA), second)
	l.MOVOA(second, at.third)
}

// encryptLine is the first phase of base 2: that of base 0, and the shuffle.
func (l *loop) encryptLine(reverse bool) {
	p := l.loadField(laneAt)
	at := l.lineAt(p)
	c := l.loadBlock(at.self)
	l.AESENC(l.field(laneA), c)
	address := l.GP64()
	l.MOVQ(c, address)
	l.next(address)
	l.MOVOA(c, l.field(laneC))
	l.shuffle(at, l.loadBlock(at.first), l.loadBlock(at.second), l.loadBlock(at.third), reverse)
	l.PXOR(l.field(laneB), c)
	l.MOVOA(c, at.self)
}

// multiplyLine is the second phase of base 2: that of base 0, with the last
// quotient and root mixed into d, and the product, which is also shuffled in.
func (l *loop) multiplyLine(reverse bool, k *rootConstant) {
	p := l.loadField(laneAt)
	at := l.lineAt(p)
	d := l.mixedRoots(at.self)
	k.divideAndRoot(l)

	l.MOVQ(l.field(laneC), reg.RAX)
	low := l.GP64()
	l.MOVQ(d, low)
	l.MULQ(low)
	product, high := l.XMM(), l.XMM()
	l.MOVQ(reg.RDX, product)
	l.MOVQ(reg.RAX, high)
	l.PUNPCKLQDQ(high, product)
	first, second := l.loadBlock(at.first), l.loadBlock(at.second)
	l.PXOR(product, first)
	l.PXOR(second, product)
	l.PADDQ(l.field(laneA), product)
	l.PXOR(product, d)
	address := l.GP64()
	l.MOVQ(d, address)
	l.next(address)
	l.shuffle(at, first, second, l.loadBlock(at.third), reverse)
	l.MOVOA(product, at.self)
	l.MOVOA(d, l.field(laneA))
	l.moveBlock(laneB, laneB1)
	l.moveBlock(laneC, laneB)
}

func (l *loop) moveBlock(from, to int) { l.MOVOA(l.loadBlock(l.field(from)), l.field(to)) }

// mixedRoots loads d and mixes the last quotient and root into its low word.
func (l *loop) mixedRoots(m Mem) reg.VecVirtual {
	mixed := l.loadField(laneRoot)
	l.SHLQ(Imm(32), mixed)
	l.XORQ(l.field(laneQuotient), mixed)
	d := l.XMM()
	l.MOVQ(mixed, d)
	l.PXOR(m, d)
	return d
}

// rootConstant is the exponent of a float between 2^64 and 2^65.
type rootConstant struct{ exponent reg.Register }

func (k *rootConstant) load(l *loop) {
	k.exponent = l.GP64()
	l.MOVQ(U64((1023+64)<<52), k.exponent)
}

// divideAndRoot replaces the lane's quotient and root by the next ones.
func (k *rootConstant) divideAndRoot(l *loop) {
	quotient, root := l.divide(), l.GP64()
	l.MOVQ(quotient, l.field(laneQuotient))
	n := quotient
	l.ADDQ(l.field(laneC), n)

	// The root of 2^64+n, with n cut off below its 12th bit, as a float
	// between 2^32 and 2^32.5. Without its exponent and its lowest 19 bits
	// the float is floor(2*root) - 2^33.
	bits, x := l.GP64(), l.XMM()
	l.MOVQ(n, bits)
	l.SHRQ(Imm(12), bits)
	l.ADDQ(k.exponent, bits)
	l.MOVQ(bits, x)
	l.SQRTSD(x, x)
	l.MOVQ(x, bits)
	l.MOVQ(bits, root)
	l.SHLQ(Imm(12), root)
	l.SHRQ(Imm(12+19), root)
	l.fixRoot(bits, root, n)
	l.MOVQ(root, l.field(laneRoot))
}

// divide returns the quotient and, above it, the remainder of c's high word by
// a divisor of at least 2^31. As only the low 32 bits of the quotient count,
// the divisor may be taken off the upper half of the dividend first, so that
// the quotient fits in them and the short division does.
func (l *loop) divide() reg.GPVirtual {
	divisor, less := l.GP64(), l.GP64()
	l.MOVQ(l.field(laneRoot), divisor)
	l.ADDQ(divisor, divisor)
	l.ADDL(l.field(laneC), divisor.As32())
	l.ORL(U32(0x80000001), divisor.As32())
	l.MOVL(l.field(laneC+8), reg.EAX)
	l.MOVL(l.field(laneC+12), reg.EDX)
	l.MOVL(reg.EDX, less.As32())
	l.SUBL(divisor.As32(), less.As32())
	l.CMOVLCC(less.As32(), reg.EDX)
	l.DIVL(divisor.As32())
	quotient := l.GP64()
	l.MOVQ(reg.RDX, quotient)
	l.SHLQ(Imm(32), quotient)
	l.ORQ(reg.RAX, quotient)
	return quotient
}

// fixRoot takes 1 off the root where it is too big. The estimate in bits is
// less than a unit in its last place too small, from cutting n off and from
// rounding, and at most half a unit too big, from rounding. So the root is only
// in doubt where it is a whole number to the last place.
func (l *loop) fixRoot(bits, root, n reg.GPVirtual) {
	l.fixes++
	exact := l.label("exact", l.fixes)
	l.TESTL(U32(1<<19-1), bits.As32())
	l.JNE(LabelRef(exact))
	// root = 2s+b is too big if s*(s+b) + root*2^32 + b > n. Both sides are
	// nearly equal, so that the sign of the difference tells.
	s, b, difference := l.GP64(), l.GP64(), l.GP64()
	l.MOVQ(root, s)
	l.SHRQ(Imm(1), s)
	l.MOVQ(root, b)
	l.ANDQ(Imm(1), b)
	l.LEAQ(Mem{Base: s, Index: b, Scale: 1}, difference)
	l.IMULQ(s, difference)
	l.ADDQ(b, difference)
	l.MOVQ(root, s)
	l.SHLQ(Imm(32), s)
	l.ADDQ(s, difference)
	l.SUBQ(n, difference) // > 0: too big
	l.NEGQ(difference)
	l.SARQ(Imm(63), difference)
	l.ADDQ(difference, root)
	l.Label(exact)
}
