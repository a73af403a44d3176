// Package metrics turns what happens in a pool into figures: hashrates over
// sliding windows, of each worker and of each coin, in bounded memory; and it
// shows them, with the pool's own counts, to Prometheus.
//
// A Collector is told of every event of the pool. It estimates hashrates as
// every pool does: the difficulty of accepted shares, summed over a window, is
// the number of hashes that were computed in it, give or take the luck of the
// shares.
//
// It imports pool and the packages below it; package pool/api and cmd use it.
package metrics
