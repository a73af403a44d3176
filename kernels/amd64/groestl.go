package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Groestl's two permutations at once: register i holds row i of P's matrix in
// its low half, and row i of Q's in its high half. Then MixBytes, which combines
// rows, is the same for both, and what differs, constants and the shift of rows,
// is data.

const (
	groestlRounds  = 10
	groestlRows    = 8
	groestlColumns = 8
)

// groestlShift is how far row i of Q moves; that of P moves by i.
var groestlShift = [groestlRows]int{1, 3, 5, 7, 0, 2, 4, 6}

// groestl is the function being described.
type groestl struct {
	*generator
	rows [groestlRows]reg.VecVirtual
	// zero and fold are constants in memory: zeros, and what a byte is reduced
	// by when it is doubled.
	zero, fold Mem
}

func emitGroestl(g *generator) {
	g.function("permuteAVX2", "func(rows *[8][2]uint64)",
		"permuteAVX2 is permuteP on the first, and permuteQ on the second words of",
		"rows: each word is a row, the column with the lowest index lowest.")
	s := &groestl{generator: g}
	s.zero = g.constant("groestl_zero", 0, 0)
	s.fold = g.constant("groestl_fold", 0x1b1b1b1b1b1b1b1b, 0x1b1b1b1b1b1b1b1b)
	pointer := g.Load(g.Param("rows"), g.GP64())
	for i := range s.rows {
		s.rows[i] = g.XMM()
		g.VMOVDQU(Mem{Base: pointer, Disp: 16 * i}, s.rows[i])
	}
	shuffles := s.shuffles()
	constants := g.GP64()
	g.LEAQ(s.roundConstants(), constants)
	inner := g.constant("groestl_inner", 0, 0xffffffffffffffff)
	// The sums of rows that are needed twice wait on the stack.
	sums := g.AllocLocal(groestlRows * 16)
	round := g.GP64()
	g.MOVQ(U32(groestlRounds), round)
	g.Label("round")
	for i := range s.rows {
		constant := inner
		switch i {
		case 0:
			constant = Mem{Base: constants}
		case groestlRows - 1:
			constant = Mem{Base: constants, Disp: 16}
		}
		s.substitute(i, constant, shuffles.Offset(16*i))
	}
	s.mixBytes(sums)
	g.ADDQ(U32(32), constants)
	g.DECQ(round)
	g.JNE(LabelRef("round"))
	for i := range s.rows {
		g.VMOVDQU(s.rows[i], Mem{Base: pointer, Disp: 16 * i})
	}
	g.VZEROUPPER()
	g.RET()
}

// shuffles are the moves of ShiftBytes, each combined with the inverse of what
// AESENCLAST moves.
func (s *groestl) shuffles() Mem {
	var words []uint64
	for row := range groestlRows {
		var from [16]byte
		for to := range from {
			half, shift := to/groestlColumns, row
			if half == 1 {
				shift = groestlShift[row]
			}
			// Byte r of column c of the AES state comes from column c+r.
			c, r := to/4, to%4
			from[(c+r)%4*4+r] = byte(half*groestlColumns + (to+shift)%groestlColumns)
		}
		words = append(words, littleEndian(from[:8]), littleEndian(from[8:]))
	}
	return s.constant("groestl_shuffles", words...)
}

func littleEndian(b []byte) (word uint64) {
	for i, v := range b {
		word |= uint64(v) << (8 * i)
	}
	return word
}

// roundConstants are those of the first and the last row, for every round. P
// has one in the first row only. Q inverts all rows, and has one in the last.
func (s *groestl) roundConstants() Mem {
	var words []uint64
	for round := range uint64(groestlRounds) {
		var word uint64
		for column := range uint64(groestlColumns) {
			word |= (column<<4 ^ round) << (8 * column)
		}
		words = append(words, word, ^uint64(0), 0, ^word)
	}
	return s.constant("groestl_rounds", words...)
}

// substitute adds the constant to row i, shifts it and applies the S-box.
func (s *groestl) substitute(i int, constant, shuffle Mem) {
	x := s.rows[i]
	s.VPXOR(constant, x, x)
	s.VPSHUFB(shuffle, x, x)
	s.VAESENCLAST(s.zero, x, x)
}

// mixBytes multiplies every column by circ(2, 2, 3, 4, 5, 3, 5, 7). With a the
// rows, indices modulo 8 and
//
//	t[i] = a[i] + a[i+1]
//	y[i] = t[i] + t[i+2] + a[i+6]
//	x[i] = t[i] + t[i+3]
//
// the result is b[i] = 2*(2*x[i+3] + y[i+7]) + y[i+4].
func (s *groestl) mixBytes(sums Mem) {
	var t [groestlRows]reg.VecVirtual
	for i := range t {
		t[i] = s.XMM()
		s.VPXOR(s.rows[(i+1)%8], s.rows[i], t[i])
	}
	for i := range t {
		y := s.rows[(i+6)%8]
		s.VPXOR(t[i], y, y)
		s.VPXOR(t[(i+2)%8], y, y)
		s.VMOVDQU(y, sums.Offset(16*i))
	}
	var x [groestlRows]reg.VecVirtual
	for i := range x {
		x[i] = s.XMM()
		s.VPXOR(t[(i+3)%8], t[i], x[i])
	}
	zero := s.XMM()
	s.VPXOR(zero, zero, zero)
	for i := range s.rows {
		b := x[(i+3)%8]
		s.double(b, zero)
		s.VPXOR(sums.Offset(16*((i+7)%8)), b, b)
		s.double(b, zero)
		s.VPXOR(sums.Offset(16*((i+4)%8)), b, s.rows[i])
	}
}

// double multiplies every byte by 2 in the field.
func (s *groestl) double(x, zero reg.VecVirtual) {
	carry := s.XMM()
	s.VPCMPGTB(x, zero, carry)
	s.VPAND(s.fold, carry, carry)
	s.VPADDB(x, x, x)
	s.VPXOR(carry, x, x)
}
