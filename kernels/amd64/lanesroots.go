package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Base 2 divides and takes a square root in every turn. What comes of it is
// mixed into d in the next: the quotient, above it the remainder, and the root,
// which is added to the remainder's bits.

// rootExponent makes a number below 2^52 the fraction of a float between 2^64
// and 2^65.
const rootExponent = (1023 + 64) << 52

// scalarRoots is a phase that does all of it for one lane.
func (l *loop) scalarRoots() {
	mixed, root := l.divideAndRoot(l.loadField(laneRoot), "exact")
	l.MOVQ(root, l.field(laneRoot))
	l.SHLQ(Imm(32), root)
	l.XORQ(root, mixed)
	l.MOVQ(mixed, l.field(laneMixed))
}

// divideAndRoot returns the quotient with the remainder above it, and the root,
// for the current lane and its last root. It must have a label of its own.
func (l *loop) divideAndRoot(last reg.GPVirtual, label string) (quotient, root reg.GPVirtual) {
	quotient = l.divide(last)
	n := l.GP64()
	l.MOVQ(quotient, n)
	l.ADDQ(l.field(laneC), n)

	// The root of 2^64+n, with n cut off below its 12th bit, as a float
	// between 2^32 and 2^32.5. Without its exponent and its lowest 19 bits
	// the float is floor(2*root) - 2^33.
	bits := l.GP64()
	l.MOVQ(n, bits)
	l.SHRQ(Imm(12), bits)
	l.ADDQ(l.constant("rootExponent", rootExponent), bits)
	x := l.widen(bits)
	if l.vex {
		l.VSQRTSD(x, x, x)
	} else {
		l.SQRTSD(x, x)
	}
	bits, root = l.low(x), l.GP64()
	l.MOVQ(bits, root)
	l.SHLQ(Imm(12), root)
	l.SHRQ(Imm(12+19), root)
	l.fixRoot(bits, root, n, label)
	return quotient, root
}

