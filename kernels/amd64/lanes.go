package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The main loops of the CryptoNight family for any number of lanes: hashes
// that are worked on in turn, each with a pad of its own.
//
// A single hash waits for memory nearly all the time, because every address
// depends on what the access before it returned. So a turn of the loop is cut
// into phases, each of which ends when the next address is known. The line
// there is prefetched, and before it is needed the same phase of every other
// lane is run. As many accesses are under way as there are lanes, and the
// processor, which looks ahead over many phases, overlaps their arithmetic.
//
// All of a lane's registers live in its loopLane between phases: they are
// forwarded from stores without a visible cost, so that one piece of code
// serves any number of lanes.

// Offsets in the Go type loopLane. Where c follows b, and b follows b1, two of
// them can be moved on at once.
const (
	laneA     = 0
	laneB1    = 16
	laneB     = 32
	laneC     = 48
	laneTweak = 64
	laneSums  = 80
	laneMixed = 96
	laneRoot  = 104
	lanePad   = 112
	laneAt    = 120
	laneSize  = 128
)

// Offsets in the Go type loopContext, which has its lanes at the start.
const (
	maxLanes      = 16
	laneSizeLog2  = 7
	contextGroups = maxLanes * laneSize
	contextMask   = contextGroups + maxLanes/groupLanes*groupSize
	contextTurns  = contextMask + 8
	contextCount  = contextMask + 16
)

// loop is the function being described. Its registers hold the same values in
// all phases.
type loop struct {
	*generator
	// vex makes all vector instructions AVX's. Processors do not like a mix.
	vex bool
	// lane is the loopLane that is worked on, end the one after the last.
	lane, end reg.Register
	// group is the rootGroup of the lanes that are worked on.
	group reg.Register
	mask  reg.Register
}

// phase is a part of a turn, which run describes for the current lane. It is
// run for every lane; or, if it is grouped, once for the lanes of a rootGroup,
// of which the first is the current one, and of which the last may not exist.
type phase struct {
	grouped bool
	run     func(*loop)
}

// each is a phase that takes one lane after the other.
func each(run func(*loop)) phase { return phase{run: run} }

// loopFunction describes a main loop: phases are run one after the other, each
// for all lanes, as often as the context says. prepare loads constants.
func (g *generator) loopFunction(name, doc string, vex bool, prepare func(*loop), phases ...phase) {
	g.function(name, "func(ctx *loopContext)", doc)
	context, turns := g.Load(g.Param("ctx"), g.GP64()), g.GP64()
	l := &loop{generator: g, vex: vex, lane: g.GP64(), end: g.GP64(), group: g.GP64(), mask: g.GP64()}
	g.MOVQ(Mem{Base: context, Disp: contextMask}, l.mask)
	g.MOVQ(Mem{Base: context, Disp: contextTurns}, turns)
	g.MOVQ(Mem{Base: context, Disp: contextCount}, l.end)
	g.SHLQ(Imm(laneSizeLog2), l.end)
	g.ADDQ(context, l.end)
	if prepare != nil {
		prepare(l)
	}
	g.Label("turn")
	for i, p := range phases {
		label := fmt.Sprintf("phase%d", i)
		g.MOVQ(context, l.lane)
		if p.grouped {
			g.LEAQ(Mem{Base: context, Disp: contextGroups}, l.group)
		}
		g.Label(label)
		p.run(l)
		if p.grouped {
			g.ADDQ(U32(groupSize), l.group)
			g.ADDQ(U32(groupLanes*laneSize), l.lane)
		} else {
			l.nextLane()
		}
		g.CMPQ(l.lane, l.end)
		g.JCS(LabelRef(label))
	}
	g.DECQ(turns)
	g.JNE(LabelRef("turn"))
	if vex {
		g.VZEROUPPER()
	}
	g.RET()
}

// nextLane moves on by 128, which is shorter to subtract.
func (l *loop) nextLane() { l.SUBQ(I8(-laneSize), l.lane) }

// field is a part of the current lane's state.
func (l *loop) field(offset int) Mem { return Mem{Base: l.lane, Disp: offset} }

func (l *loop) loadField(offset int) reg.GPVirtual {
	r := l.GP64()
	l.MOVQ(l.field(offset), r)
	return r
}

// next makes the block at r, an address that is wrapped first, the one that
// the lane's next phase begins with.
func (l *loop) next(r reg.Register) {
	l.ANDQ(l.mask, r)
	l.ADDQ(l.field(lanePad), r)
	l.MOVQ(r, l.field(laneAt))
	l.PREFETCHT0(Mem{Base: r})
}

func (l *loop) loadBlock(m Op) reg.VecVirtual {
	x := l.XMM()
	if l.vex {
		l.VMOVDQA(m, x)
	} else {
		l.MOVOA(m, x)
	}
	return x
}

func (l *loop) storeBlock(x reg.VecVirtual, m Op) {
	if l.vex {
		l.VMOVDQA(x, m)
	} else {
		l.MOVOA(x, m)
	}
}

// round is one round of AES.
func (l *loop) round(key Op, x reg.VecVirtual) {
	if l.vex {
		l.VAESENC(key, x, x)
	} else {
		l.AESENC(key, x)
	}
}

func (l *loop) xor(y Op, x reg.VecVirtual) {
	if l.vex {
		l.VPXOR(y, x, x)
	} else {
		l.PXOR(y, x)
	}
}

// add is two additions of 64 bits.
func (l *loop) add(y Op, x reg.VecVirtual) {
	if l.vex {
		l.VPADDQ(y, x, x)
	} else {
		l.PADDQ(y, x)
	}
}

// low is the low word of x.
func (l *loop) low(x reg.VecVirtual) reg.GPVirtual {
	r := l.GP64()
	if l.vex {
		l.VMOVQ(x, r)
	} else {
		l.MOVQ(x, r)
	}
	return r
}

// widen is a block with a low word, and a high word of 0.
func (l *loop) widen(low Op) reg.VecVirtual {
	x := l.XMM()
	if l.vex {
		l.VMOVQ(low, x)
	} else {
		l.MOVQ(low, x)
	}
	return x
}

// pair is a block made of two words.
func (l *loop) pair(low, high reg.Register) reg.VecVirtual {
	x, y := l.widen(low), l.widen(high)
	if l.vex {
		l.VPUNPCKLQDQ(y, x, x)
	} else {
		l.PUNPCKLQDQ(y, x)
	}
	return x
}

// repeat returns a constant of 16 bytes, 32 bits four times.
func (g *generator) repeat(name string, bits uint32) Mem {
	twice := uint64(bits)<<32 | uint64(bits)
	return g.constant(name, twice, twice)
}
