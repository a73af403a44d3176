package main

import (
	"slices"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// oddSum is the truth table of the exclusive or of three bits.
const oddSum = 0x96

// avx512 works on 16 lanes in registers of 512 bits.
type avx512 struct{}

func (avx512) load(e *emitter, m Mem, to reg.Register)    { e.VMOVDQU32(m, to) }
func (avx512) store(e *emitter, from reg.Register, m Mem) { e.VMOVDQU32(from, m) }
func (avx512) move(e *emitter, from, to reg.Register)     { e.VMOVDQA32(from, to) }
func (avx512) inMemory(*wire) int                         { return 0 }

func (s avx512) step(e *emitter, w *wire) {
	switch w.op {
	case opSum:
		s.sum(e, w)
	case opAdd:
		e.VPADDD(e.operand(w.in[1]), e.operand(w.in[0]), e.result(w))
	case opRotate:
		e.VPROLD(U8(w.amount), e.operand(w.in[0]), e.result(w))
	case opBytes:
		e.VPSHUFB(e.rotation(w.amount), e.operand(w.in[0]), e.result(w))
	case opLoad:
		e.VPBROADCASTD(*w.constant, e.result(w))
	default:
		panic("a step that AVX-512 does not need")
	}
}

// sum adds up to three inputs with one instruction, which overwrites one of
// them when there are three. If all of them are needed later, then something
// has to be copied first: the constant, by loading it, if there is one.
func (s avx512) sum(e *emitter, w *wire) {
	in := slices.Clone(w.in)
	slices.SortStableFunc(in, func(a, b *wire) int { return len(a.reads) - len(b.reads) })
	last := len(in[0].reads) == 1
	switch {
	case len(in) == 1:
		e.VPXORD_BCST(*w.constant, e.operand(in[0]), e.result(w))
	case len(in) == 2 && w.constant == nil:
		e.VPXORD(e.operand(in[1]), e.operand(in[0]), e.result(w))
	case len(in) == 2 && last:
		to := e.replace(w, in[0])
		e.VPTERNLOGD_BCST(U8(oddSum), *w.constant, e.operand(in[1]), to)
	case len(in) == 2:
		to := e.fresh(w)
		e.release(w)
		e.VPBROADCASTD(*w.constant, to)
		e.VPTERNLOGD(U8(oddSum), e.operand(in[1]), e.operand(in[0]), to)
	case last:
		to := e.replace(w, in[0])
		e.VPTERNLOGD(U8(oddSum), e.operand(in[2]), e.operand(in[1]), to)
	default:
		to := e.fresh(w)
		e.release(w)
		s.move(e, e.registers[in[0].register], to)
		e.VPTERNLOGD(U8(oddSum), e.operand(in[2]), e.operand(in[1]), to)
	}
}

// avx2 works on 8 lanes in registers of 256 bits.
type avx2 struct{}

func (avx2) load(e *emitter, m Mem, to reg.Register)    { e.VMOVDQU(m, to) }
func (avx2) store(e *emitter, from reg.Register, m Mem) { e.VMOVDQU(from, m) }
func (avx2) move(e *emitter, from, to reg.Register)     { e.VMOVDQA(from, to) }

func (avx2) inMemory(w *wire) int {
	switch {
	case w.op == opSum && w.constant != nil:
		return len(w.in)
	case w.op == opSum || w.op == opAdd:
		return len(w.in) - 1
	}
	return 0
}

func (s avx2) step(e *emitter, w *wire) {
	switch w.op {
	case opSum:
		s.sum(e, w)
	case opAdd:
		a, b := w.in[0], w.in[1]
		if a.register < 0 {
			a, b = b, a
		}
		e.VPADDD(e.operand(b), e.operand(a), e.result(w))
	case opLeft:
		e.VPSLLD(U8(w.amount), e.operand(w.in[0]), e.result(w))
	case opRight:
		e.VPSRLD(U8(w.amount), e.operand(w.in[0]), e.result(w))
	case opBytes:
		e.VPSHUFB(e.rotation(w.amount), e.operand(w.in[0]), e.result(w))
	case opLoad:
		e.VPBROADCASTD(*w.constant, e.result(w))
	default:
		panic("a step that AVX2 does not have")
	}
}

// sum adds any number of inputs one by one.
func (s avx2) sum(e *emitter, w *wire) {
	if w.constant != nil {
		to := e.fresh(w)
		e.VPBROADCASTD(*w.constant, to)
		for _, in := range w.in {
			e.VPXOR(e.operand(in), to, to)
		}
		e.release(w)
		return
	}
	to := e.result(w)
	in := slices.Clone(w.in)
	rank := func(w *wire) int {
		switch {
		case w.register < 0:
			return 2
		case e.registers[w.register] != to:
			return 1
		}
		return 0 // overwritten by the first addition
	}
	slices.SortStableFunc(in, func(a, b *wire) int { return rank(a) - rank(b) })
	sum := e.registers[in[0].register]
	for _, next := range in[1:] {
		e.VPXOR(e.operand(next), sum, to)
		sum = to
	}
}
