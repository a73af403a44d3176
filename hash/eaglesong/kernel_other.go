//go:build !amd64 || purego

package eaglesong

// assembly returns none: this build has portable code only.
func assembly() (a routines) { return a }
