//go:build amd64 && !purego

package cryptonight

import (
	"unsafe"

	"github.com/aditmine/adit/hash"
)

//go:generate go -C ../../kernels/amd64 run . lanes

// loopLane is the state of one lane's main loop between two phases. Its layout
// is known to the assembly (kernels/amd64/lanes.go), which needs all blocks at
// addresses that are multiples of 16.
type loopLane struct {
	a, b, b1 block
	// c is base 2's between its phases; elsewhere b is.
	c block
	// tweak is base 1's constant, above a word that stays 0.
	tweak block
	sums  floats
	// quotient and root are base 2's last results.
	quotient, root uint64
	// pad is where the scratchpad starts, at the block that the lane's next
	// phase begins with. The owner of the pad keeps it alive.
	pad, at uintptr
}

// loopContext is what an assembly main loop works on.
type loopContext struct {
	lanes [MaxLanes]loopLane
	mask  uint64
	// turns of the loop that one call makes, and lanes it makes them for. Both
	// must be positive.
	turns uint64
	count uint64
}

// callTurns is how many turns of one lane a call may make. Assembly cannot be
// preempted: this keeps it below a millisecond even where every access goes
// to memory.
const callTurns = 4096

// run makes all turns of the first n lanes.
func (ctx *loopContext) run(loop func(*loopContext), n, turns int) {
	ctx.count = uint64(n)
	for turns > 0 {
		now := min(turns, callTurns/n)
		ctx.turns = uint64(now)
		callKernel(loop, ctx)
		turns -= now
	}
}

// start puts the lane at the beginning of the main loop of h's message.
func (l *loopLane) start(h *Hasher) {
	pad := uintptr(unsafe.Pointer(unsafe.SliceData(h.pad)))
	l.a, l.b = h.start()
	l.b1 = h.stateBlock(4).Xor(h.stateBlock(5))
	l.tweak = block{Hi: h.tweak}
	l.sums = floats{}
	l.quotient, l.root = h.state[12], h.state[13]
	l.pad, l.at = pad, pad+uintptr(l.a.Lo&uint64(h.algorithm.AddressMask))
}

// laneLoop returns the assembly for a's main loop, nil where there is none.
func laneLoop(a *hash.Algorithm) func(*loopContext) {
	switch a.Name {
	case "cn/0", "cn/xao", "cn-lite/0":
		return lanes0
	case "cn/ccx":
		return lanesConceal
	case "cn/1", "cn/fast", "cn-lite/1":
		return lanes1
	case "cn/rto":
		return lanes1Fold
	case "cn/2", "cn/half", "cn/zls", "cn/double", "cn-pico", "cn-pico/tlo":
		return lanes2
	case "cn/rwz", "cn/upx2":
		return lanes2Reverse
	case "cn-heavy/0":
		return lanesHeavy
	case "cn-heavy/xhv":
		return lanesHeavyInvert
	case "cn-heavy/tube":
		return lanesTube
	}
	return nil
}
