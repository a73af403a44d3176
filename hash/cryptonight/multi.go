//go:build amd64 && !purego

package cryptonight

import (
	"fmt"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/internal/cpufeature"
)

// ImplAES is the name of the implementation that NewLanes returns.
const ImplAES = "aes"

// MaxLanes is how many hashes one Hasher can work on at once.
const MaxLanes = 16

// LanesNeed is what NewLanes needs of the processor.
const LanesNeed = cpufeature.AES

// multi hashes several messages at once: each has a portable Hasher to itself
// for everything but the main loop, which assembly makes for all of them in
// turn.
type multi struct {
	algorithm *hash.Algorithm
	loop      mainLoop
	lanes     []*Hasher
}

// mainLoop makes the main loops of hashers whose pads are filled.
type mainLoop interface {
	run(lanes []*Hasher)
}

// NewLanes allocates scratchpads for as many hashes of a at once as there are
// lanes, from 1 to MaxLanes.
func NewLanes(a *hash.Algorithm, lanes int) (hash.Hasher, error) {
	if missing := LanesNeed &^ cpufeature.Detect(); missing != 0 {
		return nil, fmt.Errorf("hashing %s with several lanes: this processor lacks %v", a.Name, missing)
	}
	if lanes < 1 || lanes > MaxLanes {
		return nil, fmt.Errorf("hashing %s with %d lanes: want 1 to %d", a.Name, lanes, MaxLanes)
	}
	m := &multi{algorithm: a, loop: newMainLoop(a)}
	for range lanes {
		h, err := New(a)
		if err != nil {
			return nil, err
		}
		m.lanes = append(m.lanes, h.(*Hasher))
	}
	return m, nil
}

// Algorithm says what is computed.
func (m *multi) Algorithm() *hash.Algorithm { return m.algorithm }

// Impl returns "aes".
func (m *multi) Impl() string { return ImplAES }

// Lanes is the number that NewLanes was given.
func (m *multi) Lanes() int { return max(1, len(m.lanes)) }

// Close drops the scratchpads.
func (m *multi) Close() error {
	m.lanes = nil
	return nil
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
		h.explode()
	}
	m.loop.run(lanes)
	for i, h := range lanes {
		h.implode()
		h.state.Permute()
		out[i] = h.final()
	}
	return nil
}

// newMainLoop returns the fastest main loop for a.
func newMainLoop(a *hash.Algorithm) mainLoop {
	if kernel := laneLoop(a); kernel != nil {
		ctx := newLoopContext()
		ctx.mask = uint64(a.AddressMask)
		return &kernelLoop{kernel: kernel, ctx: ctx, turns: a.Iterations}
	}
	return portableLoop{}
}

// kernelLoop interleaves the lanes in assembly.
type kernelLoop struct {
	kernel func(*loopContext)
	ctx    *loopContext
	turns  int
}

func (l *kernelLoop) run(lanes []*Hasher) {
	for i, h := range lanes {
		l.ctx.lanes[i].start(h)
	}
	l.ctx.run(l.kernel, len(lanes), l.turns)
}

// portableLoop takes one lane after the other.
type portableLoop struct{}

func (portableLoop) run(lanes []*Hasher) {
	for _, h := range lanes {
		h.variant.loop(h)
	}
}
