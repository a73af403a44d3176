package main

import (
	"math/bits"
	"math/rand/v2"
	"testing"
)

func TestFoldBackUndoesTheCirculant(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for j, by := range eagleRotations {
		want := random.Uint32()
		c := foldBack(j, want)
		if got := c ^ bits.RotateLeft32(c, by[0]) ^ bits.RotateLeft32(c, by[1]); got != want {
			t.Errorf("word %d: %08x, want %08x", j, got, want)
		}
	}
}

// With the constants in their slots, a ladder adds to each word of the matrix'
// product the constant of that word, and no other.
func TestLaddersComputeTheMatrix(t *testing.T) {
	for _, l := range []*ladder{&ladderOfTwo, &ladderOfThree} {
		constants := make([]uint16, len(l.sums))
		if l.inputs > 2 {
			for _, s := range l.slots() {
				if len(l.sums[s.sum]) == l.inputs {
					t.Fatalf("sum %d has no input to spare", s.sum)
				}
				constants[s.sum] ^= s.words
			}
		}
		added := make([]uint16, eagleWords)
		for i, sum := range l.sums {
			set := constants[i]
			for _, term := range sum {
				set ^= added[term]
			}
			added = append(added, set)
		}
		words, outputs := l.words(), l.outputs()
		for j, sources := range eagleSources {
			var want uint16
			for _, k := range sources {
				want |= 1 << k
			}
			if got := words[outputs[j]]; got != want {
				t.Errorf("word %d is the sum of %016b, want %016b", j, got, want)
			}
			if got := added[outputs[j]]; l.inputs > 2 && got != 1<<j {
				t.Errorf("word %d gets the constants %016b", j, got)
			}
		}
	}
}

func TestIncompleteLadder(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a ladder that lacks an output was taken")
		}
	}()
	l := ladder{inputs: 2, sums: ladderOfTwo.sums[:40]}
	l.outputs()
}
