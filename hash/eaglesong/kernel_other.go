//go:build !amd64 || purego

package eaglesong

func routines512() (none routines) { return none }

func routines256() (none routines) { return none }
