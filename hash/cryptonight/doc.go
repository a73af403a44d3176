// Package cryptonight is the CryptoNight family of proofs of work, all
// twenty-one variants that the registry of package hash knows. All of it exists
// in portable Go, which is the reference that the faster code is tested
// against, and what runs where there is none.
//
// Every variant has the same five steps:
//
//  1. The message is absorbed by Keccak, which leaves 200 bytes of state.
//  2. The scratchpad, 128 KiB to 4 MiB, is filled by encrypting 128 bytes of
//     the state over and over (explode.go); that of cn/gpu by Keccak (fill.go).
//  3. The main loop makes dependent reads and writes all over the pad. This is
//     what costs time and memory, and where variants differ (loop0.go,
//     loop1.go, loop2.go, looprandom.go, loopheavy.go, conceal.go,
//     loopfloat.go).
//  4. The pad is folded back into those 128 bytes (implode.go).
//  5. Keccak-f is applied to the state, two bits of which choose one of four
//     hash functions for the digest (final.go); cn/gpu takes the state itself.
//
// params.go maps each variant to its main loop. The random programs of cn/r
// are in program.go (what they are) and generate.go (how a height gives one).
//
// Processors of the amd64 kind work on several messages at once (multi.go),
// with assembly for the pads (pads.go) and the main loops (lanes.go); that of
// cn/gpu works on the many numbers of one message at once (floatlanes.go). cn/r's
// main loop is compiled at run time instead: jit_compile.go puts together the
// two phases of a turn (jit_phases.go) and the program of a height, for one lane
// (jit_scalar.go) or four at once (jit_vector.go); jit_cache.go keeps the code,
// and jit_loop.go runs it.
//
// Sources: CryptoNote Standard 008 for the original, and Monero's notes on
// variants 1, 2 and 4 (CryptonightR) for the later ones; loopfloat.go has
// cn/gpu's.
//
// The package may import hash and what lies below it; anything may import it.
package cryptonight
