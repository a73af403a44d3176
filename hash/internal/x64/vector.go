package x64

// VecOp is an instruction on vector registers: its opcode, and above it what
// selects the opcode's table and meaning.
type VecOp uint16

// Prefixes and tables, as AVX numbers them.
const (
	prefix66 VecOp = 1 << 8
	prefixF3 VecOp = 2 << 8
	table0F  VecOp = 1 << 12
	table38  VecOp = 2 << 12
	table3A  VecOp = 3 << 12
)

// Instructions that come with both encodings.
const (
	PADDD      = prefix66 | table0F | 0xFE
	PADDQ      = prefix66 | table0F | 0xD4
	PAND       = prefix66 | table0F | 0xDB
	PMULUDQ    = prefix66 | table0F | 0xF4
	POR        = prefix66 | table0F | 0xEB
	PSUBD      = prefix66 | table0F | 0xFA
	PUNPCKHQDQ = prefix66 | table0F | 0x6D
	PUNPCKLQDQ = prefix66 | table0F | 0x6C
	PXOR       = prefix66 | table0F | 0xEF
	AESENC     = prefix66 | table38 | 0xDC
)

// Instructions of AVX-512.
const (
	VPROLVD = prefix66 | table38 | 0x15
	VPRORVD = prefix66 | table38 | 0x14
)

// Instructions that need methods of their own.
const (
	movToVec   = prefix66 | table0F | 0x6E
	movFromVec = prefix66 | table0F | 0x7E
	loadHigh   = prefix66 | table0F | 0x16
	shuffleD   = prefix66 | table0F | 0x70
	shiftQBy   = prefix66 | table38 | 0x45
	movqLoad   = prefixF3 | table0F | 0x7E
	movdqa     = prefix66 | table0F | 0x6F
	movdqaTo   = prefix66 | table0F | 0x7F
	shiftQ     = prefix66 | table0F | 0x73
	blendD     = prefix66 | table3A | 0x02
	insert     = prefix66 | table3A | 0x38
	zeroUpper  = table0F | 0x77
)

// vector writes an instruction on 16 bytes in the encoding in use. left is the
// first source where AVX wants one, 0 otherwise.
func (a *Assembler) vector(op VecOp, wide bool, reg, left uint8, src Operand) {
	if a.AVX {
		a.avx(op, wide, false, reg, left, src)
	} else {
		a.sse(op, wide, reg, src)
	}
	a.end()
}

// sse writes an instruction but its immediate byte; wide is for a general
// register of 64 bits.
func (a *Assembler) sse(op VecOp, wide bool, reg uint8, src Operand) {
	a.bytes([...]byte{0x66, 0xF3}[op>>8&3-1])
	a.rex(wide, reg, src)
	a.bytes(0x0F)
	if op>>12 == table38>>12 {
		a.bytes(0x38)
	}
	a.bytes(byte(op))
	a.modRM(reg, src)
}

// avx is sse in the other encoding; double is for 32 bytes. The prefix holds
// the upper bits of the registers, and left, inverted.
func (a *Assembler) avx(op VecOp, wide, double bool, reg, left uint8, src Operand) {
	rm, _, _ := src.rm()
	r, b := ^reg>>3<<7, ^rm>>3&1<<5
	last := ^left&15<<3 | byte(op>>8&3)
	if double {
		last |= 0x04
	}
	if op>>12 == table0F>>12 && !wide && b != 0 {
		a.bytes(0xC5, r|last)
	} else {
		const noIndex = 0x40
		if wide {
			last |= 0x80
		}
		a.bytes(0xC4, r|noIndex|b|byte(op>>12), last)
	}
	a.bytes(byte(op))
	a.modRM(reg, src)
}

// Vec writes op for 16 bytes: dst is the first source, too. Memory must be at a
// multiple of 16 bytes.
func (a *Assembler) Vec(op VecOp, dst Vec, src Operand) {
	a.vector(op, false, uint8(dst), uint8(dst), src)
}

// Load writes MOVDQA of 16 bytes.
func (a *Assembler) Load(dst Vec, src Operand) { a.vector(movdqa, false, uint8(dst), 0, src) }

// Store writes MOVDQA of 16 bytes to memory.
func (a *Assembler) Store(dst Mem, src Vec) { a.vector(movdqaTo, false, uint8(src), 0, dst) }

