// Package chain holds what every coin shares: the exact arithmetic between
// difficulties, 256-bit targets and the compact targets of the CryptoNote
// stratum dialect, and how such numbers are shown to people.
//
// A difficulty D and a target T are tied by one rule: a digest, read as a
// number H, has difficulty floor((2^256-1)/H), and it is worth D when that is
// at least D, which is the same as H <= floor((2^256-1)/D) = T. All functions
// here are exact; none goes through floating point except the formatters.
//
// The coins themselves live below: chain/cryptonote and chain/ckb with the
// clients of their nodes, and chain/simnode with small nodes for tests and
// demonstrations.
//
// It imports package hash only. Miner, pool, harness, stratumclient and cmd
// may import it.
package chain
