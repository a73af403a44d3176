// Package lab is where a pool is measured. Its subpackages: load sends shares
// at a rate and times the answers, latency times new jobs and reconnections as
// the pool's node, vardiff measures how difficulty follows a miner, live or in
// virtual time, fault stands between and disturbs the line. What they share,
// sessions on a pool and the search for real shares, is in harness/rig.
//
// Nothing is faked: every share called valid was found by hashing. A run in
// which the laboratory itself was too slow says so and gives no verdict.
//
// It imports nothing itself. Its packages import hash, stratum, chain and the
// harness's rig, wire and stats; package cmd and tests import them, never pool
// or miner.
package lab
