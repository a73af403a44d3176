package cryptonight

import "github.com/aditmine/adit/hash"

// variant is what a member of the family does differently, next to the sizes
// that hash.Algorithm holds.
type variant struct {
	// loop is the main loop: one of the methods named loop... of Hasher.
	loop func(*Hasher)

	// heavy stirs the eight blocks of text among each other in the explode
	// and implode steps.
	heavy bool
	// foldLow lets the second store of base 1 also xor the low into the high
	// half.
	foldLow bool
	// reverse swaps the roles of the first and third neighbour in the shuffle
	// of base 2.
	reverse bool
	// invert takes the complement of the divisor for the next address in the
	// heavy loop.
	invert bool
	// tube gives the heavy loop base 1's tweak and an AES round with feedback.
	tube bool
	// float fills the pad with Keccak instead of AES, and takes the digest
	// from the state as it is in the end.
	float bool
}

// variantOf returns what is special about a.
func variantOf(a *hash.Algorithm) (variant, bool) {
	switch a.Name {
	case "cn/0", "cn/xao", "cn-lite/0":
		return variant{loop: (*Hasher).loop0}, true
	case "cn/ccx":
		return variant{loop: (*Hasher).loopConceal}, true
	case "cn/1", "cn/fast", "cn-lite/1":
		return variant{loop: (*Hasher).loop1}, true
	case "cn/rto":
		return variant{loop: (*Hasher).loop1, foldLow: true}, true
	case "cn/2", "cn/half", "cn/zls", "cn/double", "cn-pico", "cn-pico/tlo":
		return variant{loop: (*Hasher).loop2}, true
	case "cn/rwz", "cn/upx2":
		return variant{loop: (*Hasher).loop2, reverse: true}, true
	case "cn/r":
		return variant{loop: (*Hasher).loopRandom}, true
	case "cn-heavy/0":
		return variant{loop: (*Hasher).loopHeavy, heavy: true}, true
	case "cn-heavy/xhv":
		return variant{loop: (*Hasher).loopHeavy, heavy: true, invert: true}, true
	case "cn-heavy/tube":
		return variant{loop: (*Hasher).loopHeavy, heavy: true, tube: true}, true
	case "cn/gpu":
		return variant{loop: (*Hasher).loopFloat, heavy: true, float: true}, true
	}
	return variant{}, false
}

// UsefulLanes is the greatest number of lanes that makes hashing a faster. It
// is 1 for cn/gpu, whose hashes wait for arithmetic, not for memory.
func UsefulLanes(a *hash.Algorithm) int {
	if v, _ := variantOf(a); v.float {
		return 1
	}
	return MaxLanes
}
