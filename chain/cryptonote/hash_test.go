package cryptonote_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote"
)

func TestKeccak256(t *testing.T) {
	require.Equal(t, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470", cryptonote.Keccak256().String())
	require.Equal(t, "bc36789e7a1e281436464229828f817d6612f7b477d66591ff96a9e064bcc98a", cryptonote.Keccak256([]byte{0}).String())
	require.Equal(t, cryptonote.Keccak256([]byte("ab")), cryptonote.Keccak256([]byte("a"), []byte("b")))
}

func TestParseHash(t *testing.T) {
	h := cryptonote.Keccak256()
	got, err := cryptonote.ParseHash(h.String())
	require.NoError(t, err)
	require.Equal(t, h, got)
	for _, bad := range []string{"", "c5", h.String() + "00", "zz" + h.String()[2:]} {
		_, err := cryptonote.ParseHash(bad)
		require.Error(t, err, bad)
	}

	text, err := json.Marshal(h)
	require.NoError(t, err)
	var back cryptonote.Hash
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, h, back)
	require.Error(t, json.Unmarshal([]byte(`"c5"`), &back))
	require.Equal(t, h, back, "a failed read changes nothing")
}
