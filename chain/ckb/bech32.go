package ckb

import (
	"errors"
	"fmt"
	"strings"
)

// The checksums' constants: BIP 173 and BIP 350.
const (
	checkBech32  = 1
	checkBech32m = 0x2bc830a3
)

const (
	bech32Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	bech32Checksum = 6 // characters
)

// bech32Decode takes a string apart: the human-readable part in lower case,
// the data in groups of five bits, and the constant its checksum was made
// with. RFC 0021 lifts the length limit of the BIPs.
func bech32Decode(s string) (hrp string, groups []byte, check uint32, err error) {
	lower := strings.ToLower(s)
	if s != lower && s != strings.ToUpper(s) {
		return "", nil, 0, errors.New("mixes upper and lower case")
	}
	at := strings.LastIndexByte(lower, '1')
	if at < 1 || len(lower)-at-1 < bech32Checksum {
		return "", nil, 0, errors.New("does not have the form of an address, which begins with ckb1 or ckt1")
	}
	hrp = lower[:at]
	values := make([]byte, 0, len(lower)-at-1)
	for i := at + 1; i < len(lower); i++ {
		v := strings.IndexByte(bech32Alphabet, lower[i])
		if v < 0 {
			return "", nil, 0, fmt.Errorf("has the character %q, which addresses do not use", lower[i])
		}
		values = append(values, byte(v))
	}
	check = bech32Polymod(hrp, values)
	return hrp, values[:len(values)-bech32Checksum], check, nil
}

// bech32Encode writes data with the checksum that check makes.
func bech32Encode(hrp string, data []byte, check uint32) string {
	values, err := regroup(data, 8, 5)
	if err != nil {
		return "" // 8 to 5 bits always works
	}
	sum := bech32Polymod(hrp, append(values, make([]byte, bech32Checksum)...)) ^ check
	for i := range bech32Checksum {
		values = append(values, byte(sum>>(5*(bech32Checksum-1-i)))&31)
	}
	var b strings.Builder
	b.WriteString(hrp)
	b.WriteByte('1')
	for _, v := range values {
		b.WriteByte(bech32Alphabet[v])
	}
	return b.String()
}

// bech32Polymod is the remainder of the BCH code over the expanded
// human-readable part and the values.
func bech32Polymod(hrp string, values []byte) uint32 {
	c := uint32(1)
	for i := range len(hrp) {
		c = bech32Step(c, hrp[i]>>5)
	}
	c = bech32Step(c, 0)
	for i := range len(hrp) {
		c = bech32Step(c, hrp[i]&31)
	}
	for _, v := range values {
		c = bech32Step(c, v)
	}
	return c
}

func bech32Step(c uint32, v byte) uint32 {
	generator := [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3}
	top := c >> 25
	c = c&0x1ffffff<<5 ^ uint32(v)
	for i, g := range generator {
		if top>>i&1 == 1 {
			c ^= g
		}
	}
	return c
}

// regroup turns groups of from bits into groups of to bits. Going up to 8, the
// bits left over must be fewer than a group and zero.
func regroup(in []byte, from, to uint) ([]byte, error) {
	out := make([]byte, 0, (uint(len(in))*from+to-1)/to)
	var acc, bits uint
	for _, v := range in {
		acc = acc<<from&0xfff | uint(v)
		bits += from
		for bits >= to {
			bits -= to
			out = append(out, byte(acc>>bits&(1<<to-1)))
		}
	}
	rest := byte(acc << (to - bits) & (1<<to - 1))
	switch {
	case to < from && bits > 0:
		out = append(out, rest)
	case to > from && (bits >= from || rest != 0):
		return nil, errors.New("has stray bits at its end")
	}
	return out, nil
}
