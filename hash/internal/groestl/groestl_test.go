package groestl

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash/internal/kattest"
)

func TestKnownAnswers(t *testing.T) {
	kattest.Run(t, "testdata/kat.txt", Sum256)
}

// The first row and the last entry of the AES S-box (FIPS 197, figure 7).
func TestSubstitute(t *testing.T) {
	want := []byte{
		0x63, 0x7c, 0x77, 0x7b, 0xf2, 0x6b, 0x6f, 0xc5,
		0x30, 0x01, 0x67, 0x2b, 0xfe, 0xd7, 0xab, 0x76,
	}
	for x, s := range want {
		require.Equal(t, s, substitute(byte(x)), "S(%#02x)", x)
	}
	require.Equal(t, byte(0x16), substitute(0xff))
}