// LoadQ writes MOVQ of 8 bytes of memory; the rest of dst becomes 0.
func (a *Assembler) LoadQ(dst Vec, src Mem) { a.vector(movqLoad, false, uint8(dst), 0, src) }

// LoadHigh writes MOVHPD of 8 bytes of memory to the upper half of 16 bytes.
func (a *Assembler) LoadHigh(dst Vec, src Mem) {
	a.vector(loadHigh, false, uint8(dst), uint8(dst), src)
}

// FromReg writes MOVQ of a general register; the rest of dst becomes 0.
func (a *Assembler) FromReg(dst Vec, src Reg) { a.vector(movToVec, true, uint8(dst), 0, src) }

// ToReg writes MOVQ to a general register.
func (a *Assembler) ToReg(dst Reg, src Vec) { a.vector(movFromVec, true, uint8(src), 0, dst) }

// Vec2 writes op for 32 bytes, with any two sources.
func (a *Assembler) Vec2(op VecOp, dst, left Vec, right Operand) {
	a.avx(op, false, true, uint8(dst), uint8(left), right)
	a.end()
}

// Load2 writes VMOVDQA of 32 bytes.
func (a *Assembler) Load2(dst Vec, src Operand) {
	a.avx(movdqa, false, true, uint8(dst), 0, src)
	a.end()
}

// Store2 writes VMOVDQA of 32 bytes to memory.
func (a *Assembler) Store2(dst Mem, src Vec) {
	a.avx(movdqaTo, false, true, uint8(src), 0, dst)
	a.end()
}

// ShiftQ2 writes VPSLLQ, which shifts all 64-bit numbers in 32 bytes left.
func (a *Assembler) ShiftQ2(dst, src Vec, bits uint8) {
	const slashLeft = 6
	a.avx(shiftQ, false, true, slashLeft, uint8(dst), src)
	a.bytes(bits)
	a.end()
}

// ShiftRightQ2 writes VPSRLVQ: each 64-bit number in 32 bytes is shifted right
// by the number in the same place of bits.
func (a *Assembler) ShiftRightQ2(dst, src, bits Vec) {
	a.avx(shiftQBy, true, true, uint8(dst), uint8(src), bits)
	a.end()
}

// ShuffleD2 writes VPSHUFD for 32 bytes: order has 2 bits for each of four
// 32-bit numbers, which say where it comes from; the same for both halves.
func (a *Assembler) ShuffleD2(dst Vec, src Operand, order uint8) {
	a.avx(shuffleD, false, true, uint8(dst), 0, src)
	a.bytes(order)
	a.end()
}

// BlendD2 writes VPBLENDD for 32 bytes: 4 of them at a time come from right
// where mask has a bit, otherwise from left.
func (a *Assembler) BlendD2(dst, left Vec, right Operand, mask uint8) {
	a.avx(blendD, false, true, uint8(dst), uint8(left), right)
	a.bytes(mask)
	a.end()
}

// InsertHigh writes VINSERTI128: the first 16 bytes of left, then right.
func (a *Assembler) InsertHigh(dst, left Vec, right Operand) {
	a.avx(insert, false, true, uint8(dst), uint8(left), right)
	a.bytes(1)
	a.end()
}

// Rotate2 writes op, VPROLVD or VPRORVD, for 32 bytes: AVX-512's encoding,
// which has no form for 16 registers that is shorter. The sources are
// registers.
func (a *Assembler) Rotate2(op VecOp, dst, left, right Vec) {
	const (
		noHigh   = 0x10 // registers below 16
		noIndex  = 0x40
		fixed    = 0x04
		double   = 0x20
		noHighV  = 0x08
		register = 0xC0
	)
	a.bytes(0x62,
		^uint8(dst)>>3<<7|noIndex|^uint8(right)>>3&1<<5|noHigh|byte(op>>12),
		^uint8(left)&15<<3|fixed|byte(op>>8&3),
		double|noHighV,
		byte(op), register|uint8(dst)&7<<3|uint8(right)&7)
	a.end()
}

// ZeroUpper writes VZEROUPPER, which must be run between code for 32 bytes and
// code in the encoding of SSE.
func (a *Assembler) ZeroUpper() {
	a.bytes(0xC5, 0xF8, byte(zeroUpper&0xFF))
	a.end()
}
