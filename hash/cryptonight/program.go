package cryptonight

import "math/bits"

// Opcode is an operation of the random programs of cn/r. All work on 32-bit
// unsigned numbers and wrap around.
type Opcode uint8

// The operations; dst and src are registers.
const (
	Mul Opcode = iota // dst *= src
	Add               // dst += src + Constant
	Sub               // dst -= src
	Ror               // dst rotated right by src mod 32
	Rol               // dst rotated left by src mod 32
	Xor               // dst ^= src

	opcodes = int(Xor) + 1
)

// The registers of a program. It changes the first four only.
const (
	// Variables are carried from one turn of the main loop to the next.
	Variables = 4
	// SpareRegister is the source that takes the place of a register that
	// would be combined with itself.
	SpareRegister = 8
)

// Registers holds r0 to r8. The room to sixteen lets an index be masked in
// place of checked.
type Registers [16]uint32

// Instruction is one step of a program. Dst is 0 to 3, Src 0 to 8; Constant is
// 0 unless Op is Add.
type Instruction struct {
	Op       Opcode
	Dst, Src uint8
	Constant uint32
}

// Limits of a program's length in instructions: MinProgram at least, and less
// than MaxProgram for every height below ten million.
const (
	MinProgram = 60
	MaxProgram = 70
)

// Program is the straight-line code that cn/r runs in every turn of its main
// loop.
type Program struct {
	code [MaxProgram]Instruction
	n    int
}

// Instructions returns the code; it must not be changed.
func (p *Program) Instructions() []Instruction { return p.code[:p.n] }

func (p *Program) append(i Instruction) {
	p.code[p.n] = i
	p.n++
}

// Run interprets the program.
func (p *Program) Run(r *Registers) {
	for _, in := range p.code[:p.n] {
		dst, src := &r[in.Dst&15], r[in.Src&15]
		switch in.Op {
		case Mul:
			*dst *= src
		case Add:
			*dst += src + in.Constant
		case Sub:
			*dst -= src
		case Ror:
			*dst = bits.RotateLeft32(*dst, -int(src&31))
		case Rol:
			*dst = bits.RotateLeft32(*dst, int(src&31))
		case Xor:
			*dst ^= src
		}
	}
}
