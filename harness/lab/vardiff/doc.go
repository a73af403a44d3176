// Package vardiff is a laboratory for variable difficulty. It measures how a
// pool's share difficulty follows a miner: in virtual time for any algorithm
// behind the Controller interface, with models of what pools in the field do
// to compare with; and live against a pool over the wire, with miners that
// hash for real at a throttled rate.
//
// Difficulties are expected hashes per share. T is the declared share
// interval, the ideal difficulty D* is hashrate times T, and x = D/D*.
//
// It imports harness/lab and harness/stats; package cmd and tests import it. A
// pool written in Go can import it in its tests.
package vardiff
