package main

import (
	"fmt"
	"math/bits"
)

const (
	eagleWords  = 16
	eagleRounds = 43
)

// eagleSources lists which state words each output word of Eaglesong's bit
// matrix is the sum of: the columns of the matrix in RFC 0010.
var eagleSources = [eagleWords][]int{
	{0, 4, 5, 6, 7, 12, 15},
	{0, 1, 4, 8, 12, 13, 15},
	{0, 1, 2, 4, 6, 7, 9, 12, 13, 14, 15},
	{0, 1, 2, 3, 4, 6, 8, 10, 12, 13, 14},
	{1, 2, 3, 4, 5, 7, 9, 11, 13, 14, 15},
	{0, 2, 3, 7, 8, 10, 14},
	{1, 3, 4, 8, 9, 11, 15},
	{0, 2, 6, 7, 9, 10, 15},
	{0, 1, 3, 4, 5, 6, 8, 10, 11, 12, 15},
	{0, 1, 2, 9, 11, 13, 15},
	{0, 1, 2, 3, 4, 5, 6, 7, 10, 14, 15},
	{0, 1, 2, 3, 8, 11, 12},
	{1, 2, 3, 4, 9, 12, 13},
	{2, 3, 4, 5, 10, 13, 14},
	{3, 4, 5, 6, 11, 14, 15},
	{0, 1, 2, 3, 5, 7, 8, 9, 10, 11, 15},
}

// A ladder is a way of computing the bit matrix: a list of sums of earlier
// terms. Terms 0 to 15 are the state words, term 16+i is the sum at index i.
//
// The two ladders here were found by a randomised search that starts from the
// state words and keeps adding the sum that brings the outputs nearest,
// measured by how many terms each of them still needs; then drops some of the
// sums and starts again from the rest. They count on cancellation, so they are
// much shorter than what the matrix' own structure suggests (75 sums of two).
type ladder struct {
	sums [][]int
	// inputs is how many terms one instruction adds: 2, or 3.
	inputs int
}

// words returns the sums over state words that the terms stand for, as sets.
func (l *ladder) words() []uint16 {
	terms := make([]uint16, eagleWords, eagleWords+len(l.sums))
	for i := range terms {
		terms[i] = 1 << i
	}
	for _, sum := range l.sums {
		if len(sum) < 2 || len(sum) > l.inputs {
			panic(fmt.Sprintf("a sum of %d terms in a ladder for %d", len(sum), l.inputs))
		}
		var set uint16
		for _, term := range sum {
			set ^= terms[term]
		}
		terms = append(terms, set)
	}
	return terms
}

// outputs returns the terms that are the words of the matrix' product.
func (l *ladder) outputs() (terms [eagleWords]int) {
	words := l.words()
	for j, sources := range eagleSources {
		var set uint16
		for _, k := range sources {
			set |= 1 << k
		}
		terms[j] = -1
		for i, word := range words {
			if word == set {
				terms[j] = i
			}
		}
		if terms[j] < 0 {
			panic(fmt.Sprintf("the ladder does not compute word %d", j))
		}
	}
	return terms
}

// ladderSlot is a place for a constant: an input of an instruction that the sum with
// that index has to spare. The constant is the sum of those of the state words
// in the set.
type ladderSlot struct {
	sum   int
	words uint16
}

// slots says where to add constants so that each output gets its own.
//
// A constant goes into all outputs in which its slot's sum takes part. So the
// constants are the solution of a linear system, which is solved by
// elimination: a row for each output, with the slots that it takes part of and
// the words whose constants it wants.
func (l *ladder) slots() []ladderSlot {
	spare := []int{}
	reach := make([]uint64, eagleWords, eagleWords+len(l.sums)) // of each term, as indexes of spare
	for i, sum := range l.sums {
		var set uint64
		for _, term := range sum {
			set ^= reach[term]
		}
		if len(sum) < l.inputs {
			set ^= 1 << len(spare)
			spare = append(spare, i)
		}
		reach = append(reach, set)
	}
	type row struct {
		slots uint64
		words uint16
	}
	var rows [eagleWords]row
	for j, term := range l.outputs() {
		rows[j] = row{reach[term], 1 << j}
	}
	chosen := make([]ladderSlot, eagleWords)
	for i := range rows {
		if rows[i].slots == 0 {
			panic("the ladder has too few spare inputs for the constants")
		}
		pivot := bits.Len64(rows[i].slots) - 1
		chosen[i].sum = spare[pivot]
		for k := range rows {
			if k != i && rows[k].slots>>pivot&1 != 0 {
				rows[k].slots ^= rows[i].slots
				rows[k].words ^= rows[i].words
			}
		}
	}
	for i := range chosen {
		chosen[i].words = rows[i].words // slots that are not chosen stay empty
	}
	return chosen
}
