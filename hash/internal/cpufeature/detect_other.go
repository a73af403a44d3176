//go:build !amd64 || purego

package cpufeature

// shortfall is why a level may be out of reach.
const shortfall = "this build has no assembly"

func detect() Features { return 0 }
