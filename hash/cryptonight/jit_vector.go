//go:build amd64 && !purego

package cryptonight

import (
	"encoding/binary"
	"unsafe"

	"github.com/aditmine/adit/hash/internal/x64"
)

// compileVector compiles the main loop with vector registers for the program,
// which four lanes share. It needs AVX2, and is the faster the more lanes there
// are. rotates is whether there are AVX-512's instructions to rotate.
//
// A 32-bit number takes 64 bits, because the multiplication that gives 64 bits
// has half the latency of the one that gives 32.
func compileVector(p *Program, lanes int, rotates bool) machineCode {
	a := &x64.Assembler{AVX: true}
	pool := newConstantPool(p)
	a.Data(pool...)
	pass := lanePass{lanes: lanes, width: vectorLanes, loop: true, counter: x64.R11, steps: []step{
		{x64.RDI, vectorLanes * jitLaneSize},
		{upperLanes, vectorLanes * jitLaneSize},
		{groupRegister, jitGroupSize},
	}}
	pass.prepare = func() {
		a.LeaCode(poolRegister, 0)
		a.Op64(x64.MOV, upperLanes, x64.RDI)
		a.AddImm64(upperLanes, vectorLanes/2*jitLaneSize)
		a.Op64(x64.MOV, groupRegister, x64.RDI)
		a.AddImm64(groupRegister, int32(unsafe.Offsetof(jitContext{}.groups)))
	}
	return compileTurns(a, pass, func(lanes int) {
		first := &x64.Assembler{AVX: true}
		for i := range lanes {
			compileFirst(first, vectorLane(i))
		}
		v := vectorProgram{Assembler: x64.Assembler{AVX: true}, rotates: rotates}
		v.compile(p)
		a.Interleave(first, &v.Assembler)
	}, func(lanes int) {
		for i := range lanes {
			compileSecond(a, vectorLane(i))
		}
	})
}

// Registers besides RDI, which points to the first two lanes of a group.
const (
	upperLanes    = x64.R13 // the other two
	groupRegister = x64.R12
	poolRegister  = x64.RCX
)

// newConstantPool returns what vector programs find next to the code: the mask
// for rotations, then the constants of the additions.
func newConstantPool(p *Program) (pool []byte) {
	add := func(v uint32) {
		for range vectorLanes {
			pool = binary.LittleEndian.AppendUint64(pool, uint64(v))
		}
	}
	add(31)
	for _, in := range p.Instructions() {
		if in.Op == Add {
			add(in.Constant)
		}
	}
	return pool
}

// groupField is a row of the group.
func groupField(offset uintptr, row int) x64.Mem {
	return x64.Mem{Base: groupRegister, Disp: int32(offset) + int32(row)*vectorSize - shortReach}
}

// vectorLane is one of the lanes of the group.
func vectorLane(i int) laneAddress {
	place := [vectorLanes]int32{0, 2, 1, 3}[i]
	return laneAddress{
		base:   [2]x64.Reg{x64.RDI, upperLanes}[i/2],
		disp:   int32(i%2)*jitLaneSize - shortReach,
		mix:    after(groupField(unsafe.Offsetof(jitGroup{}.mixes), 0), int32(i)*8),
		result: after(groupField(unsafe.Offsetof(jitGroup{}.results), 0), place*blockSize),
	}
}

// vectorProgram writes the program of a group. It has the variables in X8 to
// X11, and uses X12 and X13.
type vectorProgram struct {
	x64.Assembler
	rotates bool
	// constants is how many of the pool have been used.
	constants int
}

const (
	vectorVariables = x64.X8
	vectorScratch   = x64.X12
)

func (v *vectorProgram) compile(p *Program) {
	v.gather(laneAddress.a, 4, 5)
	v.gather(laneAddress.b, 6)
	v.gather(laneAddress.b1, 7, 8)
	for i := range Variables {
		v.Load2(vectorVariables+x64.Vec(i), vectorMemory(i))
	}
	v.mix()
	for _, in := range p.Instructions() {
		v.instruction(in)
	}
	for i := range Variables {
		v.Store2(vectorMemory(i), vectorVariables+x64.Vec(i))
	}
	v.results()
}

// vectorMemory is where a register of the program is between turns.
func vectorMemory(register int) x64.Mem {
	if register < Variables {
		return groupField(unsafe.Offsetof(jitGroup{}.variables), register)
	}
	return groupField(unsafe.Offsetof(jitGroup{}.constants), register-Variables)
}

