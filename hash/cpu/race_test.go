//go:build race

package cpu_test

// thinned is set where hashing is too slow to go through every vector.
const thinned = true
