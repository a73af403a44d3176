//go:build !purego

package eaglesong

func routines512() routines { return routines{search512, whole512, tails512} }

func routines256() routines { return routines{search256, whole256, tails256} }
