//go:build amd64 && !purego

package cryptonight

import (
	"unsafe"

	"github.com/aditmine/adit/hash/internal/x64"
)

// scalarLanes is how many lanes' programs are interleaved: as many as there are
// registers for.
const scalarLanes = 2

// compileScalar compiles the main loop with general registers for the program.
// It has the shortest turns for one or two lanes, and needs no more than
// AES-NI.
func compileScalar(p *Program, lanes int) machineCode {
	a := &x64.Assembler{}
	pass := lanePass{lanes: lanes, width: scalarLanes, steps: []step{{x64.RDI, scalarLanes * jitLaneSize}}}
	return compileTurns(a, pass, func(lanes int) {
		first := &x64.Assembler{}
		parts := []*x64.Assembler{first}
		for i := range lanes {
			compileFirst(first, scalarLane(i))
			s := scalarProgram{lane: scalarLane(i), variables: x64.R8 + x64.Reg(Variables*i)}
			s.compile(p)
			parts = append(parts, &s.Assembler)
		}
		a.Interleave(parts...)
	}, func(lanes int) {
		for i := range lanes {
			compileSecond(a, scalarLane(i))
		}
	})
}

// scalarLane is one of the lanes that RDI points to.
func scalarLane(i int) laneAddress {
	l := laneAddress{base: x64.RDI, disp: int32(i)*jitLaneSize - shortReach, halves: true}
	l.mix = l.field(unsafe.Offsetof(jitLane{}.mix))
	l.result = l.field(unsafe.Offsetof(jitLane{}.result))
	return l
}

// scalarProgram writes the program of one lane. It uses RCX, and four registers
// for the variables.
type scalarProgram struct {
	x64.Assembler
	lane      laneAddress
	variables x64.Reg
}

func (s *scalarProgram) compile(p *Program) {
	result, v := s.lane.result, s.variables
	for i, place := range [Variables]int32{2, 3, 0, 1} {
		s.Op32(x64.MOV, v+x64.Reg(i), after(result, 4*place))
	}
	s.mix(s.lane.mix, v)
	s.mix(after(s.lane.mix, 4), v+2)
	for _, in := range p.Instructions() {
		s.instruction(in)
	}
	s.storePair(result, v+2)
	s.storePair(after(result, blockSize/2), v)
}

// mix stores the sum of two registers in a row.
func (s *scalarProgram) mix(dst x64.Mem, v x64.Reg) {
	s.Join(func() {
		s.Op32(x64.MOV, x64.RCX, v)
		s.Op32(x64.ADD, x64.RCX, v+1)
		s.Store32(dst, x64.RCX)
	})
}

// storePair stores two registers in a row, and clobbers the second.
func (s *scalarProgram) storePair(dst x64.Mem, v x64.Reg) {
	s.Shl64(v+1, 32)
	s.Op64(x64.OR, v+1, v)
	s.Store64(dst, v+1)
}

func (s *scalarProgram) instruction(in Instruction) {
	dst, src := s.variables+x64.Reg(in.Dst), s.source(in.Src)
	switch in.Op {
	case Mul:
		s.Op32(x64.IMUL, dst, src)
	case Add:
		s.Op32(x64.ADD, dst, src)
		s.AddImm32(dst, in.Constant)
	case Sub:
		s.Op32(x64.SUB, dst, src)
	case Xor:
		s.Op32(x64.XOR, dst, src)
	case Ror:
		s.rotate(s.Ror32, dst, src)
	case Rol:
		s.rotate(s.Rol32, dst, src)
	}
}

// rotate uses RCX, which the processor wants the distance in.
func (s *scalarProgram) rotate(by func(x64.Reg), dst x64.Reg, src x64.Operand) {
	s.Join(func() {
		s.Op32(x64.MOV, x64.RCX, src)
		by(dst)
	})
}

// source is where a register of the program is. The lane's blocks have those
// that are not variables.
func (s *scalarProgram) source(register uint8) x64.Operand {
	switch register {
	case 4:
		return s.lane.a()
	case 5:
		return after(s.lane.a(), 8)
	case 6:
		return s.lane.b()
	case 7:
		return s.lane.b1()
	case 8:
		return after(s.lane.b1(), 8)
	}
	return s.variables + x64.Reg(register)
}
