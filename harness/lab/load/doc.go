// Package load sends shares to a pool at a given rate and times the answers.
//
// It is an open loop: every arrival is planned before the run, and latency
// counts from the planned time, whether answers are outstanding or not. Shares
// are real: they are found before the run and written out as lines, so that
// during it nothing is hashed. The generator times itself too; a run in which
// it was late, and not the pool, is void.
//
// It imports harness/lab, harness/wire and harness/stats, and stratum; package
// cmd and tests import it.
package load
