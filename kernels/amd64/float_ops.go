package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The instructions of cn/gpu's loop. Each changes its last operand, in the form
// that its function's processors have: SSE's, or AVX's for registers of all
// widths. Nothing here rounds twice or fuses.

func (f *floats) move(from, to Op) {
	if f.vex() {
		f.VMOVUPS(from, to)
	} else {
		f.MOVUPS(from, to)
	}
}

func (f *floats) clear(x reg.VecPhysical) {
	f.xor(x, x)
}

func (f *floats) add(y Op, x reg.VecPhysical) {
	if f.vex() {
		f.VADDPS(y, x, x)
	} else {
		f.ADDPS(y, x)
	}
}

func (f *floats) subtract(y Op, x reg.VecPhysical) {
	if f.vex() {
		f.VSUBPS(y, x, x)
	} else {
		f.SUBPS(y, x)
	}
}

func (f *floats) multiply(y Op, x reg.VecPhysical) {
	if f.vex() {
		f.VMULPS(y, x, x)
	} else {
		f.MULPS(y, x)
	}
}

func (f *floats) divide(y Op, x reg.VecPhysical) {
	if f.vex() {
		f.VDIVPS(y, x, x)
	} else {
		f.DIVPS(y, x)
	}
}

func (f *floats) and(y Op, x reg.VecPhysical) {
	if f.vex() {
		f.VANDPS(y, x, x)
	} else {
		f.ANDPS(y, x)
	}
}

// bits clears all bits but some, and sets others.
func (f *floats) bits(x reg.VecPhysical, keep, set Mem) {
	f.and(keep, x)
	if f.vex() {
		f.VORPS(set, x, x)
	} else {
		f.ORPS(set, x)
	}
}

func (f *floats) xor(y Op, x reg.VecPhysical) {
	if f.vex() {
		f.VXORPS(y, x, x)
	} else {
		f.XORPS(y, x)
	}
}

func (f *floats) toFloats(from Op, to reg.VecPhysical) {
	if f.vex() {
		f.VCVTDQ2PS(from, to)
	} else {
		f.CVTPL2PS(from, to)
	}
}

// toIntegers truncates.
func (f *floats) toIntegers(x reg.VecPhysical) {
	if f.vex() {
		f.VCVTTPS2DQ(x, x)
	} else {
		f.CVTTPS2PL(x, x)
	}
}

// shuffle moves the bytes of every 16.
func (f *floats) shuffle(order Mem, x reg.VecPhysical) {
	if f.vex() {
		f.VPSHUFB(order, x, x)
	} else {
		f.PSHUFB(order, x)
	}
}

// permute gives to the words of from.
func (f *floats) permute(order uint64, from, to reg.VecPhysical) {
	if f.vex() {
		f.VPSHUFD(U8(order), from, to)
	} else {
		f.PSHUFD(U8(order), from, to)
	}
}
