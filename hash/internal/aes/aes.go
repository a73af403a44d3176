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
	k0, k1, k2, k3 := key.columns()
	s0, s1, s2, s3 = round(s0, s1, s2, s3, k0, k1, k2, k3)
	return fromColumns(s0, s1, s2, s3)
}

// Keys are the round keys that Encrypt adds, in order.
type Keys [10]Block

// Encrypt applies ten rounds, one with each key.
func (k *Keys) Encrypt(x Block) Block {
	s0, s1, s2, s3 := x.columns()
	for i := range k {
		k0, k1, k2, k3 := k[i].columns()
		s0, s1, s2, s3 = round(s0, s1, s2, s3, k0, k1, k2, k3)
	}
	return fromColumns(s0, s1, s2, s3)
}

func round(s0, s1, s2, s3, k0, k1, k2, k3 uint32) (t0, t1, t2, t3 uint32) {
	t0 = k0 ^ Column(s0, s1>>8, s2>>16, s3>>24)
	t1 = k1 ^ Column(s1, s2>>8, s3>>16, s0>>24)
	t2 = k2 ^ Column(s2, s3>>8, s0>>16, s1>>24)
	t3 = k3 ^ Column(s3, s0>>8, s1>>16, s2>>24)
	return
}

func (b Block) columns() (c0, c1, c2, c3 uint32) {
	return uint32(b.Lo), uint32(b.Lo >> 32), uint32(b.Hi), uint32(b.Hi >> 32)
}

func fromColumns(c0, c1, c2, c3 uint32) Block {
	return Block{uint64(c0) | uint64(c1)<<32, uint64(c2) | uint64(c3)<<32}
}
