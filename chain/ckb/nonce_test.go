package ckb

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The first pair is the block 20152836 that an Antminer K7 found.
func TestNonceText(t *testing.T) {
	for text, raw := range map[string]string{
		"0x93569a305e00000d03000000f6f89f01": "019ff8f6000000030d00005e309a5693",
		"0x0":                                "00000000000000000000000000000000",
		"0x1":                                "01000000000000000000000000000000",
		"0x100":                              "00010000000000000000000000000000",
		"0x1000000000000000000000000000000":  "00000000000000000000000000000001",
		"0xffffffffffffffffffffffffffffffff": "ffffffffffffffffffffffffffffffff",
	} {
		n := Nonce(mustHex(t, raw))
		require.Equal(t, text, n.String())
		var back Nonce
		require.NoError(t, back.UnmarshalText([]byte(text)))
		require.Equal(t, n, back)
	}
}

func TestNonceTextRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"0x":                                  "no digits",
		"0x01":                                "redundant leading zeros",
		"0x00000000000000000000000000000000":  "redundant leading zeros",
		"0x100000000000000000000000000000000": "128 bits",
		"93569a305e":                          "does not begin with 0x",
		"0xxyz":                               "not a number",
	} {
		n := Nonce{7}
		require.ErrorContains(t, n.UnmarshalText([]byte(text)), want, text)
		require.Equal(t, Nonce{7}, n)
	}
}

func FuzzNonceText(f *testing.F) {
	f.Add("0x93569a305e00000d03000000f6f89f01")
	f.Add("0x00")
	f.Fuzz(func(t *testing.T, s string) {
		var n Nonce
		if n.UnmarshalText([]byte(s)) != nil {
			return
		}
		var back Nonce
		require.NoError(t, back.UnmarshalText([]byte(n.String())))
		require.Equal(t, n, back)
	})
}
