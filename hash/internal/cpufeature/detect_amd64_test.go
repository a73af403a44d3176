//go:build !purego

package cpufeature

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/cpu"
)

// TestDetectAgrees compares with an independent reading of the same bits. That
// one does not see VAES where there is no AVX-512.
func TestDetectAgrees(t *testing.T) {
	x, got := cpu.X86, Detect()
	avx512 := x.HasAVX512F && x.HasAVX512DQ && x.HasAVX512BW && x.HasAVX512VL
	require.Equal(t, x.HasAES && x.HasSSE41 && x.HasSSSE3, got.Has(AES))
	require.Equal(t, x.HasAVX2, got.Has(AVX2))
	require.Equal(t, x.HasBMI1 && x.HasBMI2, got.Has(BMI2))
	require.Equal(t, avx512, got.Has(AVX512))
	require.Equal(t, avx512 && x.HasAVX512VAES, got.Has(AVX512|VAES))
	require.Equal(t, avx512 && x.HasAVX512VBMI, got.Has(VBMI))
	require.Equal(t, avx512 && x.HasAVX512GFNI, got.Has(GFNI))
}

func TestDecode(t *testing.T) {
	const (
		all1  = aesBit | sse41Bit | ssse3Bit | osxsaveBit | avxBit
		all7b = bmi1Bit | avx2Bit | bmi2Bit | avx512fBit | avx512dqBit | avx512bwBit | avx512vlBit
		all7c = vbmiBit | gfniBit | vaesBit
	)
	tests := []struct {
		name           string
		one, b, c, xcr uint32
		want           Features
	}{
		{"everything", all1, all7b, all7c, zmmState, everything},
		{"nothing", 0, 0, 0, 0, 0},
		{"system keeps no ZMM", all1, all7b, all7c, ymmState, AES | AVX2 | BMI2 | VAES},
		{"system keeps no YMM", all1, all7b, all7c, 2, AES | BMI2},
		{"AVX-512 without VL", all1, all7b &^ avx512vlBit, 0, zmmState, AES | AVX2 | BMI2},
		{"Zen 3", all1, bmi1Bit | avx2Bit | bmi2Bit, vaesBit, ymmState, AES | AVX2 | BMI2 | VAES},
		{"AES without SSE4.1", aesBit | ssse3Bit, 0, 0, 0, 0},
		{"BMI2 alone", 0, bmi2Bit, 0, 0, 0},
	}
	for _, test := range tests {
		require.Equal(t, test.want, decode(test.one, test.b, test.c, test.xcr), test.name)
	}
}
