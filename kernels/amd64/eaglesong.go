package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/bits"
	"path/filepath"
	"strconv"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets in the Go type kernelContext.
const (
	eagleStates   = 0
	eagleSpill    = 1024
	eagleMessages = 1536
	eagleDigests  = 2304
	eagleMiddle   = 2816
	eagleFirst    = 2880
	eagleCounters = 2944
	eagleStride   = 3008
	eagleLimit    = 3012
	eagleWord     = 3016
	eagleBatches  = 3024
	eagleHits     = 3032

	// eagleSpills is how many spilled wires there is room for.
	eagleSpills = 16
)

// eagleConstants reads the injection constants from the portable package.
func eagleConstants() (constants [eagleRounds][eagleWords]uint32) {
	path := filepath.Join(root, "hash/eaglesong/constants.go")
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		panic(err)
	}
	n := 0
	ast.Inspect(file, func(node ast.Node) bool {
		if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.INT {
			value, err := strconv.ParseUint(literal.Value, 0, 32)
			if err != nil {
				panic(err)
			}
			constants[n/eagleWords][n%eagleWords] = uint32(value)
			n++
		}
		return true
	})
	if n != eagleRounds*eagleWords {
		panic(fmt.Sprintf("%s has %d constants", path, n))
	}
	return constants
}

// eagleTable lists what is added in each round, in the order of the ladder's
// slots if it has any; then what is added to the first two words of the last
// round if that is done before the circulant multiplication.
func eagleTable(l *ladder) (table []uint32) {
	constants := eagleConstants()
	for _, round := range constants {
		if l.inputs == 2 {
			table = append(table, round[:]...)
			continue
		}
		for _, s := range l.slots() {
			var sum uint32
			for j, c := range round {
				if s.words>>j&1 != 0 {
					sum ^= foldBack(j, c)
				}
			}
			table = append(table, sum)
		}
	}
	last := constants[eagleRounds-1]
	return append(table, foldBack(0, last[0]), foldBack(1, last[1]))
}

// foldBack divides by 1+X^a+X^b modulo X^32+1, so that a constant can be added
// before the circulant multiplication instead of after it. With Y = X+1, such a
// polynomial is 1+Y*q, and its 32nd power is 1+Y^32*q^32 = 1. So the 31st power
// is the inverse.
func foldBack(j int, c uint32) uint32 {
	for range 31 {
		c ^= bits.RotateLeft32(c, eagleRotations[j][0]) ^ bits.RotateLeft32(c, eagleRotations[j][1])
	}
	return c
}

// eagleSpecial is what instruction sets do in their own way beside the steps of
// flows.
type eagleSpecial interface {
	// words says where the state is between rounds.
	words(k *eagle) [eagleWords]home
	// count makes the words that are rolled, and the counters those of the
	// next batch.
	count(k *eagle, to reg.Register)
	// compare stores at hits which lanes have a hash that is at most the limit.
	compare(k *eagle, sum, hits reg.Register)
	xor(k *eagle, a, b, to reg.Register)
	// insert reads the q-th 128 bits of a register, and clears what is above
	// the first.
	insert(k *eagle, q int, m Mem, to reg.Register)
	// extract writes the q-th 128 bits of a register.
	extract(k *eagle, q int, from reg.Register, m Mem)
}

// eagle describes the kernels of one instruction set.
type eagle struct {
	*emitter
	special eagleSpecial
	ladder  *ladder
	suffix  string // of the names of the functions
	lanes   int
	masks   *eagleMasks
	// table are the constants: 16 for each round, then what lastRounds adds.
	table Mem
	// words are where the state is between rounds.
	words [eagleWords]home

	context, constants reg.GPVirtual
}

func (k *eagle) at(offset int) Mem { return Mem{Base: k.context, Disp: offset} }

func (k *eagle) newFlow() *flow {
	return &flow{shifts: k.lanes == 8, late: k.lanes == 8}
}

func (k *eagle) inputs() (x eagleState) {
	for j := range x {
		x[j] = input(k.words[j])
	}
	return x
}

// finishRound emits a flow whose results are the next state.
func (k *eagle) finishRound(f *flow, x eagleState) {
	for j, w := range x {
		w.home = k.words[j]
	}
	k.emit(f, x[:])
}

// loop emits a loop of whole rounds.
func (k *eagle) loop(label string, rounds int) {
	turns := k.GP64()
	k.MOVQ(U32(rounds), turns)
	k.Label(label)
	f := k.newFlow()
	k.finishRound(f, f.round(k.ladder, k.inputs(), k.constant(0)))
	k.ADDQ(Imm(4*eagleWords), k.constants)
	k.DECQ(turns)
	k.JNE(LabelRef(label))
}

// constant returns the constants of the round that many rounds from the
// current one.
func (k *eagle) constant(round int) func(i int) *Mem {
	return func(i int) *Mem { return &Mem{Base: k.constants, Disp: 4 * (eagleWords*round + i)} }
}

// start starts a function.
func (k *eagle) start(name, doc string) {
	k.function(name, "func(ctx *kernelContext)", doc)
	k.context, k.constants = k.GP64(), k.GP64()
	k.Load(k.Param("ctx"), k.context)
	k.words = k.special.words(k)
}

// stateWord is where a word of the state is in the context.
func (k *eagle) stateWord(j int) Mem { return k.at(eagleStates + 64*j) }

// words32 is read-only data: 32-bit words in little-endian order.
func (g *generator) words32(name string, words ...uint32) Mem {
	for len(words)%2 != 0 {
		words = append(words, 0)
	}
	pairs := make([]uint64, len(words)/2)
	for i := range pairs {
		pairs[i] = uint64(words[2*i]) | uint64(words[2*i+1])<<32
	}
	return g.constant(name, pairs...)
}

// bytesOfWords is a permutation of the bytes of each word, for a whole
// register.
func (g *generator) bytesOfWords(name string, from [4]byte) Mem {
	words := make([]uint32, eagleWords)
	for i := range words {
		for k, b := range from {
			words[i] |= uint32(b+byte(i%4*4)) << (8 * k)
		}
	}
	return g.words32(name, words...)
}
