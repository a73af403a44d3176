// Package judge decides offline whether a pool judged rightly: it reads a
// trace, computes every submitted share again, works out what the right
// verdict was, and compares it with the pool's. It also measures what the
// trace shows of latency, jobs and difficulty.
//
// It imports hash, chain, harness/trace, harness/wire and harness/stats. How
// hashes are computed is handed in.
package judge
