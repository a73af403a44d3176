//go:build amd64 && !purego

package cryptonight

import (
	"unsafe"

	"github.com/aditmine/adit/hash/internal/aes"
	"github.com/aditmine/adit/hash/internal/cpufeature"
)

//go:generate go -C ../../kernels/amd64 run . pads

// padLane is one lane's part of a padContext. Its layout is known to the
// assembly (kernels/amd64/pads.go).
type padLane struct {
	// keys has each key as often as it fits into the widest register.
	keys [len(aes.Keys{})][4]block
	text text
	// end is where the part of the pad that is worked on ends. The owner of
	// the pad keeps it alive.
	end uintptr
	_   [56]byte
}

// padContext is what the assembly around the main loop works on.
type padContext struct {
	lanes [maxPadLanes]padLane
	// size is how many bytes of each pad one call goes over: a positive
	// multiple of 128.
	size uint64
}

const (
	maxPadLanes = 2
	padStep     = 2 * lineSize
	// padCall keeps one call, which cannot be preempted, well below a
	// millisecond, also where the pads are not in the cache.
	padCall = 256 << 10
)

// padSteps are the kernels for one number of lanes.
type padSteps struct{ fill, drain, drainStir, stir func(*padContext) }

// padCipher does the steps before and after the main loop in assembly: explode
// and implode of Hasher for several lanes.
type padCipher struct {
	ctx *padContext
	// steps is indexed by how many lanes are worked on at once, less one.
	steps []padSteps
}

// newPadCipher returns the fastest for a processor that has AES at least.
func newPadCipher(features cpufeature.Features) *padCipher {
	return &padCipher{ctx: newAligned[padContext](), steps: padStepsFor(features)}
}

func padStepsFor(features cpufeature.Features) []padSteps {
	switch {
	case features.Has(cpufeature.AVX512 | cpufeature.VAES):
		return []padSteps{
			{fillVAES512, drainVAES512, drainStirVAES512, stirVAES512},
			{fillVAES512x2, drainVAES512x2, drainStirVAES512x2, stirVAES512x2},
		}
	case features.Has(cpufeature.AVX2 | cpufeature.VAES):
		return []padSteps{
			{fillVAES256, drainVAES256, drainStirVAES256, stirVAES256},
			{fillVAES256x2, drainVAES256x2, drainStirVAES256x2, stirVAES256x2},
		}
	default:
		return []padSteps{{fillAES, drainAES, drainStirAES, stirAES}}
	}
}

// explode is Hasher.explode for every lane. All are of the same algorithm.
func (p *padCipher) explode(lanes []*Hasher) {
	if !lanes[0].variant.float {
		p.each(lanes, p.explodeSome)
		return
	}
	for _, h := range lanes {
		h.explodeKeccak()
	}
}

// implode is Hasher.implode for every lane. All are of the same algorithm.
func (p *padCipher) implode(lanes []*Hasher) { p.each(lanes, p.implodeSome) }

// each calls do with as many lanes at a time as there are kernels for.
func (p *padCipher) each(lanes []*Hasher, do func([]*Hasher, *padSteps)) {
	for len(lanes) > 0 {
		n := min(len(p.steps), len(lanes))
		do(lanes[:n], &p.steps[n-1])
		lanes = lanes[n:]
	}
}

func (p *padCipher) explodeSome(lanes []*Hasher, steps *padSteps) {
	for i, h := range lanes {
		p.ctx.lanes[i].start(h, [4]uint64(h.state[0:4]))
	}
	if lanes[0].variant.heavy {
		p.stir(steps)
	}
	p.run(lanes, steps.fill)
}

func (p *padCipher) implodeSome(lanes []*Hasher, steps *padSteps) {
	for i, h := range lanes {
		p.ctx.lanes[i].start(h, [4]uint64(h.state[4:8]))
	}
	if lanes[0].variant.heavy {
		p.run(lanes, steps.drainStir)
		p.run(lanes, steps.drainStir)
		p.stir(steps)
	} else {
		p.run(lanes, steps.drain)
	}
	for i, h := range lanes {
		h.setText(&p.ctx.lanes[i].text)
	}
}

// stir makes the steps that touch no pad.
func (p *padCipher) stir(steps *padSteps) {
	p.ctx.size = heavyStirs * padStep
	steps.stir(p.ctx)
}

// run takes a kernel over the whole pads.
func (p *padCipher) run(lanes []*Hasher, kernel func(*padContext)) {
	size := len(lanes[0].pad) * lineSize
	for done := 0; done < size; {
		now := min(padCall, size-done)
		done += now
		p.ctx.size = uint64(now)
		for i, h := range lanes {
			p.ctx.lanes[i].end = uintptr(unsafe.Pointer(unsafe.SliceData(h.pad))) + uintptr(done)
		}
		callKernel(kernel, p.ctx)
	}
}

// start gives the lane the text of h, and the keys that derive from key.
func (l *padLane) start(h *Hasher, key [4]uint64) {
	var keys aes.Keys
	keys.Expand(key)
	for i, k := range keys {
		l.keys[i] = [4]block{k, k, k, k}
	}
	l.text = h.text()
}

// newAligned allocates a T on a multiple of 64 bytes, which Go alone does not
// promise. T must hold no pointers.
func newAligned[T any]() *T {
	const alignment = 64
	memory := make([]byte, unsafe.Sizeof(*new(T))+alignment)
	start := uintptr(unsafe.Pointer(&memory[0]))
	return (*T)(unsafe.Pointer(&memory[-start%alignment]))
}
