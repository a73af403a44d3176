// Package record is a recording stratum proxy: it stands between miners and a
// pool, passes every byte on as it came, and writes what it saw to a trace.
//
// It never waits for the trace: when the trace cannot keep up, events are
// dropped and counted there, and the traffic goes on. A peer that does not
// read slows the other one down and nobody else, as it would without the
// proxy.
//
// It imports harness/trace and the stratum wire formats; commands and tests
// import it.
package record
