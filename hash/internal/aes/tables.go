package aes

import "math/bits"

// sbox is SubBytes; columns[i][b] is what a byte b in row i contributes to its
// column after SubBytes and MixColumns, top byte lowest. Both follow from the
// definitions in FIPS 197 and never change.
var (
	sbox    = makeSbox()
	columns = makeColumns(&sbox)
)

// makeSbox walks through the field GF(2^8) with p = 3^n and q = 1/p, so that no
// inversion has to be searched for: sbox[p] is the affine transform of q.
func makeSbox() (box [256]byte) {
	p, q := byte(1), byte(1)
	for {
		p ^= double(p)
		q = third(q)
		box[p] = q ^ bits.RotateLeft8(q, 1) ^ bits.RotateLeft8(q, 2) ^
			bits.RotateLeft8(q, 3) ^ bits.RotateLeft8(q, 4) ^ 0x63
		if p == 1 {
			break
		}
	}
	box[0] = 0x63 // 0 has no inverse and stands for its own
	return box
}

func makeColumns(box *[256]byte) (t [4][256]uint32) {
	for i, s := range box {
		col := uint32(double(s)) | uint32(s)<<8 | uint32(s)<<16 | uint32(double(s)^s)<<24
		for row := range t {
			t[row][i] = bits.RotateLeft32(col, 8*row)
		}
	}
	return t
}

// double multiplies by 2 in GF(2^8) modulo x^8+x^4+x^3+x+1.
func double(b byte) byte {
	return b<<1 ^ (b>>7)*0x1b
}

// third divides by 3, which is multiplying by 0xf6.
func third(b byte) byte {
	b ^= b << 1
	b ^= b << 2
	b ^= b << 4
	return b ^ (b>>7)*0x09
}
