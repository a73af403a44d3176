//go:build amd64 && !purego

package cryptonight

import (
	"unsafe"

	"github.com/aditmine/adit/hash/internal/cpufeature"
	"github.com/aditmine/adit/hash/internal/x64"
)

// machineCode is a compiled main loop. It can lie anywhere in memory.
type machineCode struct {
	bytes []byte
	// entry is the offset where it begins. It is called with a jitContext in
	// RDI, uses no stack, and keeps RBP and RSP only.
	entry int
}

// compileLoop compiles loopRandom with p as its program, for a number of lanes
// and with the features, which must include AES.
func compileLoop(p *Program, lanes int, features cpufeature.Features) machineCode {
	if lanes <= scalarLanes || !features.Has(cpufeature.AVX2) {
		return compileScalar(p, lanes)
	}
	return compileVector(p, lanes, features.Has(cpufeature.AVX512))
}

// jitFeatures are those that compileLoop looks at.
func jitFeatures(features cpufeature.Features) cpufeature.Features {
	for _, used := range []cpufeature.Features{
		cpufeature.AES | cpufeature.AVX2 | cpufeature.AVX512,
		cpufeature.AES | cpufeature.AVX2,
	} {
		if features.Has(used) {
			return used
		}
	}
	return features & cpufeature.AES
}

// compileTurns writes a loop of two passes over all lanes. As with the other
// variants' loops, that leaves the time that the others take for a line to
// arrive in the cache.
func compileTurns(a *x64.Assembler, pass lanePass, first, second func(lanes int)) machineCode {
	entry := a.Len()
	a.AddImm64(x64.RDI, shortReach)
	if pass.prepare != nil {
		pass.prepare()
	}
	top := a.Len()
	pass.write(a, first)
	pass.write(a, second)
	a.Dec64(x64.Mem{Base: x64.RDI, Disp: int32(unsafe.Offsetof(jitContext{}.turns)) - shortReach})
	a.JNZ(top)
	if a.AVX {
		a.ZeroUpper()
	}
	a.Ret()
	return machineCode{bytes: a.Bytes(), entry: entry}
}

// lanePass is how code goes over all lanes, a few at a time.
type lanePass struct {
	// lanes are worked on width at a time, the last ones in a smaller number.
	lanes, width int
	// steps are what registers that point to some lanes advance by.
	steps []step
	// loop is whether there is a loop, which counts with a register that bodies
	// keep. Otherwise the body is written over and over.
	loop    bool
	counter x64.Reg
	// prepare loads registers, nil if there are none besides RDI.
	prepare func()
}

type step struct {
	register x64.Reg
	size     int32
}

// write writes body for all lanes. Afterwards the registers point to the first
// ones again.
func (p *lanePass) write(a *x64.Assembler, body func(lanes int)) {
	if p.lanes <= p.width {
		body(p.lanes)
		return
	}
	whole, rest := p.lanes/p.width, p.lanes%p.width
	p.repeat(a, whole, func() {
		body(p.width)
		p.move(a, 1)
	})
	if rest > 0 {
		body(rest)
	}
	p.move(a, -whole)
}

func (p *lanePass) repeat(a *x64.Assembler, n int, body func()) {
	if !p.loop || n == 1 {
		for range n {
			body()
		}
		return
	}
	a.MovImm32(p.counter, uint32(n))
	top := a.Len()
	body()
	a.Dec64(p.counter)
	a.JNZ(top)
}

// move makes the registers point n times width lanes further.
func (p *lanePass) move(a *x64.Assembler, n int) {
	for _, s := range p.steps {
		a.AddImm64(s.register, s.size*int32(n))
	}
}
