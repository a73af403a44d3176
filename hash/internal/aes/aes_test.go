package aes

import (
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
)

func block(t *testing.T, s string) Block {
	t.Helper()
	raw, err := hex.DecodeString(s)
	require.NoError(t, err)
	require.Len(t, raw, 16)
	return Block{binary.LittleEndian.Uint64(raw), binary.LittleEndian.Uint64(raw[8:])}
}

func TestSbox(t *testing.T) {
	// FIPS 197 figure 7: the corners, and that it is a permutation.
	require.Equal(t, byte(0x63), sbox[0])
	require.Equal(t, byte(0x7c), sbox[1])
	require.Equal(t, byte(0xed), sbox[0x53])
	require.Equal(t, byte(0x16), sbox[0xff])
	var seen [256]bool
	for _, s := range sbox {
		require.False(t, seen[s])
		seen[s] = true
	}
}

func TestRound(t *testing.T) {
	tests := []struct{ name, in, key, want string }{
		// FIPS 197 C.1: from the start of round 1 to the start of round 2.
		{"AES-128 C.1", "00102030405060708090a0b0c0d0e0f0",
			"d6aa74fdd2af72fadaa678f1d6ab76fe", "89d810e8855ace682d1843d8cb128fe4"},
		// FIPS 197 C.3.
		{"AES-256 C.3", "00102030405060708090a0b0c0d0e0f0",
			"101112131415161718191a1b1c1d1e1f", "4f63760643e0aa85efa7213201a4e705"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, block(t, test.want), Round(block(t, test.in), block(t, test.key)))
		})
	}
}

// FIPS 197 A.3: the expansion of a 256-bit key.
func TestExpand(t *testing.T) {
	k0 := block(t, "603deb1015ca71be2b73aef0857d7781")
	k1 := block(t, "1f352c073b6108d72d9810a30914dff4")
	var keys Keys
	keys.Expand([4]uint64{k0.Lo, k0.Hi, k1.Lo, k1.Hi})
	want := []string{
		"603deb1015ca71be2b73aef0857d7781", "1f352c073b6108d72d9810a30914dff4",
		"9ba354118e6925afa51a8b5f2067fcde", "a8b09c1a93d194cdbe49846eb75d5b9a",
		"d59aecb85bf3c917fee94248de8ebe96", "b5a9328a2678a647983122292f6c79b3",
		"812c81addadf48ba24360af2fab8b464", "98c5bfc9bebd198e268c3ba709e04214",
		"68007bacb2df331696e939e46c518d80", "c814e20476a9fb8a5025c02d59c58239",
	}
	require.Len(t, keys, len(want))
	for i := range want {
		require.Equal(t, block(t, want[i]), keys[i], "round key %d", i)
	}
}

func TestEncryptIsTenRounds(t *testing.T) {
	var keys Keys
	keys.Expand([4]uint64{1, 2, 3, 4})
	x := block(t, "000102030405060708090a0b0c0d0e0f")
	want := x
	for _, key := range keys {
		want = Round(want, key)
	}
	require.Equal(t, want, keys.Encrypt(x))
}

func BenchmarkEncrypt(b *testing.B) {
	var keys Keys
	keys.Expand([4]uint64{1, 2, 3, 4})
	var text [8]Block
	b.SetBytes(128)
	for b.Loop() {
		for i := range text {
			text[i] = keys.Encrypt(text[i])
		}
	}
}
