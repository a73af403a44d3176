package main

import (
	"fmt"
	"slices"

	. "github.com/mmcloughlin/avo/operand"
)

// search describes the search for nonces: batches of one nonce a lane, of
// which only the first word of the hash is computed, and compared with a
// limit.
//
// Within a call only some bytes of one word of the message change. So the
// first round's linear part needs to be computed for that word only, and what
// the other words contribute comes with the context. There is a first round
// for each of the four words.
func (k *eagle) search(name string) {
	k.start(name, fmt.Sprintf("%s is searchPortable for %d lanes.", name, k.lanes))
	hits, batches, word := k.GP64(), k.GP64(), k.GP64()
	k.LEAQ(k.at(eagleHits), hits)
	k.MOVQ(k.at(eagleBatches), batches)
	k.MOVQ(k.at(eagleWord), word)

	k.Label("batch")
	k.LEAQ(k.table.Offset(4*eagleWords), k.constants)
	rolled := at(len(k.registers) - 1)
	k.special.count(k, k.registers[rolled.register])
	for n := 1; n < 4; n++ {
		k.CMPQ(word, Imm(uint64(n)))
		k.JEQ(LabelRef(fmt.Sprintf("first%d", n)))
	}
	for n := range 4 {
		k.Label(fmt.Sprintf("first%d", n))
		k.firstRound(n, rolled)
		if n < 3 {
			k.JMP(LabelRef("rest"))
		}
	}
	k.Label("rest")
	k.loop("round", eagleRounds-3)
	sum := k.lastRounds()
	k.special.compare(k, k.registers[sum.home.register], hits)
	k.ADDQ(Imm(2), hits)
	k.DECQ(batches)
	k.JNE(LabelRef("batch"))
	k.VZEROUPPER()
	k.RET()
}

// firstRound emits the first round, in which only the n-th word is rolled.
func (k *eagle) firstRound(n int, rolled home) {
	f := k.newFlow()
	w := input(rolled)
	rotations := map[int]*wire{}
	rotate := func(amount int) *wire {
		if rotations[amount] == nil {
			rotations[amount] = f.rotate(w, amount)
		}
		return rotations[amount]
	}
	var x eagleState
	for j := range x {
		rest := k.at(eagleFirst + 4*j)
		if slices.Contains(eagleSources[j], n) {
			x[j] = f.total(&rest, w, rotate(eagleRotations[j][0]), rotate(eagleRotations[j][1]))
		} else {
			x[j] = f.load(rest)
		}
		if j%2 == 1 {
			x[j-1], x[j] = f.mix(x[j-1], x[j])
		}
	}
	k.finishRound(f, x)
}

// lastRounds emits the last round but one as far as the last one needs it, and
// of that the sum which the first word of the hash is a rotation of.
func (k *eagle) lastRounds() *wire {
	f := k.newFlow()
	x := f.round(k.ladder, k.inputs(), k.constant(0))
	folded := k.constant(2)
	common := f.total(nil, x[0], x[4], x[12], x[15])
	a := f.total(folded(0), common, x[5], x[6], x[7])
	b := f.total(folded(1), common, x[1], x[8], x[13])
	sum := f.add(f.circulant(0, a, nil), f.circulant(1, b, nil))
	sum.home = at(len(k.registers) - 1)
	k.emit(f, []*wire{sum})
	return sum
}
