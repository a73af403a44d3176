//go:build amd64 && !purego

package cryptonight

import (
	"unsafe"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/internal/cpufeature"
)

//go:generate go -C ../../kernels/amd64 run . float

// floatContext is what the assembly of loopFloat works on, one hash at a time.
// Its layout is known to the assembly (kernels/amd64/float.go), which needs it
// at a multiple of 16.
type floatContext struct {
	// inputs, vectors and scaled are of the turn that is being made. As many
	// vectors as fit into a register are beside each other, input by input.
	inputs  [16][4]floats
	vectors [16]floats
	scaled  [16]block
	// feedback is repeated for the widest register.
	feedback [4]floats
	// pad is where the scratchpad starts. Its owner keeps it alive.
	pad     uintptr
	mask    uint64
	address uint64
	// turns of the loop that one call makes, which must be positive.
	turns uint64
}

// floatCall is how many turns keep one call, which cannot be preempted, below a
// millisecond.
const floatCall = 128

// floatLoop makes loopFloat in assembly, for one lane after the other: a hash
// by itself keeps a processor's arithmetic busy.
type floatLoop struct {
	kernel func(*floatContext)
	ctx    *floatContext
	turns  int
}

func newFloatLoop(a *hash.Algorithm, features cpufeature.Features) *floatLoop {
	l := &floatLoop{kernel: floatKernel(features), ctx: newAligned[floatContext](), turns: a.Iterations}
	l.ctx.mask = uint64(a.AddressMask)
	return l
}

// floatKernel returns the fastest kernel for a processor that has AES at least,
// and with it all of SSE that is needed.
func floatKernel(features cpufeature.Features) func(*floatContext) {
	switch {
	case features.Has(cpufeature.AVX512):
		return floatAVX512
	case features.Has(cpufeature.AVX2):
		return floatAVX2
	default:
		return floatSSE
	}
}

func (l *floatLoop) run(lanes []*Hasher) {
	for _, h := range lanes {
		l.ctx.pad = uintptr(unsafe.Pointer(unsafe.SliceData(h.pad)))
		l.ctx.address = uint64(uint32(h.state[0]) >> 8)
		l.ctx.feedback = [4]floats{}
		for turns := l.turns; turns > 0; turns -= floatCall {
			l.ctx.turns = uint64(min(turns, floatCall))
			callKernel(l.kernel, l.ctx)
		}
	}
}

func (l *floatLoop) close() error { return nil }
