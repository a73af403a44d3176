//go:build race

package ledger

// defaultHistories is few: the race detector makes SQLite, which is Go, slow.
const defaultHistories = 8
