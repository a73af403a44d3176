// Package x64 writes machine code for 64-bit x86: the few instructions that
// code made at run time needs, in the encodings that Intel's Software
// Developer's Manual, volume 2, gives them. Operands are in Intel's order, the
// destination first.
//
// It imports nothing and serves the packages below hash only.
package x64

import "encoding/binary"

// Reg is a general register. Whether all of it is meant or its low half is for
// the instruction to say, which zeroes the upper half in the second case.
type Reg uint8

// The general registers.
const (
	RAX Reg = iota
	RCX
	RDX
	RBX
	RSP
	RBP
	RSI
	RDI
	R8
	R9
	R10
	R11
	R12
	R13
	R14
	R15
)

// Vec is a vector register, X0 to X15: 16 bytes of it, or 32.
type Vec uint8

// The vector registers.
const (
	X0 Vec = iota
	X1
	X2
	X3
	X4
	X5
	X6
	X7
	X8
	X9
	X10
	X11
	X12
	X13
	X14
	X15
)

// Mem is the memory at Base + Disp.
type Mem struct {
	Base Reg
	Disp int32
}

// Operand is a Reg, a Vec or a Mem: what an instruction reads.
type Operand interface {
	// rm is the register, or the base of the memory.
	rm() (register uint8, memory bool, disp int32)
}

func (r Reg) rm() (uint8, bool, int32) { return uint8(r), false, 0 }
func (v Vec) rm() (uint8, bool, int32) { return uint8(v), false, 0 }
func (m Mem) rm() (uint8, bool, int32) { return uint8(m.Base), true, m.Disp }

// Assembler collects machine code. The zero value is empty and writes vector
// instructions in the encoding of SSE.
type Assembler struct {
	// AVX makes it write all vector instructions in the encoding of AVX, which
	// must not be mixed with the other.
	AVX bool

	code []byte
	// ends are where each unit of code ends: an instruction, or several that
	// stay together.
	ends []int
}

// Bytes is the code so far.
func (a *Assembler) Bytes() []byte { return a.code }

// Len is the size of the code so far: the offset of the next instruction.
func (a *Assembler) Len() int { return len(a.code) }

// Data appends bytes that are not code.
func (a *Assembler) Data(b ...byte) {
	a.code = append(a.code, b...)
	a.end()
}

// end ends an instruction.
func (a *Assembler) end() { a.ends = append(a.ends, len(a.code)) }

// Join makes what emit writes one unit, which Interleave does not take apart.
func (a *Assembler) Join(emit func()) {
	units := len(a.ends)
	emit()
	a.ends = append(a.ends[:units], len(a.code))
}

// Interleave appends the code of all parts, each in its own order and spread
// evenly. Parts must not use each other's registers, nor flags from one unit in
// the next, nor jump.
func (a *Assembler) Interleave(parts ...*Assembler) {
	total := 0
	for _, p := range parts {
		total = max(total, len(p.ends))
	}
	for i := range total {
		for _, p := range parts {
			n := len(p.ends)
			a.copyUnits(p, i*n/total, (i+1)*n/total)
		}
	}
}

func (a *Assembler) copyUnits(p *Assembler, from, to int) {
	for i := from; i < to; i++ {
		begin := 0
		if i > 0 {
			begin = p.ends[i-1]
		}
		a.Data(p.code[begin:p.ends[i]]...)
	}
}

func (a *Assembler) bytes(b ...byte) { a.code = append(a.code, b...) }

func (a *Assembler) imm32(v uint32) { a.code = binary.LittleEndian.AppendUint32(a.code, v) }

// modRM writes the byte that names the operands, and what belongs to it.
func (a *Assembler) modRM(reg uint8, op Operand) {
	const (
		noDisp, disp8, disp32, register = 0x00, 0x40, 0x80, 0xC0
		// As a base, 4 stands for an extra byte, and 5 without a displacement
		// for an address relative to the code.
		extra, relative = 4, 5
	)
	rm, memory, disp := op.rm()
	low := reg&7<<3 | rm&7
	if !memory {
		a.bytes(register | low)
		return
	}
	mode := byte(disp32)
	switch {
	case disp == 0 && rm&7 != relative:
		mode = noDisp
	case disp == int32(int8(disp)):
		mode = disp8
	}
	a.bytes(mode | low)
	if rm&7 == extra {
		a.bytes(0x24) // that base, no index
	}
	switch mode {
	case disp8:
		a.bytes(byte(disp))
	case disp32:
		a.imm32(uint32(disp))
	}
}
