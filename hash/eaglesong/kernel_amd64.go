//go:build !purego

package eaglesong

func assembly() routines {
	return routines{search512: search512, permute512: permute512, search256: search256, permute256: permute256}
}
