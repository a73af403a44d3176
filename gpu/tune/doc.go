// Package tune finds, by measuring, with which options a card searches an
// algorithm fastest, and remembers the answer in a file beside the processor's.
//
// How large a batch pays, how many work-items make a group, and how far to
// unroll the main loop depends on the card's caches, on its memory's latency,
// and on what its driver's compiler makes of the kernels: no table knows it.
// Only options with which the card finds the right hits, and all of them, are
// considered.
//
// It imports gpu, gpu/bench, hash, hash/cpu/tune/store and kernels/cl; cmd uses
// it.
package tune
