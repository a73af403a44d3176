// Package replay plays the miners of a trace against a live pool: for each
// recorded connection it logs in afresh, and for each recorded share it hands
// in one of the same kind, bound to the live session and job: real work for
// what was valid, and the same fault for what was not. Nothing is faked: a
// share that cannot be found in the allowed effort is reported as skipped.
//
// It imports hash, stratum and harness/bank, rig, record, trace, wire and judge. How
// hashes are computed and how the target is reached are handed in.
package replay
