//go:build amd64 && !purego

package cryptonight

import (
	"math"
	"unsafe"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/internal/cpufeature"
)

//go:generate go -C ../../kernels/amd64 run . lanes

// loopLane is the state of one lane's main loop between two phases. Its layout
// is known to the assembly (kernels/amd64/lanes.go), which needs all blocks at
// addresses that are multiples of 16.
type loopLane struct {
	a block
	// b1 and c are base 2's; elsewhere b is c between phases.
	b1, b, c block
	// tweak is base 1's constant, above a word that stays 0.
	tweak block
	sums  floats
	// mixed is what base 2 mixes into d: the last quotient and remainder, and
	// the root on the latter's half.
	mixed uint64
	// root is base 2's last, where roots are taken one by one.
	root uint64
	// pad is where the scratchpad starts, at the block that the lane's next
	// phase begins with. The owner of the pad keeps it alive.
	pad, at uintptr
}

// groupLanes is how many divisions and roots of base 2 are made at once.
const groupLanes = 4

// rootGroup is base 2's arithmetic for some lanes. Its layout, too, is known to
// the assembly, which needs it at a multiple of 32.
type rootGroup struct {
	// root is in bits 19 to 51 of a word: the fraction of a float.
	root, quotient [groupLanes]uint64
	// What one half of the work leaves to the other.
	_ [4][groupLanes]uint64
}

// loopContext is what an assembly main loop works on.
type loopContext struct {
	lanes  [MaxLanes]loopLane
	groups [MaxLanes / groupLanes]rootGroup
	mask   uint64
	// turns of the loop that one call makes, and lanes it makes them for. Both
	// must be positive.
	turns uint64
	count uint64
}

// newLoopContext returns a context for pads of which mask selects addresses.
func newLoopContext(mask uint32) *loopContext {
	ctx := newAligned[loopContext]()
	ctx.mask = uint64(mask)
	for i := range ctx.lanes {
		// A group's arithmetic is done for lanes that are not in use, too.
		// It is fast for most numbers, but not for 0.
		ctx.lanes[i].c = block{Lo: 0x0123456789ABCDEF, Hi: 0x123456789ABCDEF0}
	}
	return ctx
}

// callTurns is how many turns of one lane a call may make. Assembly cannot be
// preempted: this keeps it below a millisecond even where every access goes
// to memory.
const callTurns = 2048

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

// start puts a lane at the beginning of the main loop of h's message.
func (ctx *loopContext) start(lane int, h *Hasher) {
	l := &ctx.lanes[lane]
	pad := uintptr(unsafe.Pointer(unsafe.SliceData(h.pad)))
	l.a, l.b = h.start()
	l.b1 = h.stateBlock(4).Xor(h.stateBlock(5))
	l.tweak = block{Hi: h.tweak}
	l.sums = floats{}
	l.pad, l.at = pad, pad+uintptr(l.a.Lo&ctx.mask)
	ctx.startRoots(lane, h.state[12], h.state[13]&math.MaxUint32)
}

func (ctx *loopContext) startRoots(lane int, quotient, root uint64) {
	ctx.lanes[lane].mixed, ctx.lanes[lane].root = quotient^root<<32, root
	g, i := &ctx.groups[lane/groupLanes], lane%groupLanes
	g.quotient[i], g.root[i] = quotient, root<<19
}

// laneKernels are the assembly of a main loop, for one lane and for several.
type laneKernels struct{ one, several func(*loopContext) }

// all is a loop that does well for any number of lanes.
func all(kernel func(*loopContext)) laneKernels { return laneKernels{kernel, kernel} }

// forLanes returns the faster kernel for n lanes.
func (k laneKernels) forLanes(n int) func(*loopContext) {
	if n == 1 {
		return k.one
	}
	return k.several
}

// laneLoop returns the assembly for a's main loop on a processor with AES and
// the given features; it is empty where there is none.
func laneLoop(a *hash.Algorithm, features cpufeature.Features) laneKernels {
	switch a.Name {
	case "cn/0", "cn/xao", "cn-lite/0":
		return all(lanes0)
	case "cn/ccx":
		return all(lanesConceal)
	case "cn/1", "cn/fast", "cn-lite/1":
		return all(lanes1)
	case "cn/rto":
		return all(lanes1Fold)
	case "cn/2", "cn/half", "cn/zls", "cn/double", "cn-pico", "cn-pico/tlo":
		if features.Has(cpufeature.AVX2) {
			return laneKernels{lanes2, lanes2AVX2}
		}
		return all(lanes2)
	case "cn/rwz", "cn/upx2":
		if features.Has(cpufeature.AVX2) {
			return laneKernels{lanes2Reverse, lanes2ReverseAVX2}
		}
		return all(lanes2Reverse)
	case "cn-heavy/0":
		return all(lanesHeavy)
	case "cn-heavy/xhv":
		return all(lanesHeavyInvert)
	case "cn-heavy/tube":
		return all(lanesTube)
	}
	return laneKernels{}
}
