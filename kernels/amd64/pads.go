package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The steps of CryptoNight around the main loop: a scratchpad is filled by
// encrypting eight blocks over and over, and drained by adding it to eight
// blocks that are encrypted all the while. Blocks depend on what they were
// before, but not on one another. A register holds one, two or four of them;
// the eight, or those of two lanes where registers are wide, keep the AES units
// busy while each waits for its own last round.

// Offsets in the Go type padLane.
const (
	padKeys      = 0
	padKeySize   = 64 // each key four times over
	padText      = 10 * padKeySize
	padEnd       = padText + 128
	padLaneSize  = padEnd + 64
	padSize      = 2 * padLaneSize // offset of padContext.size
	padStepBytes = 128
	padRounds    = 10
	padAhead     = 1024 // how far ahead of their use lines are fetched
)

// cipher is a way of encrypting: how many bytes a register holds, and how many
// registers there are.
type cipher struct {
	suffix    string
	width     int
	registers int
	lanes     int
}

var ciphers = []cipher{
	{suffix: "AES", width: 16, registers: 16, lanes: 1},
	{suffix: "VAES256", width: 32, registers: 16, lanes: 1},
	{suffix: "VAES256x2", width: 32, registers: 16, lanes: 2},
	{suffix: "VAES512", width: 64, registers: 32, lanes: 1},
	{suffix: "VAES512x2", width: 64, registers: 32, lanes: 2},
}

func emitPads(g *generator) {
	for _, c := range ciphers {
		lanes := "one lane"
		if c.lanes > 1 {
			lanes = fmt.Sprintf("%d lanes", c.lanes)
		}
		g.padFunction(c, "fill"+c.suffix, "is text.fill for "+lanes+".", (*pads).fill)
		g.padFunction(c, "drain"+c.suffix, "is text.drain for "+lanes+".", (*pads).drain)
		g.padFunction(c, "drainStir"+c.suffix, "is text.drainStir for "+lanes+".", (*pads).drainStir)
		g.padFunction(c, "stir"+c.suffix, "is text.encryptStir for "+lanes+", once for every 128 bytes of pad.", (*pads).encryptStir)
	}
}

// pads is the function being described.
type pads struct {
	*generator
	cipher
	context reg.Register
	// offset, negative, is where the step is relative to the ends of the pads.
	offset reg.Register
	ends   []reg.Register
	// text of all lanes, one lane after the other, and keys likewise: in
	// registers as far as there are any, the others in the context.
	text []reg.VecVirtual
	keys [][padRounds]Op
	// spare is what a step may use besides.
	spare reg.VecVirtual
}

// padFunction describes a loop over pads that makes the same step for every 128
// bytes of them.
func (g *generator) padFunction(c cipher, name, doc string, step func(*pads)) {
	g.function(name, "func(ctx *padContext)", name+" "+doc)
	p := &pads{generator: g, cipher: c, context: g.Load(g.Param("ctx"), g.GP64()), offset: g.GP64()}
	g.MOVQ(Mem{Base: p.context, Disp: padSize}, p.offset)
	for lane := range c.lanes {
		end := g.GP64()
		g.MOVQ(p.field(lane, padEnd), end)
		p.ends = append(p.ends, end)
		for i := range p.perLane() {
			x := p.vector()
			p.load(p.field(lane, padText+i*c.width), x)
			p.text = append(p.text, x)
		}
	}
	p.spare = p.vector()
	p.loadKeys()
	g.NEGQ(p.offset)
	g.Label("step")
	step(p)
	g.ADDQ(U32(padStepBytes), p.offset)
	g.JNE(LabelRef("step"))
	for i, x := range p.text {
		p.store(x, p.field(i/p.perLane(), padText+i%p.perLane()*c.width))
	}
	if c.width > 16 {
		g.VZEROUPPER()
	}
	g.RET()
}

// perLane is how many registers hold the text of a lane.
func (p *pads) perLane() int { return padStepBytes / p.width }

