//go:build amd64 && !purego

package cryptonight

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/internal/cpufeature"
)

func TestNewLanesRefuses(t *testing.T) {
	generic, aes := cpufeature.Levels()[0], cpufeature.Levels()[1]
	if !cpufeature.Detect().Has(aes.Needs) {
		t.Skip("this processor has no AES")
	}
	a, err := hash.Lookup("cn/upx2")
	require.NoError(t, err)
	eaglesong, err := hash.Lookup("eaglesong")
	require.NoError(t, err)
	future := cpufeature.Level{Name: "future", Needs: 1 << 15}
	for _, test := range []struct {
		a     *hash.Algorithm
		level cpufeature.Level
		lanes int
		want  string
	}{
		{a, generic, 1, "lacks aes"},
		{a, future, 1, "hashing cn/upx2 with future"},
		{a, aes, 0, "with 0 lanes: want 1 to 16"},
		{a, aes, MaxLanes + 1, "with 17 lanes: want 1 to 16"},
		{eaglesong, aes, 1, "not of the CryptoNight family"},
	} {
		_, err := NewLanes(test.a, test.level, test.lanes)
		require.ErrorContains(t, err, test.want)
	}
}

// A batch that is smaller than the Hasher leaves the other lanes out of it.
func TestLanesHashPartialBatches(t *testing.T) {
	aes := cpufeature.Levels()[1]
	if !cpufeature.Detect().Has(aes.Needs) {
		t.Skip("this processor has no AES")
	}
	a, err := hash.Lookup("cn/upx2")
	require.NoError(t, err)
	h, err := NewLanes(a, aes, 3)
	require.NoError(t, err)
	require.Equal(t, "aes", h.Impl())
	require.Equal(t, 3, h.Lanes())
	require.Equal(t, 3*a.Scratchpad, h.(hash.MemoryReporter).Memory().Bytes)
	in := []hash.Input{{Blob: []byte("one")}, {Blob: []byte("two")}, {Blob: []byte("three")}}
	whole := make([]hash.Digest, 3)
	require.NoError(t, h.Hash(whole, in))
	for _, n := range []int{1, 2} {
		out := make([]hash.Digest, n)
		require.NoError(t, h.Hash(out, in[3-n:]))
		require.Equal(t, whole[3-n:], out)
	}
	require.NoError(t, h.Close())
	require.NoError(t, h.Close())
	require.ErrorIs(t, h.Hash(whole, in), hash.ErrClosed)
}
