package main

import (
	"slices"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// emitter turns flows into instructions: it gives wires registers, moves the
// ones that are not needed for longest to memory when there are too few, and
// lets instructions take operands from there.
type emitter struct {
	*generator
	set instructionSet
	// spill is memory for wires that are moved out.
	spill []Mem

	registers []reg.Register
	holders   []*wire // of the registers
	vacant    []Mem   // spill memory that is free after the current step
	tenants   map[Mem]*wire
	// byteRotations permute the bytes of every word.
	byteRotations map[int]Op
	now           int
}

// instructionSet is how steps are carried out.
type instructionSet interface {
	load(e *emitter, m Mem, to reg.Register)
	store(e *emitter, from reg.Register, m Mem)
	move(e *emitter, from, to reg.Register)
	// step carries out one step whose inputs are in place.
	step(e *emitter, w *wire)
	// inMemory says how many inputs of a step may be in memory.
	inMemory(w *wire) int
}

// at asks for a wire to be in a register at the start or the end.
func at(register int) home { return home{set: true, register: register} }

// inMemory asks for a wire to be in memory at the start or the end.
func inMemory(m Mem) home { return home{set: true, register: -1, memory: &m} }

// input makes a wire that is where h says at the start.
func input(h home) *wire { return &wire{op: opInput, home: h} }

// emit writes the steps that the outputs need. Afterwards each output is in
// its home, if it has one.
func (e *emitter) emit(f *flow, outputs []*wire) {
	f.finish(outputs)
	e.holders = make([]*wire, len(e.registers))
	e.tenants = map[Mem]*wire{}
	inputs := e.count(f, outputs)
	for _, w := range inputs {
		e.place(w)
	}
	for i, w := range f.steps {
		e.now = i
		e.prepare(w)
		e.set.step(e, w)
		e.keep(w)
		e.spill, e.vacant = append(e.spill, e.vacant...), nil
	}
	for _, w := range outputs {
		if h := w.home; h.set && h.memory == nil && w.register != h.register {
			if e.holders[h.register] != nil {
				panic("the home of an output is taken")
			}
			e.set.move(e, e.registers[w.register], e.registers[h.register])
		}
	}
}

// count notes who reads what, and returns the inputs that are read.
func (e *emitter) count(f *flow, outputs []*wire) (inputs []*wire) {
	read := func(w *wire, step int) {
		if w.op == opInput && len(w.reads) == 0 {
			inputs = append(inputs, w)
		}
		if !slices.Contains(w.reads, step) {
			w.reads = append(w.reads, step)
		}
	}
	for i, w := range f.steps {
		w.reads, w.register, w.memory = nil, -1, nil
		for _, in := range w.in {
			read(in, i)
		}
	}
	for _, w := range outputs {
		if w.home.memory == nil {
			read(w, len(f.steps))
		}
	}
	return inputs
}

func (e *emitter) place(w *wire) {
	w.register, w.memory = w.home.register, w.home.memory
	if w.memory != nil {
		e.tenants[*w.memory] = w
	} else {
		e.holders[w.register] = w
	}
}

// prepare brings the inputs of w to where its instructions can take them, as
// many in memory as they can be.
func (e *emitter) prepare(w *wire) {
	outside := 0
	for _, in := range w.in {
		if in.register >= 0 {
			continue
		}
		if outside++; outside > e.set.inMemory(w) {
			r := e.free(w, -1)
			e.set.load(e, *in.memory, e.registers[r])
			e.hold(in, r)
		}
	}
}

func (e *emitter) hold(w *wire, r int) {
	w.register = r
	e.holders[r] = w
}

// free returns a register that holds nothing, the wanted one if possible. It
// does not take one away from an input of w.
func (e *emitter) free(w *wire, wanted int) int {
	if wanted >= 0 && e.holders[wanted] == nil {
		return wanted
	}
	for r := len(e.holders) - 1; r >= 0; r-- {
		if e.holders[r] == nil {
			return r
		}
	}
	victim := -1
	for r, h := range e.holders {
		if slices.Contains(w.in, h) {
			continue
		}
		if victim < 0 || h.reads[0] > e.holders[victim].reads[0] {
			victim = r
		}
	}
	e.evict(e.holders[victim])
	return victim
}

// evict takes a wire's register away.
func (e *emitter) evict(w *wire) {
	if w.memory == nil {
		if len(e.spill) == 0 {
			panic("too many wires at once")
		}
		m := e.spill[len(e.spill)-1]
		e.spill = e.spill[:len(e.spill)-1]
		e.set.store(e, e.registers[w.register], m)
		w.memory, w.spilled = &m, true
	}
	e.holders[w.register] = nil
	w.register = -1
}

// release forgets the inputs of w that are not read any more.
func (e *emitter) release(w *wire) {
	for _, in := range w.in {
		if len(in.reads) == 0 || in.reads[0] > e.now {
			continue
		}
		in.reads = in.reads[1:]
		if len(in.reads) > 0 {
			continue
		}
		if in.register >= 0 {
			e.holders[in.register] = nil
		}
		if in.spilled {
			e.vacant = append(e.vacant, *in.memory)
		}
	}
}

// keep stores the result of a step if its home is memory.
func (e *emitter) keep(w *wire) {
	if w.home.memory == nil {
		return
	}
	if t := e.tenants[*w.home.memory]; t != nil && len(t.reads) > 0 {
		if t.register < 0 {
			panic("the home of an output is still read")
		}
		t.memory = nil
	}
	e.set.store(e, e.registers[w.register], *w.home.memory)
	w.memory = w.home.memory
	if len(w.reads) == 0 {
		e.holders[w.register] = nil
	}
}

// result finds a register for the result of w. Its inputs are given up before,
// so that it may be one of theirs.
func (e *emitter) result(w *wire) reg.Register {
	e.release(w)
	return e.fresh(w)
}

// fresh is the same, but the register is none of the inputs'.
func (e *emitter) fresh(w *wire) reg.Register {
	r := e.free(w, w.home.wanted())
	e.hold(w, r)
	return e.registers[r]
}

func (h home) wanted() int {
	if h.set {
		return h.register
	}
	return -1
}

// operand is where an input is.
func (e *emitter) operand(w *wire) Op {
	if w.register >= 0 {
		return e.registers[w.register]
	}
	return *w.memory
}

// replace gives the register of an input that is read for the last time to the
// result of w.
func (e *emitter) replace(w, in *wire) reg.Register {
	r := in.register
	e.release(w)
	e.hold(w, r)
	return e.registers[r]
}

// rotation is the operand that permutes bytes so that words are rotated.
func (e *emitter) rotation(amount int) Op { return e.byteRotations[amount] }
