// Package fault is a TCP proxy between the harness and a pool that disturbs
// the line: latency, jitter, bandwidth, slicing, cut, reset, silence. It knows
// nothing of what is said.
//
// It imports nothing of adit; harness/lab's packages, cmd and tests import it.
package fault
