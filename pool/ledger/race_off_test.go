//go:build !race

package ledger

// defaultHistories is how many random histories are played unless told.
const defaultHistories = 100
