package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// eagleMasks are constants: most of them permute the bytes of words.
type eagleMasks struct {
	// reverse turns them around.
	reverse Mem
	// top makes the first four bytes of the hash, as a number, from the sum
	// that the first word is the rotation of by 8.
	top Mem
	// rotations are to the left, by whole bytes.
	rotations map[int]Op
	// delimiter ends a message: 32 bits.
	delimiter Mem
}

func emitEaglesong(g *generator) {
	masks := &eagleMasks{
		reverse: g.bytesOfWords("reverseBytes", [4]byte{3, 2, 1, 0}),
		top:     g.bytesOfWords("topBytes", [4]byte{2, 1, 0, 3}),
		rotations: map[int]Op{
			8:  g.bytesOfWords("rotate8", [4]byte{3, 0, 1, 2}),
			24: g.bytesOfWords("rotate24", [4]byte{1, 2, 3, 0}),
		},
		delimiter: g.words32("delimiter", 6),
	}
	for _, k := range []*eagle{newEagle512(g, masks), newEagle256(g, masks)} {
		k.search("search" + k.suffix)
		k.hashWhole("whole" + k.suffix)
		k.hashTails("tails" + k.suffix)
	}
}

func newEagle512(g *generator, masks *eagleMasks) *eagle {
	zmm := []reg.Register{
		reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7,
		reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
		reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23,
		reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
	}
	return &eagle{
		emitter: &emitter{generator: g, set: avx512{}, registers: zmm, byteRotations: masks.rotations},
		special: eagle512{},
		masks:   masks,
		suffix:  "512",
		lanes:   16,
		ladder:  &ladderOfThree,
		table:   g.words32("constants512", eagleTable(&ladderOfThree)...),
	}
}

// eagle512 keeps the state in the first half of the registers.
type eagle512 struct{}

func (eagle512) words(*eagle) (homes [eagleWords]home) {
	for j := range homes {
		homes[j] = at(j)
	}
	return homes
}

func (eagle512) count(k *eagle, to reg.Register) {
	k.VMOVDQU32(k.at(eagleCounters), to)
	k.VPADDD_BCST(k.at(eagleStride), to, reg.Z0)
	k.VMOVDQU32(reg.Z0, k.at(eagleCounters))
	k.VPSHUFB(k.masks.reverse, to, to)
}

func (eagle512) compare(k *eagle, sum, hits reg.Register) {
	const lessOrEqual = 2
	mask := k.GP32()
	k.VPSHUFB(k.masks.top, sum, sum)
	k.VPCMPUD_BCST(U8(lessOrEqual), k.at(eagleLimit), sum, reg.K1)
	k.KMOVW(reg.K1, mask)
	k.MOVW(mask.As16(), Mem{Base: hits})
}

func (eagle512) xor(k *eagle, a, b, to reg.Register) { k.VPXORD(a, b, to) }

func (eagle512) insert(k *eagle, q int, m Mem, to reg.Register) {
	if q == 0 {
		k.VMOVDQU(m, to.(reg.VecPhysical).AsX())
		return
	}
	k.VINSERTI32X4(U8(q), m, to, to)
}

func (eagle512) extract(k *eagle, q int, from reg.Register, m Mem) {
	k.VEXTRACTI32X4(U8(q), from, m)
}

func newEagle256(g *generator, masks *eagleMasks) *eagle {
	ymm := []reg.Register{
		reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
		reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
	}
	return &eagle{
		emitter: &emitter{generator: g, set: avx2{}, registers: ymm, byteRotations: masks.rotations},
		special: eagle256{},
		masks:   masks,
		suffix:  "256",
		lanes:   8,
		ladder:  &ladderOfTwo,
		table:   g.words32("constants256", eagleTable(&ladderOfTwo)...),
	}
}

// eagle256 keeps most of the state in memory, and in registers those words that
// are the last to be made in a round.
type eagle256 struct{}

func (eagle256) words(k *eagle) (homes [eagleWords]home) {
	const kept = 6
	for j := range homes {
		if n := eagleWords - 1 - j; n < kept {
			homes[j] = at(n)
		} else {
			homes[j] = inMemory(k.stateWord(j))
		}
	}
	k.spill = nil
	for i := range eagleSpills {
		k.spill = append(k.spill, k.at(eagleSpill+32*i))
	}
	return homes
}

func (eagle256) count(k *eagle, to reg.Register) {
	k.VMOVDQU(k.at(eagleCounters), to)
	k.VPBROADCASTD(k.at(eagleStride), reg.Y0)
	k.VPADDD(to, reg.Y0, reg.Y0)
	k.VMOVDQU(reg.Y0, k.at(eagleCounters))
	k.VPSHUFB(k.masks.reverse, to, to)
}

func (eagle256) compare(k *eagle, sum, hits reg.Register) {
	mask := k.GP32()
	k.VPSHUFB(k.masks.top, sum, sum)
	k.VPBROADCASTD(k.at(eagleLimit), reg.Y0)
	k.VPMINUD(sum, reg.Y0, reg.Y0)
	k.VPCMPEQD(sum, reg.Y0, reg.Y0)
	k.VMOVMSKPS(reg.Y0, mask)
	k.MOVW(mask.As16(), Mem{Base: hits})
}

func (eagle256) xor(k *eagle, a, b, to reg.Register) { k.VPXOR(a, b, to) }

func (eagle256) insert(k *eagle, q int, m Mem, to reg.Register) {
	if q == 0 {
		k.VMOVDQU(m, to.(reg.VecPhysical).AsX())
		return
	}
	k.VINSERTI128(U8(q), m, to, to)
}

func (eagle256) extract(k *eagle, q int, from reg.Register, m Mem) {
	k.VEXTRACTI128(U8(q), from, m)
}
