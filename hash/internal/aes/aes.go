// Package aes is the part of the AES cipher that CryptoNight is built from, in
// portable Go: single rounds, ten rounds in a row, and the key schedule. It is
// not the AES cipher: there is no first key addition and no special last
// round. Nothing here is secret, so the table look-ups need not be constant
// time.
//
// It imports nothing of adit and serves the packages below hash only.
package aes

// Block is 16 bytes as two little-endian words. The four columns of the AES
// state are, in order, the low and high halves of Lo, then those of Hi.
type Block struct{ Lo, Hi uint64 }

// Xor returns b ^ c.
func (b Block) Xor(c Block) Block { return Block{b.Lo ^ c.Lo, b.Hi ^ c.Hi} }

// Column is SubBytes and MixColumns for one column of the state, given as the
// four bytes that ShiftRows brings into it, top to bottom.
func Column(b0, b1, b2, b3 uint32) uint32 {
	return columns[0][byte(b0)] ^ columns[1][byte(b1)] ^ columns[2][byte(b2)] ^ columns[3][byte(b3)]
}

// Round is one full AES round, the AESENC instruction: SubBytes, ShiftRows,
// MixColumns, then the key.
func Round(x, key Block) Block {
	s0, s1, s2, s3 := x.columns()
	return key.Xor(fromColumns(
		Column(s0, s1>>8, s2>>16, s3>>24),
		Column(s1, s2>>8, s3>>16, s0>>24),
		Column(s2, s3>>8, s0>>16, s1>>24),
		Column(s3, s0>>8, s1>>16, s2>>24),
	))
}

// Keys are the round keys that Encrypt adds, in order.
type Keys [10]Block

// Encrypt applies ten rounds, one with each key. This is where most of the time
// of portable hashing goes. The order in which bytes are looked up keeps few
// values alive at a time, so that the state stays in machine registers.
func (k *Keys) Encrypt(x Block) Block {
	t := &columns
	s0, s1, s2, s3 := x.columns()
	for _, key := range k {
		t0, t1, t2, t3 := key.columns()
		t0 ^= t[0][byte(s0)]
		t3 ^= t[1][byte(s0>>8)]
		t2 ^= t[2][byte(s0>>16)]
		t1 ^= t[3][byte(s0>>24)]
		t1 ^= t[0][byte(s1)]
		t0 ^= t[1][byte(s1>>8)]
		t3 ^= t[2][byte(s1>>16)]
		t2 ^= t[3][byte(s1>>24)]
		t2 ^= t[0][byte(s2)]
		t1 ^= t[1][byte(s2>>8)]
		t0 ^= t[2][byte(s2>>16)]
		t3 ^= t[3][byte(s2>>24)]
		t3 ^= t[0][byte(s3)]
		t2 ^= t[1][byte(s3>>8)]
		t1 ^= t[2][byte(s3>>16)]
		t0 ^= t[3][byte(s3>>24)]
		s0, s1, s2, s3 = t0, t1, t2, t3
	}
	return fromColumns(s0, s1, s2, s3)
}

func (b Block) columns() (c0, c1, c2, c3 uint32) {
	return uint32(b.Lo), uint32(b.Lo >> 32), uint32(b.Hi), uint32(b.Hi >> 32)
}

func fromColumns(c0, c1, c2, c3 uint32) Block {
	return Block{uint64(c0) | uint64(c1)<<32, uint64(c2) | uint64(c3)<<32}
}
