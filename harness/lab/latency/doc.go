// Package latency times what a pool does with a new block, and with
// connections that come and go: the first job on a new tip, how far apart its
// connections get it, whether all do, whether their order matters, what slow
// readers do to the others; reconnection storms; how long a dead line is kept.
//
// It needs to know when the tip appeared, so the harness is the pool's node.
//
// It imports harness/lab, harness/lab/fault, harness/wire and harness/stats;
// package cmd and tests import it.
package latency
