//go:build race

package cpu_test

// slow is set where the race detector makes hashing ten times slower.
const slow = true
