package cryptonote_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote"
)

func TestVarint(t *testing.T) {
	for v, want := range map[uint64][]byte{
		0: {0}, 127: {0x7f}, 128: {0x80, 1}, 300: {0xac, 2},
		math.MaxUint64: {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
	} {
		require.Equal(t, want, cryptonote.AppendVarint(nil, v))
		got, n, err := cryptonote.Varint(append(want, 0xee))
		require.NoError(t, err)
		require.Equal(t, v, got)
		require.Equal(t, len(want), n)
	}
}

func TestBadVarint(t *testing.T) {
	for _, tt := range []struct {
		in   []byte
		want error
	}{
		{nil, cryptonote.ErrVarintTruncated},
		{[]byte{0x80}, cryptonote.ErrVarintTruncated},
		{[]byte{0x80, 0}, cryptonote.ErrVarintPadded},
		{[]byte{0xff, 0x80, 0}, cryptonote.ErrVarintPadded},
		{append(bytes.Repeat([]byte{0xff}, 9), 2), cryptonote.ErrVarintOverflow},
		{bytes.Repeat([]byte{0xff}, 30), cryptonote.ErrVarintOverflow},
	} {
		_, _, err := cryptonote.Varint(tt.in)
		require.ErrorIs(t, err, tt.want, "%x", tt.in)
	}
}

func FuzzVarint(f *testing.F) {
	f.Add([]byte{0xac, 2})
	f.Add([]byte{0x80, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		v, n, err := cryptonote.Varint(b)
		if err == nil {
			require.Equal(t, b[:n], cryptonote.AppendVarint(nil, v))
		}
	})
}