// gather makes registers of the program of one block of every lane: one of its
// low half, and maybe one of its high half. Blocks of lanes that are not in use
// are memory, too.
func (v *vectorProgram) gather(of func(laneAddress) x64.Mem, registers ...int) {
	x, y := vectorVariables, vectorVariables+1
	v.Load(x, of(vectorLane(0)))
	v.InsertHigh(x, x, of(vectorLane(2)))
	v.Load(y, of(vectorLane(1)))
	v.InsertHigh(y, y, of(vectorLane(3)))
	for i, register := range registers {
		op := [...]x64.VecOp{x64.PUNPCKLQDQ, x64.PUNPCKHQDQ}[i]
		v.Vec2(op, vectorScratch, x, y)
		v.Store2(vectorMemory(register), vectorScratch)
	}
}

// pair puts the low halves of high's numbers above those of low's.
func (v *vectorProgram) pair(dst, low, high x64.Vec) {
	const upper = 0xAA // every second 32 bits
	v.ShiftQ2(high, high, 32)
	v.BlendD2(dst, low, high, upper)
}

func (v *vectorProgram) mix() {
	x, y, r := vectorScratch, vectorScratch+1, vectorVariables
	v.Vec2(x64.PADDD, x, r, r+1)
	v.Vec2(x64.PADDD, y, r+2, r+3)
	v.pair(x, x, y)
	v.Store2(groupField(unsafe.Offsetof(jitGroup{}.mixes), 0), x)
}

// results stores the results, and clobbers the variables.
func (v *vectorProgram) results() {
	x, r := vectorScratch, vectorVariables
	v.pair(r+2, r+2, r+3)
	v.pair(r, r, r+1)
	for row, op := range [...]x64.VecOp{x64.PUNPCKLQDQ, x64.PUNPCKHQDQ} {
		v.Vec2(op, x, r+2, r)
		v.Store2(groupField(unsafe.Offsetof(jitGroup{}.results), row), x)
	}
}

func (v *vectorProgram) instruction(in Instruction) {
	dst, src := vectorVariables+x64.Vec(in.Dst), vectorSource(in.Src)
	switch in.Op {
	case Mul:
		v.Vec2(x64.PMULUDQ, dst, dst, src)
	case Add:
		v.constants++
		v.Vec2(x64.PADDD, dst, dst, src)
		v.Vec2(x64.PADDD, dst, dst, poolRow(v.constants))
	case Sub:
		v.Vec2(x64.PSUBD, dst, dst, src)
	case Xor:
		v.Vec2(x64.PXOR, dst, dst, src)
	case Ror, Rol:
		if v.rotates {
			v.rotate(in.Op, dst, src)
		} else {
			v.shift(in.Op, dst, src)
		}
	}
}

func vectorSource(register uint8) x64.Operand {
	if register < Variables {
		return vectorVariables + x64.Vec(register)
	}
	return vectorMemory(int(register))
}

// poolRow is the i-th row of the pool.
func poolRow(i int) x64.Mem { return x64.Mem{Base: poolRegister, Disp: int32(i) * vectorSize} }

// rotate needs AVX-512.
func (v *vectorProgram) rotate(op Opcode, dst x64.Vec, src x64.Operand) {
	distance, ok := src.(x64.Vec)
	if !ok {
		distance = vectorScratch
		v.Load2(distance, src)
	}
	if op == Ror {
		v.Rotate2(x64.VPRORVD, dst, dst, distance)
	} else {
		v.Rotate2(x64.VPROLVD, dst, dst, distance)
	}
}

// shift rotates right by shifting two copies of the number side by side. To
// rotate left is to rotate right by the opposite.
func (v *vectorProgram) shift(op Opcode, dst x64.Vec, src x64.Operand) {
	const doubled = 0xA0 // the lower 32 of each 64 bits twice
	distance := vectorScratch
	if op == Ror {
		v.Load2(distance, src)
	} else {
		v.Vec2(x64.PXOR, distance, distance, distance)
		v.Vec2(x64.PSUBD, distance, distance, src)
	}
	v.Vec2(x64.PAND, distance, distance, poolRow(0))
	v.ShuffleD2(dst, dst, doubled)
	v.ShiftRightQ2(dst, dst, distance)
}