func (p *pads) field(lane, offset int) Mem {
	return Mem{Base: p.context, Disp: lane*padLaneSize + offset}
}

// pad is where the i-th register of text meets the pad in this step.
func (p *pads) pad(i int) Mem {
	return Mem{Base: p.ends[i/p.perLane()], Index: p.offset, Scale: 1, Disp: i % p.perLane() * p.width}
}

// loadKeys keeps the first rounds' keys in the registers that are left.
func (p *pads) loadKeys() {
	free := p.registers - len(p.text) - 2 // those that stir needs
	p.keys = make([][padRounds]Op, p.lanes)
	for round := range padRounds {
		for lane := range p.lanes {
			m := p.field(lane, padKeys+round*padKeySize)
			p.keys[lane][round] = m
			if free > 0 {
				x := p.vector()
				p.load(m, x)
				p.keys[lane][round] = x
				free--
			}
		}
	}
}

func (p *pads) fill() {
	for lane := range p.lanes {
		for line := 0; line < padStepBytes; line += 64 {
			p.PREFETCHT0(Mem{Base: p.ends[lane], Index: p.offset, Scale: 1, Disp: padAhead + line})
		}
	}
	p.encrypt()
	for i, x := range p.text {
		p.store(x, p.pad(i))
	}
}

func (p *pads) drain() {
	for lane := range p.lanes {
		for line := 0; line < padStepBytes; line += 64 {
			p.PREFETCHT0(Mem{Base: p.ends[lane], Index: p.offset, Scale: 1, Disp: padAhead + line})
		}
	}
	for i, x := range p.text {
		p.xor(p.pad(i), x)
	}
	p.encrypt()
}

func (p *pads) drainStir() {
	p.drain()
	p.stir()
}

func (p *pads) encryptStir() {
	p.encrypt()
	p.stir()
}

// encrypt makes one round after the other for all blocks.
func (p *pads) encrypt() {
	for round := range padRounds {
		for i, x := range p.text {
			key := p.keys[i/p.perLane()][round]
			if p.width == 16 {
				p.AESENC(key, x)
			} else {
				p.VAESENC(key, x, x)
			}
		}
	}
}

// stir adds to every block the one after it, and to the last the first.
func (p *pads) stir() {
	for lane := range p.lanes {
		n := p.perLane()
		text := p.text[lane*n : (lane+1)*n]
		// The neighbours of the last register's blocks are partly in the
		// first, which has changed by then.
		first := p.spare
		p.move(text[0], first)
		for i, x := range text {
			next := first
			if i+1 < n {
				next = text[i+1]
			}
			p.addNeighbours(x, next)
		}
	}
}

// addNeighbours adds to every block of x the one after it, and to the last the
// first of next.
func (p *pads) addNeighbours(x, next reg.VecVirtual) {
	switch p.width {
	case 16:
		p.PXOR(next, x)
	case 32:
		t := p.vector()
		p.VPERM2I128(Imm(0x21), next, x, t)
		p.VPXOR(t, x, x)
	case 64:
		t := p.vector()
		p.VALIGNQ(Imm(2), x, next, t)
		p.VPXORQ(t, x, x)
	}
}

func (p *pads) vector() reg.VecVirtual {
	switch p.width {
	case 16:
		return p.XMM()
	case 32:
		return p.YMM()
	default:
		return p.ZMM()
	}
}

func (p *pads) load(m Mem, x reg.Register) { p.move(m, x) }

func (p *pads) store(x reg.Register, m Mem) { p.move(x, m) }

func (p *pads) move(from, to Op) {
	switch p.width {
	case 16:
		p.MOVOA(from, to)
	case 32:
		p.VMOVDQU(from, to)
	default:
		p.VMOVDQU64(from, to)
	}
}

func (p *pads) xor(m Mem, x reg.Register) {
	switch p.width {
	case 16:
		p.PXOR(m, x)
	case 32:
		p.VPXOR(m, x, x)
	default:
		p.VPXORQ(m, x, x)
	}
}
