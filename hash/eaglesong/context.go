package eaglesong

import "github.com/aditmine/adit/hash"

// maxLanes is the number of lanes of the widest kernel.
const maxLanes = 16

// batchesPerCall bounds the time of one call of a search kernel, which cannot
// be interrupted, to a fraction of a millisecond.
const batchesPerCall = 64

// kernelContext is what the kernels work on. kernels/amd64/eaglesong.go knows
// its layout.
type kernelContext struct {
	// state and spill are the assembly's working memory. Word j of the state of
	// lane i is state[j][i].
	state [stateWords][maxLanes]uint32
	spill [16][8]uint32

	// Hashing takes a message of each lane, and returns the digests.
	messages [maxLanes][MessageSize]byte
	digests  [maxLanes]hash.Digest
	// middle is the state after the first 32 bytes, with the delimiter, for
	// messages that begin alike. Only their tails matter then.
	middle state

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
