package eaglesong

import (
	"encoding/binary"

	"github.com/aditmine/adit/hash"
)

// maxLanes is the number of lanes of the widest kernel.
const maxLanes = 16

// batchesPerCall bounds the time of one call of a search kernel, which cannot
// be interrupted, to a fraction of a millisecond.
const batchesPerCall = 64

// kernelContext is what the assembly works on: kernels/amd64/eaglesong.go
// knows its layout. Its memory is its owner's alone, and may be anywhere.
type kernelContext struct {
	// start holds what a permutation begins with, word by word: word j of lane
	// i is start[j][i]; and state what it ends with.
	start [stateWords][maxLanes]uint32
	state [stateWords][maxLanes]uint32
	// spill is working memory.
	spill [16][8]uint32

	// What follows is a search. One word of the message is rolled: in each
	// lane it has, besides the bytes that stay, those of a counter in reverse
	// order. All counters grow by stride with every batch.
	//
	// first is what the linear part of the first round makes of rest, with the
	// round's constants.
	first    state
	counters [maxLanes]uint32
	stride   uint32
	// limit is the greatest value that the first four bytes of a hash, a
	// big-endian number, may have.
	limit uint32
	// word is the number of the word that is rolled, 0 to 3.
	word uint64
	// batches is how many to do, 1 to batchesPerCall.
	batches uint64
	// hits are the results: for each batch, the set of lanes whose hash meets
	// the limit.
	hits [batchesPerCall]uint16

	// rest is the state before the only permutation, without the rolled bytes.
	// Assembly does not know it.
	rest state
}

// digest squeezes the output of one lane into d.
func (c *kernelContext) digest(lane int, d *hash.Digest) {
	lane %= maxLanes
	s := &c.state
	binary.LittleEndian.PutUint64(d[0:], uint64(s[0][lane])|uint64(s[1][lane])<<32)
	binary.LittleEndian.PutUint64(d[8:], uint64(s[2][lane])|uint64(s[3][lane])<<32)
	binary.LittleEndian.PutUint64(d[16:], uint64(s[4][lane])|uint64(s[5][lane])<<32)
	binary.LittleEndian.PutUint64(d[24:], uint64(s[6][lane])|uint64(s[7][lane])<<32)
}
