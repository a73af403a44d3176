// Package ledger keeps what a pool must not lose: accepted shares, block
// candidates and how far the extra nonces have been used.
//
// Store is the contract; DB implements it in a SQLite file or a PostgreSQL
// database: the rules are written once, over the little that differs (dialect).
// Backup and Restore copy a ledger, from either to either. Shares are
// written through a Committer, which puts many of them into one transaction
// and answers each only after that transaction is on disk: a pool may say "OK"
// to a miner exactly when the answer is nil.
//
// It is also the pool's accounts. Shares belong to rounds, blocks end them, and
// a block that is in the chain for good is unlocked: its reward is divided by
// package reward, and booked in a journal of double entries, in one transaction
// with what it was divided by. Audit recomputes all of it.
//
// The package imports pool/reward. Packages pool and unlock, and the pool
// command, use it.
package ledger
