package aes

import "math/bits"

// Expand derives round keys from a 32-byte key, given as four little-endian
// words. It is the AES-256 key schedule (FIPS 197 section 5.2) cut off after
// ten of its fifteen round keys.
func (k *Keys) Expand(key [4]uint64) {
	var w [4 * len(k)]uint32
	for i, word := range key {
		w[2*i], w[2*i+1] = uint32(word), uint32(word>>32)
	}
	constant := uint32(1)
	for i := 8; i < len(w); i++ {
		t := w[i-1]
		switch i % 8 {
		case 0:
			// RotWord moves the first byte last: the low byte, in this order.
			t = subWord(bits.RotateLeft32(t, -8)) ^ constant
			constant <<= 1
		case 4:
			t = subWord(t)
		}
		w[i] = w[i-8] ^ t
	}
	for i := range k {
		k[i] = fromColumns(w[4*i], w[4*i+1], w[4*i+2], w[4*i+3])
	}
}

func subWord(w uint32) uint32 {
	return uint32(sbox[byte(w)]) | uint32(sbox[byte(w>>8)])<<8 |
		uint32(sbox[byte(w>>16)])<<16 | uint32(sbox[byte(w>>24)])<<24
}
