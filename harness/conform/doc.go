// Package conform is the conformance suite for mining pools: a catalogue of
// checks as data, and the engine that runs those that can be run against a
// pool. Package harness/report writes what came out.
//
// A check runs on connections of its own. Whatever arrives there is an event,
// a line, the end of the connection or silence, and a check says which of them
// it takes; a pool that cannot be reached is an ERROR of that check. Shares are
// real: they are found with the hasher that is handed in, so the pool under
// test has to give work at a difficulty that one thread meets in seconds.
//
// It imports hash, chain, stratum, harness/trace and harness/wire. Package cmd
// and harness/report import it. It
// knows neither the pool nor the nodes of this project: a node that the suite
// may steer is handed in as a Node.
package conform
