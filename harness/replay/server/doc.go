// Package server plays the pool of a recorded trace to real miners, byte for
// byte: the Nth miner that connects gets what the Nth recorded one got. It
// answers either by causality, each piece as soon as the miner has made the
// requests that preceded it in the recording, or by the clock.
//
// It understands of stratum no more than the names of methods, so that a
// pool's mistakes are played as they were.
//
// It imports harness/trace and the stratum line reader; commands import it.
package server
