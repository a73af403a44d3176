package cpufeature

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const everything = AES | AVX2 | BMI2 | AVX512 | VAES | VBMI | GFNI

func TestLimit(t *testing.T) {
	haswell := AES | AVX2 | BMI2
	tests := []struct {
		machine Features
		level   string
		want    Features
	}{
		{everything, "", everything},
		{everything, "avx512", everything},
		{everything, "avx2", haswell | VAES},
		{everything, "aes", AES},
		{everything, "generic", 0},
		{haswell, "avx2", haswell},
		{haswell, "", haswell},
		{0, "generic", 0},
		{0, "", 0},
	}
	for _, test := range tests {
		got, err := Limit(test.machine, test.level)
		require.NoError(t, err, "%v limited to %q", test.machine, test.level)
		require.Equal(t, test.want, got, "%v limited to %q", test.machine, test.level)
	}
}

func TestLimitRefuses(t *testing.T) {
	_, err := Limit(everything, "sse9")
	require.ErrorContains(t, err, "ADIT_CPU=sse9")
	require.ErrorContains(t, err, "generic, aes, avx2, avx512")

	got, err := Limit(AES, "avx2")
	require.ErrorContains(t, err, "ADIT_CPU=avx2")
	require.ErrorContains(t, err, "missing: avx2 bmi2")
	require.Zero(t, got)
}

func TestAllowedReadsTheEnvironment(t *testing.T) {
	t.Setenv(Env, "generic")
	got, err := Allowed()
	require.NoError(t, err)
	require.Zero(t, got)

	t.Setenv(Env, "pentium")
	_, err = Allowed()
	require.ErrorContains(t, err, "pentium")

	t.Setenv(Env, "")
	got, err = Allowed()
	require.NoError(t, err)
	require.Equal(t, Detect(), got)
}

func TestLevelsGrow(t *testing.T) {
	var before Level
	for _, l := range Levels() {
		require.True(t, l.May.Has(l.Needs), l.Name)
		require.True(t, l.Needs.Has(before.Needs), l.Name)
		require.True(t, l.May.Has(before.May), l.Name)
		before = l
	}
}

func TestString(t *testing.T) {
	require.Equal(t, "none", Features(0).String())
	require.Equal(t, "aes avx2 bmi2 avx512 vaes vbmi gfni", everything.String())
}
