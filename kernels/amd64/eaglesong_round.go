package main

import (
	. "github.com/mmcloughlin/avo/operand"
)

// eagleRotations are those of the circulant multiplication: word j becomes
// x ^ rotl(x, a) ^ rotl(x, b).
var eagleRotations = [eagleWords][2]int{
	{2, 4}, {13, 22}, {4, 19}, {3, 14}, {27, 31}, {3, 8}, {17, 26}, {3, 12},
	{18, 22}, {12, 18}, {4, 7}, {4, 31}, {12, 27}, {7, 17}, {7, 8}, {1, 13},
}

// eagleState is Eaglesong's, with nil for words that are not there.
type eagleState [eagleWords]*wire

// round adds a whole round to the flow. Its constants are those for the slots
// of a ladder that has any, otherwise one for each word.
func (f *flow) round(l *ladder, x eagleState, constants func(i int) *Mem) eagleState {
	terms := append([]*wire{}, x[:]...)
	slots := map[int]*Mem{}
	late := func(int) *Mem { return nil }
	if l.inputs == 2 {
		late = constants
	} else {
		for i, s := range l.slots() {
			slots[s.sum] = constants(i)
		}
	}
	outputs := l.outputs()
	var next eagleState
	for i, sum := range l.sums {
		in := make([]*wire, len(sum))
		for k, term := range sum {
			in[k] = terms[term]
		}
		terms = append(terms, f.sum(slots[i], in...))
		if !f.late {
			f.mixReady(terms, outputs, late, &next)
		}
	}
	f.mixReady(terms, outputs, late, &next)
	return next
}

// mixReady does the rest of the round for pairs of words that the ladder has
// got to by now.
func (f *flow) mixReady(terms []*wire, outputs [eagleWords]int, late func(int) *Mem, next *eagleState) {
	for j := 0; j < eagleWords; j += 2 {
		if next[j] == nil && max(outputs[j], outputs[j+1]) < len(terms) {
			a := f.circulant(j, terms[outputs[j]], late(j))
			b := f.circulant(j+1, terms[outputs[j+1]], late(j+1))
			next[j], next[j+1] = f.mix(a, b)
		}
	}
}

// circulant multiplies word j, and adds a constant, if any.
func (f *flow) circulant(j int, x *wire, constant *Mem) *wire {
	a, b := f.rotate(x, eagleRotations[j][0]), f.rotate(x, eagleRotations[j][1])
	return f.sum(constant, x, a, b)
}

// mix is the nonlinear part: add, rotate, add.
func (f *flow) mix(a, b *wire) (*wire, *wire) {
	first := f.rotate(f.add(a, b), 8)
	return first, f.add(f.rotate(b, 24), first)
}
