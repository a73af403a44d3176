// Package ledger keeps what a pool must not lose: accepted shares, block
// candidates and how far the extra nonces have been used.
//
// Store is the contract; SQLite is its one implementation so far. Shares are
// written through a Committer, which puts many of them into one transaction
// and answers each only after that transaction is on disk: a pool may say "OK"
// to a miner exactly when the answer is nil.
//
// The package imports nothing of adit. Package pool and the pool command use
// it.
package ledger
