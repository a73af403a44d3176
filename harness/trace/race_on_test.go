//go:build race

package trace

// slow is how many times less the heavier tests do under the race detector.
const slow = 20
