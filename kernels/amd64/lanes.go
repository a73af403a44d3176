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

// Offsets in the Go type loopLane.
const (
	laneA        = 0
	laneB        = 16
	laneB1       = 32
	laneC        = 48
	laneTweak    = 64
	laneSums     = 80
	laneQuotient = 96
	laneRoot     = 104
	lanePad      = 112
	laneAt       = 120
	laneSize     = 128
)

// Offsets in the Go type loopContext, which has its lanes at the start.
const (
	maxLanes     = 16
	contextMask  = maxLanes * laneSize
	contextTurns = contextMask + 8
	contextCount = contextMask + 16
	laneSizeLog2 = 7
)

// loop is the function being described. Its registers hold the same values in
// all phases.
type loop struct {
	*generator
	lane, mask reg.Register
	fixes      int // labels of fixRoot so far
}

// loopFunction describes a main loop: phases are run one after the other, each
// for all lanes, as often as the context says. prepare loads constants.
func (g *generator) loopFunction(name, doc string, prepare func(*loop), phases ...func(*loop)) {
	g.function(name, "func(ctx *loopContext)", doc)
	l := &loop{generator: g, lane: g.GP64(), mask: g.GP64()}
	context, turns, end := g.Load(g.Param("ctx"), g.GP64()), g.GP64(), g.GP64()
	g.MOVQ(Mem{Base: context, Disp: contextMask}, l.mask)
	g.MOVQ(Mem{Base: context, Disp: contextTurns}, turns)
	g.MOVQ(Mem{Base: context, Disp: contextCount}, end)
	g.SHLQ(Imm(laneSizeLog2), end)
	g.ADDQ(context, end)
	if prepare != nil {
		prepare(l)
	}
	g.Label("turn")
	for i, phase := range phases {
		label := fmt.Sprintf("phase%d", i)
		g.MOVQ(context, l.lane)
		g.Label(label)
		phase(l)
		g.ADDQ(U32(laneSize), l.lane)
		g.CMPQ(l.lane, end)
		g.JNE(LabelRef(label))
	}
	g.DECQ(turns)
	g.JNE(LabelRef("turn"))
	g.RET()
}

// field is a part of the current lane's state.
func (l *loop) field(offset int) Mem { return Mem{Base: l.lane, Disp: offset} }

func (l *loop) loadField(offset int) reg.Register {
	r := l.GP64()
	l.MOVQ(l.field(offset), r)
	return r
}

func (l *loop) loadBlock(m Op) reg.VecVirtual {
	x := l.XMM()
	l.MOVOA(m, x)
	return x
}

// next makes the block at r, an address that is wrapped first, the one that
// the lane's next phase begins with.
func (l *loop) next(r reg.Register) {
	l.ANDQ(l.mask, r)
	l.ADDQ(l.field(lanePad), r)
	l.MOVQ(r, l.field(laneAt))
	l.PREFETCHT0(Mem{Base: r})
}

// label numbers labels within a function.
func (l *loop) label(name string, n int) string { return fmt.Sprintf("%s%d", name, n) }

// repeat returns a constant of 16 bytes, 32 bits four times.
func (g *generator) repeat(name string, bits uint32) Mem {
	twice := uint64(bits)<<32 | uint64(bits)
	return g.constant(name, twice, twice)
}
