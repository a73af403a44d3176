// Package diff says in what two traces differ in meaning. Messages are aligned
// by connection, in the order of opening, and within one by request: the third
// submit with the third submit, its answer with its answer, the fifth job with
// the fifth job. Times, request ids, spacing and the order of JSON keys are
// left aside.
//
// It imports harness/trace and, for printing, stratum; commands import it.
package diff
