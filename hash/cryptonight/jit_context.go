//go:build amd64 && !purego

package cryptonight

import (
	"unsafe"

	"github.com/aditmine/adit/hash/internal/x64"
)

// jitContext is the state of all lanes between two turns of a compiled main
// loop, and of a lane between its two phases. It must lie at a multiple of 32
// bytes.
type jitContext struct {
	lanes  [MaxLanes]jitLane
	groups [MaxLanes / vectorLanes]jitGroup
	// turns of the loop that one call makes; it must be positive, and is 0
	// afterwards.
	turns uint64
	// entry is where the code begins; runCode finds it there.
	entry uintptr
}

// jitLane is one lane: 128 bytes, so that a register between two lanes reaches
// both with the short form of addresses.
type jitLane struct {
	// a, b, b1 and c are the blocks of loopRandom; c lives from the first phase
	// to the second.
	a, b, b1, c block
	// result is what a scalar program leaves for the second phase: r2, r3, r0
	// and r1. They are also the variables that its next turn begins with.
	result block
	// mix is r0+r1 and r2+r3 as they are before a scalar program.
	mix uint64
	// pad is where the scratchpad starts, at the block there that the lane's
	// next phase begins with. The owner of the pad keeps it alive.
	pad, at uintptr
	mask    uint64
	_       [2]uint64
}

// jitGroup is what a vector program works on: four lanes. Each of its rows has
// a number of every lane.
type jitGroup struct {
	// constants are r4 to r8.
	constants [SpareRegister + 1 - Variables]vectorRow
	mixes     vectorRow
	// results are those of the lanes, the second and the third exchanged.
	results   [vectorLanes]block
	variables [Variables]vectorRow
}

// vectorLanes is how many lanes share a vector program.
const vectorLanes = 4

// vectorRow is one register of a vector program. The upper halves of its
// numbers mean nothing.
type vectorRow [vectorLanes]uint64

const (
	jitLaneSize  = int32(unsafe.Sizeof(jitLane{}))
	jitGroupSize = int32(unsafe.Sizeof(jitGroup{}))
	vectorSize   = int32(unsafe.Sizeof(vectorRow{}))
)

// start puts a lane at the beginning of the main loop of h's message.
func (ctx *jitContext) start(lane int, h *Hasher) {
	l := &ctx.lanes[lane]
	l.a, l.b = h.start()
	l.b1 = h.stateBlock(4).Xor(h.stateBlock(5))
	l.result = block{Lo: h.state[13], Hi: h.state[12]}
	l.mask = uint64(h.algorithm.AddressMask)
	l.pad = uintptr(unsafe.Pointer(unsafe.SliceData(h.pad)))
	l.at = l.pad + uintptr(l.a.Lo&l.mask)

	v := &ctx.groups[lane/vectorLanes].variables
	for i, word := range h.state[12:14] {
		v[2*i][lane%vectorLanes] = word
		v[2*i+1][lane%vectorLanes] = word >> 32
	}
}

// shortReach is how far the short form of addresses reaches below a register.
// Registers that point to a state point that far behind its beginning.
const shortReach = 128

// laneAddress is where compiled code finds a lane.
type laneAddress struct {
	base        x64.Reg
	disp        int32
	mix, result x64.Mem
	// halves is whether the result has been stored in two halves.
	halves bool
}

func (l laneAddress) field(offset uintptr) x64.Mem {
	return x64.Mem{Base: l.base, Disp: l.disp + int32(offset)}
}

func (l laneAddress) a() x64.Mem    { return l.field(unsafe.Offsetof(jitLane{}.a)) }
func (l laneAddress) b() x64.Mem    { return l.field(unsafe.Offsetof(jitLane{}.b)) }
func (l laneAddress) b1() x64.Mem   { return l.field(unsafe.Offsetof(jitLane{}.b1)) }
func (l laneAddress) c() x64.Mem    { return l.field(unsafe.Offsetof(jitLane{}.c)) }
func (l laneAddress) pad() x64.Mem  { return l.field(unsafe.Offsetof(jitLane{}.pad)) }
func (l laneAddress) at() x64.Mem   { return l.field(unsafe.Offsetof(jitLane{}.at)) }
func (l laneAddress) mask() x64.Mem { return l.field(unsafe.Offsetof(jitLane{}.mask)) }

// after is the memory n bytes after m.
func after(m x64.Mem, n int32) x64.Mem { return x64.Mem{Base: m.Base, Disp: m.Disp + n} }
