// Package pool is adit's reference mining pool: stratum sessions in both
// dialects, jobs bound to the template they came from, a judge that decides
// every share once, vardiff, and a ledger that has each share on disk before
// its miner is told OK.
//
// The path of the data: a feed (one per coin) asks the node for templates and
// turns each into a round; a session makes jobs of it, each with an extra
// nonce nobody else has and a difficulty of its own; a submitted share passes
// the checks that cost nothing, is hashed by package verify, is committed by
// package ledger, and only then answered. A share that solves a block is
// written down and sent to the node before its own bookkeeping.
//
// Everything it touches comes in through Deps. Run returns after every
// goroutine has ended.
//
// It imports hash, chain, stratum and its own subpackages; cmd, e2e and tests
// use it. Miner and harness never do: they meet it over the wire.
package pool
