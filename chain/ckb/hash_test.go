package ckb

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// The empty message's digest is CKB's well-known "blank hash".
func TestSum(t *testing.T) {
	require.Equal(t, "0x44f4c69744d5f8c55d642062949dcae49bc4e7ef43d388c5a12f42b5633d163e", Sum().String())
	require.Equal(t, Sum([]byte("abcd")), Sum([]byte("ab"), nil, []byte("cd")))
}

// The trees of RFC 0006, with six and seven items, written out.
func TestMerkleRoot(t *testing.T) {
	h := make([]Hash, 7)
	for i := range h {
		h[i] = Sum([]byte{byte(i)})
	}
	join := func(a, b Hash) Hash { return Sum(a[:], b[:]) }
	six := join(join(join(h[2], h[3]), join(h[4], h[5])), join(h[0], h[1]))
	seven := join(join(join(h[1], h[2]), join(h[3], h[4])), join(join(h[5], h[6]), h[0]))

	require.Equal(t, Hash{}, MerkleRoot(nil))
	require.Equal(t, h[0], MerkleRoot(h[:1]))
	require.Equal(t, join(h[0], h[1]), MerkleRoot(h[:2]))
	require.Equal(t, join(join(h[1], h[2]), h[0]), MerkleRoot(h[:3]))
	require.Equal(t, six, MerkleRoot(h[:6]))
	require.Equal(t, seven, MerkleRoot(h))
}

func TestHashText(t *testing.T) {
	var h Hash
	for _, bad := range []string{`"00"`, `"0x00"`, `"0x` + string(make([]byte, 64)) + `"`, `5`, `"0xzz00000000000000000000000000000000000000000000000000000000000000"`} {
		require.Error(t, json.Unmarshal([]byte(bad), &h), bad)
	}
	want := Sum()
	text, err := json.Marshal(want)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &h))
	require.Equal(t, want, h)
	require.False(t, h.IsZero())
}
