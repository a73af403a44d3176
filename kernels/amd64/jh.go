package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// JH's permutation in the bit-sliced form of hash/internal/jh, with both halves
// of a pair in one register.

const (
	jhRounds = 42
	// jhCycle is after how many rounds the swaps start over.
	jhCycle = 7
)

// jh is the function being described.
type jh struct {
	*generator
	ones  reg.VecVirtual
	masks [3]Mem
	// bytes are the shuffles that swap neighbouring groups of 8 and 16 bits.
	bytes [2]Mem
}

func emitJH(g *generator) {
	g.function("permuteAVX2", "func(s *state, constants *[42][4]uint64)", "permuteAVX2 is permute.")
	j := &jh{generator: g, ones: g.XMM()}
	j.masks = [3]Mem{
		g.constant("jh_mask1", 0x5555555555555555, 0x5555555555555555),
		g.constant("jh_mask2", 0x3333333333333333, 0x3333333333333333),
		g.constant("jh_mask4", 0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f),
	}
	j.bytes = [2]Mem{
		g.constant("jh_swap8", 0x0607040502030001, 0x0e0f0c0d0a0b0809),
		g.constant("jh_swap16", 0x0504070601000302, 0x0d0c0f0e09080b0a),
	}
	state, constants, cycles := g.Load(g.Param("s"), g.GP64()), g.Load(g.Param("constants"), g.GP64()), g.GP64()
	var s [8]reg.VecVirtual
	for i := range s {
		s[i] = g.XMM()
		g.VMOVDQU(Mem{Base: state, Disp: 16 * i}, s[i])
	}
	g.VPCMPEQB(j.ones, j.ones, j.ones)
	g.MOVQ(U32(jhRounds/jhCycle), cycles)
	g.Label("cycle")
	for round := range jhCycle {
		constant := Mem{Base: constants, Disp: 32 * round}
		even, odd := [4]reg.VecVirtual{s[0], s[2], s[4], s[6]}, [4]reg.VecVirtual{s[1], s[3], s[5], s[7]}
		j.sbox(even, constant)
		j.sbox(odd, constant.Offset(16))
		j.mix(even, odd)
		for _, x := range odd {
			j.swap(x, round)
		}
	}
	g.ADDQ(U32(32*jhCycle), constants)
	g.DECQ(cycles)
	g.JNE(LabelRef("cycle"))
	for i := range s {
		g.VMOVDQU(s[i], Mem{Base: state, Disp: 16 * i})
	}
	g.VZEROUPPER()
	g.RET()
}

// sbox is the portable function of that name, step by step.
func (j *jh) sbox(x [4]reg.VecVirtual, constant Mem) {
	c, t := j.XMM(), j.XMM()
	j.VMOVDQU(constant, c)
	j.VPXOR(j.ones, x[3], x[3])
	j.andNot(c, x[2], x[0]) // x0 ^= c &^ x2
	j.VPAND(x[1], x[0], t)  // t = c ^ x0&x1
	j.VPXOR(c, t, t)
	j.and(x[2], x[3], x[0])    // x0 ^= x2 & x3
	j.andNot(x[2], x[1], x[3]) // x3 ^= x2 &^ x1
	j.and(x[0], x[2], x[1])    // x1 ^= x0 & x2
	j.andNot(x[0], x[3], x[2]) // x2 ^= x0 &^ x3
	or := j.XMM()
	j.VPOR(x[3], x[1], or) // x0 ^= x1 | x3
	j.VPXOR(or, x[0], x[0])
	j.and(x[1], x[2], x[3]) // x3 ^= x1 & x2
	j.and(t, x[0], x[1])    // x1 ^= t & x0
	j.VPXOR(t, x[2], x[2])
}

// and sets x ^= a & b.
func (j *jh) and(a, b, x reg.VecVirtual) {
	t := j.XMM()
	j.VPAND(b, a, t)
	j.VPXOR(t, x, x)
}

// andNot sets x ^= a &^ b.
func (j *jh) andNot(a, b, x reg.VecVirtual) {
	t := j.XMM()
	j.VPANDN(a, b, t)
	j.VPXOR(t, x, x)
}

// mix is the linear map between even and odd elements.
func (j *jh) mix(a, b [4]reg.VecVirtual) {
	half := func(from, to [4]reg.VecVirtual) {
		j.VPXOR(from[1], to[0], to[0])
		j.VPXOR(from[2], to[1], to[1])
		j.VPXOR(from[0], to[2], to[2])
		j.VPXOR(from[3], to[2], to[2])
		j.VPXOR(from[0], to[3], to[3])
	}
	half(a, b)
	half(b, a)
}

// swap exchanges neighbouring groups of 1<<log bits.
func (j *jh) swap(x reg.VecVirtual, log int) {
	switch log {
	case 0, 1, 2:
		t := j.XMM()
		j.VPSRLQ(Imm(1<<log), x, t)
		j.VPAND(j.masks[log], t, t)
		j.VPAND(j.masks[log], x, x)
		j.VPSLLQ(Imm(1<<log), x, x)
		j.VPOR(t, x, x)
	case 3, 4:
		j.VPSHUFB(j.bytes[log-3], x, x)
	case 5:
		j.VPSHUFD(Imm(0xB1), x, x)
	case 6:
		j.VPSHUFD(Imm(0x4E), x, x)
	}
}