// divide returns the quotient and, above it, the remainder of c's high word by
// a divisor of at least 2^31. As only the low 32 bits of the quotient count,
// the divisor may be taken off the upper half of the dividend first, so that
// the quotient fits in them and the short division does.
func (l *loop) divide(last reg.GPVirtual) reg.GPVirtual {
	divisor, less := l.GP64(), l.GP64()
	l.LEAL(Mem{Base: last, Index: last, Scale: 1}, divisor.As32())
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
func (l *loop) fixRoot(bits, root, n reg.GPVirtual, label string) {
	l.TESTL(U32(1<<19-1), bits.As32())
	l.JNE(LabelRef(label))
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
	l.Label(label)
}

// vectorRoots does it for a group of four lanes at once, in floating point. Its
// first half ends with the division, its second with the square root, and
// between them is what else there is to do for these lanes: a long chain of
// operations that wait for each other would fill up the processor's queues.
// Where rounding may have made a difference, once in many thousands, the lanes
// are done one by one instead.
type vectorRoots struct {
	l *loop
	// Constants.
	odd, low, high, both, floor, exponent, zero reg.VecVirtual
}

// Offsets in the Go type rootGroup, each for four numbers.
const (
	groupRoot     = 0
	groupQuotient = 32
	groupDivided  = 64
	groupDivisor  = 96
	groupDividend = 128
	groupLow      = 160
	groupSize     = 192
	groupLanes    = 4
)

// Exponents that make an integer below 2^32 a float: added to 2^52 it is the
// low end of the fraction, added to 2^84 it counts 2^32 times as much.
const (
	float52 = (1023 + 52) << 52
	float84 = (1023 + 84) << 52
)

func (k *vectorRoots) load(l *loop) {
	k.l = l
	repeat := func(name string, word uint64) reg.VecVirtual {
		x := l.YMM()
		l.VPBROADCASTQ(l.constant(name, word), x)
		return x
	}
	k.odd = repeat("odd", 0x80000001)
	k.low = repeat("float52", float52)
	k.high = repeat("float84", float84)
	k.both = repeat("float84and52", float84+1<<20) // 2^84 + 2^52
	k.floor = repeat("floor", float52-1)           // 2^52 - 1/2
	k.exponent = repeat("rootExponent", rootExponent)
	k.zero = l.YMM()
	l.VPXOR(k.zero, k.zero, k.zero)
}

// around runs phase for every lane of the group between the two halves.
func (k *vectorRoots) around(l *loop, phase func(*loop)) {
	k.divide(l)
	first, end := l.GP64(), l.GP64()
	l.MOVQ(l.lane, first)
	l.LEAQ(l.field(groupLanes*laneSize), end)
	l.CMPQ(end, l.end)
	l.CMOVQHI(l.end, end)
	l.Label("lane")
	phase(l)
	l.nextLane()
	l.CMPQ(l.lane, end)
	l.JCS(LabelRef("lane"))
	l.MOVQ(first, l.lane)
	k.root(l)
}

// groupField is a part of the current lanes' rootGroup.
func (l *loop) groupField(offset int) Mem { return Mem{Base: l.group, Disp: offset} }

func (l *loop) loadGroup(offset int) reg.VecVirtual {
	x := l.YMM()
	l.VMOVDQA(l.groupField(offset), x)
	return x
}

// oddDwords takes the upper half of every word from the first operand of
// VPBLENDD, and the lower from the second.
const oddDwords = 0xAA

// divide finishes the last roots and begins the next division.
func (k *vectorRoots) divide(l *loop) {
	root := l.loadGroup(groupRoot)
	l.VPSLLQ(Imm(12), root, root)
	l.VPSRLQ(Imm(12+19), root, root)
	mixed := l.YMM()
	l.VPSLLQ(Imm(32), root, mixed)
	l.VPXOR(l.groupField(groupQuotient), mixed, mixed)
	k.scatter(mixed)

	low, high := k.gather()
	l.VMOVDQA(low, l.groupField(groupLow))
	divisor := l.YMM()
	l.VPADDQ(root, root, divisor)
	l.VPADDQ(low, divisor, divisor)
	l.VPBLENDD(Imm(oddDwords), k.zero, divisor, divisor)
	l.VPOR(k.odd, divisor, divisor)
	l.VMOVDQA(divisor, l.groupField(groupDivisor))

	top, less := l.YMM(), l.YMM()
	l.VPSRLQ(Imm(32), high, top)
	l.VPSUBD(divisor, top, less)
	l.VPMINUD(less, top, top)
	reduced := l.YMM()
	l.VPSLLQ(Imm(32), top, reduced)
	l.VPBLENDD(Imm(oddDwords), reduced, high, reduced)
	l.VMOVDQA(reduced, l.groupField(groupDividend))

	dividend, x := l.YMM(), l.YMM()
	l.VPOR(k.high, top, dividend)
	l.VSUBPD(k.both, dividend, dividend)
	l.VPBLENDD(Imm(oddDwords), k.low, high, x)
	l.VADDPD(x, dividend, dividend)
	l.VPOR(k.low, divisor, x)
	l.VSUBPD(k.low, x, x)
	l.VDIVPD(x, dividend, dividend)
	l.VMOVAPD(dividend, l.groupField(groupDivided))
}

// root finishes the division and begins the root.
func (k *vectorRoots) root(l *loop) {
	quotient := l.loadGroup(groupDivided)
	l.VADDPD(k.floor, quotient, quotient)
	rest, good := l.YMM(), l.YMM()
	l.VPMULUDQ(l.groupField(groupDivisor), quotient, rest)
	dividend := l.loadGroup(groupDividend)
	l.VPSUBQ(rest, dividend, rest)
	l.VPSUBQ(l.groupField(groupDivisor), rest, good)
	l.VPANDN(good, rest, good) // rest >= 0 and rest < divisor
	l.VPSLLQ(Imm(32), rest, rest)
	l.VPBLENDD(Imm(oddDwords), rest, quotient, quotient)
	l.VMOVDQA(quotient, l.groupField(groupQuotient))

	n, whole := l.YMM(), l.YMM()
	l.VPADDQ(l.groupField(groupLow), quotient, n)
	l.VPSRLQ(Imm(12), n, n)
	l.VPADDQ(k.exponent, n, n)
	l.VSQRTPD(n, n)
	l.VPSLLQ(Imm(64-19), n, whole)
	l.VPCMPEQQ(k.zero, whole, whole)
	l.VPANDN(good, whole, good)
	all := l.GP32()
	l.VMOVMSKPD(good, all)
	l.CMPL(all, Imm(15))
	l.JNE(LabelRef("inexact"))
	l.VMOVDQA(n, l.groupField(groupRoot))
	l.Label("rooted")
}

// gather returns the low and high words of four lanes' c.
func (k *vectorRoots) gather() (low, high reg.VecVirtual) {
	l := k.l
	two := func(lane int) reg.VecVirtual {
		y := l.YMM()
		l.VMOVDQA(l.field(lane*laneSize+laneC), y.AsX())
		l.VINSERTI128(Imm(1), l.field((lane+2)*laneSize+laneC), y, y)
		return y
	}
	even, odd := two(0), two(1)
	low, high = l.YMM(), l.YMM()
	l.VPUNPCKLQDQ(odd, even, low)
	l.VPUNPCKHQDQ(odd, even, high)
	return low, high
}

// scatter gives each of four lanes its word to mix.
func (k *vectorRoots) scatter(words reg.VecVirtual) {
	l := k.l
	upper := l.XMM()
	l.VEXTRACTI128(Imm(1), words, upper)
	for i, x := range []reg.VecVirtual{words.AsX().(reg.VecVirtual), upper} {
		l.VMOVQ(x, l.field(2*i*laneSize+laneMixed))
		l.VMOVHPS(x, l.field((2*i+1)*laneSize+laneMixed))
	}
}

// outOfLine does the lanes of the group one by one. It leaves the roots where
// they would be in the fraction of a float.
func (k *vectorRoots) outOfLine() {
	l, left := k.l, k.l.GP64()
	l.Label("inexact")
	l.MOVQ(U32(groupLanes), left)
	l.Label("one")
	last := l.GP64()
	l.MOVQ(l.groupField(groupRoot), last)
	l.SHLQ(Imm(12), last)
	l.SHRQ(Imm(12+19), last)
	quotient, root := l.divideAndRoot(last, "exact")
	l.MOVQ(quotient, l.groupField(groupQuotient))
	l.SHLQ(Imm(19), root)
	l.MOVQ(root, l.groupField(groupRoot))
	l.ADDQ(Imm(8), l.group)
	l.nextLane()
	l.DECQ(left)
	l.JNE(LabelRef("one"))
	l.SUBQ(Imm(groupLanes*8), l.group)
	l.SUBQ(U32(groupLanes*laneSize), l.lane)
	l.JMP(LabelRef("rooted"))
}
