//go:build race

package pool

// raceDetector says that this binary is larger and slower than usual.
const raceDetector = true
