// Package bench measures how fast searchers are, on cards and on processors,
// and whether what they find is right.
//
// A rate is the median of several windows with its 95% interval. Hits at a low
// difficulty that turn up on the way are hashed again by the processor, and
// their number is held against the one that chance allows. What came out is a
// Report: JSON that names the machine's hardware and software, and neither
// hosts nor addresses, so that rigs can be compared (see docs/benchmarks).
//
// It imports hash, hash/cpu and hash/cpu/tune; gpu/tune and cmd use it.
package bench
