package x64

// Op is an instruction that reads an operand and changes a register.
type Op uint16

// The instructions that come as Op32 and Op64.
const (
	ADD  Op = 0x03
	AND  Op = 0x23
	OR   Op = 0x0B
	SUB  Op = 0x2B
	XOR  Op = 0x33
	MOV  Op = 0x8B
	IMUL Op = 0x0FAF
)

// rex writes the prefix that extends registers, if one is needed; wide is for
// 64 bits.
func (a *Assembler) rex(wide bool, reg uint8, op Operand) {
	rm, _, _ := op.rm()
	prefix := byte(0x40) | reg>>3<<2 | rm>>3
	if wide {
		prefix |= 0x08
	}
	if prefix != 0x40 {
		a.bytes(prefix)
	}
}

func (a *Assembler) general(wide bool, op Op, reg uint8, src Operand) {
	a.rex(wide, reg, src)
	if op > 0xFF {
		a.bytes(byte(op >> 8))
	}
	a.bytes(byte(op))
	a.modRM(reg, src)
}

// Op32 writes op for the low halves of registers, or 4 bytes of memory.
func (a *Assembler) Op32(op Op, dst Reg, src Operand) {
	a.general(false, op, uint8(dst), src)
	a.end()
}

// Op64 writes op for whole registers, or 8 bytes of memory.
func (a *Assembler) Op64(op Op, dst Reg, src Operand) {
	a.general(true, op, uint8(dst), src)
	a.end()
}

const store Op = 0x89

// Store32 writes MOV of a register's low half to memory.
func (a *Assembler) Store32(dst Mem, src Reg) {
	a.general(false, store, uint8(src), dst)
	a.end()
}

// Store64 writes MOV to memory.
func (a *Assembler) Store64(dst Mem, src Reg) {
	a.general(true, store, uint8(src), dst)
	a.end()
}

// Instructions whose encoding needs a number in place of a register.
const (
	groupImm8  Op = 0x83
	groupImm32 Op = 0x81
	groupShift Op = 0xD3
	groupShlBy Op = 0xC1
	groupUnary Op = 0xF7
	groupCount Op = 0xFF
	prefetch   Op = 0x0F18

	slashAdd, slashXor  = 0, 6
	slashRol, slashRor  = 0, 1
	slashMul, slashDec  = 4, 1
	slashShl            = 4
	slashT0             = 1
	opcodeJNZ, relative = 0x85, 5
)

// AddImm32 writes ADD of a constant to a register's low half.
func (a *Assembler) AddImm32(dst Reg, v uint32) {
	a.general(false, groupImm32, slashAdd, dst)
	a.imm32(v)
	a.end()
}

// AddImm64 writes ADD of a constant to a whole register.
func (a *Assembler) AddImm64(dst Reg, v int32) {
	a.general(true, groupImm32, slashAdd, dst)
	a.imm32(uint32(v))
	a.end()
}

// MovImm32 writes MOV of a constant to a register; its upper half becomes 0.
func (a *Assembler) MovImm32(dst Reg, v uint32) {
	const opcode = 0xB8
	a.rex(false, 0, dst)
	a.bytes(opcode | uint8(dst)&7)
	a.imm32(v)
	a.end()
}

// XorImm8 writes XOR of a whole register with a constant.
func (a *Assembler) XorImm8(dst Reg, v int8) {
	a.general(true, groupImm8, slashXor, dst)
	a.bytes(byte(v))
	a.end()
}

// Rol32 rotates a register's low half left by CL.
func (a *Assembler) Rol32(dst Reg) {
	a.general(false, groupShift, slashRol, dst)
	a.end()
}

// Ror32 rotates a register's low half right by CL.
func (a *Assembler) Ror32(dst Reg) {
	a.general(false, groupShift, slashRor, dst)
	a.end()
}

// Shl64 shifts a whole register left.
func (a *Assembler) Shl64(dst Reg, bits uint8) {
	a.general(true, groupShlBy, slashShl, dst)
	a.bytes(bits)
	a.end()
}

// Mul64 multiplies RAX by src; the product is in RDX and RAX.
func (a *Assembler) Mul64(src Operand) {
	a.general(true, groupUnary, slashMul, src)
	a.end()
}

// Dec64 takes 1 off, and tells JNZ whether that gave 0.
func (a *Assembler) Dec64(dst Operand) {
	a.general(true, groupCount, slashDec, dst)
	a.end()
}

// PrefetchT0 brings a line into all caches.
func (a *Assembler) PrefetchT0(src Mem) {
	a.general(false, prefetch, slashT0, src)
	a.end()
}

// JNZ jumps to an offset in the code.
func (a *Assembler) JNZ(target int) {
	a.bytes(0x0F, opcodeJNZ)
	a.relative(target)
}

// LeaCode writes LEA of an address in the code, given as an offset.
func (a *Assembler) LeaCode(dst Reg, target int) {
	a.rex(true, uint8(dst), RAX)
	a.bytes(0x8D, uint8(dst)&7<<3|relative)
	a.relative(target)
}

// relative ends an instruction with the distance from its end to an offset.
func (a *Assembler) relative(target int) {
	a.imm32(uint32(target - (len(a.code) + 4)))
	a.end()
}

// Ret returns to the caller.
func (a *Assembler) Ret() {
	a.bytes(0xC3)
	a.end()
}
