//go:build amd64 && !purego

package cryptonight

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/internal/cpufeature"
	"github.com/aditmine/adit/hash/internal/pages"
)

// MaxLanes is how many hashes one Hasher can work on at once.
const MaxLanes = 16

// multi hashes several messages at once: each has a portable Hasher to itself
// for everything but the main loop, which assembly makes for all of them in
// turn.
type multi struct {
	algorithm *hash.Algorithm
	impl      string
	pads      *padCipher
	loop      mainLoop
	lanes     []*Hasher
	memory    *pages.Memory // of the lanes' pads
}

// mainLoop makes the main loops of hashers whose pads are filled.
type mainLoop interface {
	run(lanes []*Hasher)
	// close frees what the loop holds.
	close() error
}

// NewLanes allocates scratchpads for as many hashes of a at once as there are
// lanes, from 1 to MaxLanes. They are worked on in assembly of the given level,
// which must not be the generic one.
func NewLanes(a *hash.Algorithm, level cpufeature.Level, lanes int) (hash.Hasher, error) {
	m, err := newMulti(a, level, lanes)
	if err != nil {
		return nil, err
	}
	m.impl, m.loop = level.Name, newMainLoop(a, cpufeature.Detect()&level.May)
	return m, nil
}

// newMulti returns a hasher without a main loop.
func newMulti(a *hash.Algorithm, level cpufeature.Level, lanes int) (*multi, error) {
	features := cpufeature.Detect() & level.May
	if missing := (level.Needs | cpufeature.AES) &^ features; missing != 0 {
		return nil, fmt.Errorf("hashing %s with %s: this processor lacks %v", a.Name, level.Name, missing)
	}
	if lanes < 1 || lanes > MaxLanes {
		return nil, fmt.Errorf("hashing %s with %d lanes: want 1 to %d", a.Name, lanes, MaxLanes)
	}
	v, ok := variantOf(a)
	if !ok {
		return nil, fmt.Errorf("algorithm %s is not of the CryptoNight family", a.Name)
	}
	memory, pads, err := newScratchpads(lanes, a.Scratchpad)
	if err != nil {
		return nil, err
	}
	m := &multi{algorithm: a, memory: memory, pads: newPadCipher(features)}
	for _, pad := range pads {
		m.lanes = append(m.lanes, &Hasher{algorithm: a, variant: v, pad: pad, finals: newFinals(features)})
	}
	return m, nil
}

// Algorithm says what is computed.
func (m *multi) Algorithm() *hash.Algorithm { return m.algorithm }

// Impl returns the name of the main loop.
func (m *multi) Impl() string { return m.impl }

// Lanes is the number that NewLanes was given.
func (m *multi) Lanes() int { return max(1, len(m.lanes)) }

// Memory says what pages the scratchpads lie in.
func (m *multi) Memory() hash.MemoryStatus { return m.memory.Status() }

// Close frees the scratchpads.
func (m *multi) Close() error {
	if m.lanes == nil {
		return nil
	}
	m.lanes = nil
	return errors.Join(m.loop.close(), m.memory.Close())
}

// Hash writes the digest of in[i] to out[i].
func (m *multi) Hash(out []hash.Digest, in []hash.Input) error {
	if m.lanes == nil {
		return hash.ErrClosed
	}
	if err := m.algorithm.CheckCall(m.Lanes(), out, in); err != nil {
		return err
	}
	lanes := m.lanes[:len(in)]
	for i, h := range lanes {
		h.prepare(&in[i])
	}
	m.pads.explode(lanes)
	m.loop.run(lanes)
	m.pads.implode(lanes)
	for i, h := range lanes {
		h.state.Permute()
		out[i] = h.final()
	}
	runtime.KeepAlive(m) // and with it the memory, of which assembly has addresses only
	return nil
}

// UsedFeatures returns those among some features that decide which code NewLanes
// and NewJIT run for a: sets with the same result give the same code.
func UsedFeatures(a *hash.Algorithm, features cpufeature.Features) cpufeature.Features {
	used := features & (cpufeature.AES | cpufeature.AVX2)
	if a.NeedsHeight {
		used |= jitFeatures(features)
	}
	if v, _ := variantOf(a); v.float {
		used |= features & cpufeature.AVX512
	}
	for _, wide := range []cpufeature.Features{
		cpufeature.AVX2 | cpufeature.VAES,
		cpufeature.AVX512 | cpufeature.VAES,
	} {
		if features.Has(wide) {
			used |= wide
		}
	}
	return used
}

// newMainLoop returns the fastest main loop for a.
func newMainLoop(a *hash.Algorithm, features cpufeature.Features) mainLoop {
	if v, _ := variantOf(a); v.float {
		return newFloatLoop(a, features)
	}
	kernels := laneLoop(a, features)
	if kernels.several == nil {
		return portableLoop{}
	}
	return &kernelLoop{kernels: kernels, ctx: newLoopContext(a.AddressMask), turns: a.Iterations}
}

// kernelLoop interleaves the lanes in assembly.
type kernelLoop struct {
	kernels laneKernels
	ctx     *loopContext
	turns   int
}

func (l *kernelLoop) run(lanes []*Hasher) {
	for i, h := range lanes {
		l.ctx.start(i, h)
	}
	l.ctx.run(l.kernels.forLanes(len(lanes)), len(lanes), l.turns)
}

func (l *kernelLoop) close() error { return nil }

// portableLoop takes one lane after the other.
type portableLoop struct{}

func (portableLoop) run(lanes []*Hasher) {
	for _, h := range lanes {
		h.variant.loop(h)
	}
}

func (portableLoop) close() error { return nil }
