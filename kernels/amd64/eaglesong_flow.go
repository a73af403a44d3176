package main

import (
	. "github.com/mmcloughlin/avo/operand"
)

// wire is a 32-bit word of every lane: an input of a flow, or the result of a
// step.
type wire struct {
	op     wireOp
	in     []*wire
	amount int // of a rotation or a shift

	// constant is what else is added by opSum, and what opLoad loads: 32 bits,
	// the same for every lane.
	constant *Mem

	// The rest belongs to the emitter.
	reads    []int // steps at which the wire is read, ascending
	register int   // -1 when there is none
	memory   *Mem  // a copy, nil when there is none
	home     home
	spilled  bool // memory is a spill slot
}

type wireOp int

const (
	opInput  wireOp = iota
	opSum           // exclusive or
	opAdd           // modulo 2^32
	opRotate        // to the left
	opLeft          // shift
	opRight         // shift
	opBytes         // rotation to the left by whole bytes, as a permutation of bytes
	opLoad
)

// home is where a wire must be at the end, or is at the start: in a register,
// in memory (register -1), or nowhere in particular.
type home struct {
	set      bool
	register int
	memory   *Mem
}

// flow is a piece of straight-line code over wires, in the order of execution.
type flow struct {
	steps []*wire
	// shifts makes rotations of two shifts, for want of an instruction.
	shifts bool
	// late puts all of a ladder before the rest of the round, so that the next
	// state may be stored where the old one was.
	late bool
}

func (f *flow) step(w *wire) *wire {
	f.steps = append(f.steps, w)
	return w
}

func (f *flow) load(m Mem) *wire { return f.step(&wire{op: opLoad, constant: &m}) }

// sum adds wires, and a constant if there is one: with AVX-512 no more than
// three inputs altogether.
func (f *flow) sum(constant *Mem, in ...*wire) *wire {
	return f.step(&wire{op: opSum, in: in, constant: constant})
}

func (f *flow) add(a, b *wire) *wire { return f.step(&wire{op: opAdd, in: []*wire{a, b}}) }

func (f *flow) shift(op wireOp, a *wire, amount int) *wire {
	return f.step(&wire{op: op, in: []*wire{a}, amount: amount})
}

func (f *flow) rotate(a *wire, amount int) *wire {
	switch {
	case amount%8 == 0:
		return f.shift(opBytes, a, amount)
	case f.shifts:
		return f.sum(nil, f.shift(opLeft, a, amount), f.shift(opRight, a, 32-amount))
	}
	return f.shift(opRotate, a, amount)
}

// total is the sum of any number of wires, in as many steps as it takes.
func (f *flow) total(constant *Mem, in ...*wire) *wire {
	if f.shifts {
		return f.sum(constant, in...)
	}
	for len(in) > 3 {
		in = append([]*wire{f.sum(nil, in[:3]...)}, in[3:]...)
	}
	if len(in) == 3 && constant != nil {
		in = []*wire{f.sum(nil, in...)}
	}
	return f.sum(constant, in...)
}

// finish drops the steps that the outputs do without.
func (f *flow) finish(outputs []*wire) {
	needed := map[*wire]bool{}
	var need func(*wire)
	need = func(w *wire) {
		if !needed[w] {
			needed[w] = true
			for _, in := range w.in {
				need(in)
			}
		}
	}
	for _, w := range outputs {
		need(w)
	}
	kept := f.steps[:0]
	for _, w := range f.steps {
		if needed[w] {
			kept = append(kept, w)
		}
	}
	f.steps = kept
}
