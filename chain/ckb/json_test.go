package ckb

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQuantities(t *testing.T) {
	for text, want := range map[string]uint64{
		"0x0": 0, "0x1": 1, "0xff": 255, "0xffffffffffffffff": 1<<64 - 1,
	} {
		var n Uint64
		require.NoError(t, n.UnmarshalText([]byte(text)))
		require.Equal(t, want, uint64(n))
		back, err := n.MarshalText()
		require.NoError(t, err)
		require.Equal(t, text, string(back))
	}
}

func TestQuantitiesRefuse(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "does not begin with 0x",
		"1":                   "does not begin with 0x",
		"0x":                  "no digits",
		"0x01":                "redundant leading zeros",
		"0x00":                "redundant leading zeros",
		"0xg":                 "not a number of at most 64 bits",
		"0x-1":                "not a number of at most 64 bits",
		"0x1_0":               "not a number of at most 64 bits",
		"0x10000000000000000": "not a number of at most 64 bits",
	} {
		var n Uint64
		require.ErrorContains(t, n.UnmarshalText([]byte(text)), want, text)
	}
	var n Uint32
	require.ErrorContains(t, n.UnmarshalText([]byte("0x100000000")), "32 bits")
	require.Error(t, json.Unmarshal([]byte("1"), &n))
}

func TestBytesText(t *testing.T) {
	var b Bytes
	require.NoError(t, b.UnmarshalText([]byte("0x")))
	require.Equal(t, Bytes{}, b)
	require.NoError(t, b.UnmarshalText([]byte("0x636b62")))
	require.Equal(t, Bytes("ckb"), b)
	for _, bad := range []string{"00", "0x0", "0xzz", ""} {
		require.Error(t, b.UnmarshalText([]byte(bad)), bad)
	}
}
