package keccak

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/sha3"
)

// The first 32 bytes of the state are Keccak-256, for which there is an
// independent implementation; lengths go over several blocks and their edges.
func TestAbsorbMatchesKeccak256(t *testing.T) {
	msg := make([]byte, 3*Rate+2)
	for i := range msg {
		msg[i] = byte(i * 7)
	}
	for n := range msg {
		var s State
		s.Absorb(msg[:n])
		var got [Bytes]byte
		s.PutBytes(&got)

		want := sha3.NewLegacyKeccak256()
		want.Write(msg[:n])
		require.Equal(t, hex.EncodeToString(want.Sum(nil)), hex.EncodeToString(got[:32]), "%d bytes", n)
	}
}

// The first lanes of Keccak-f[1600] applied to zeros once and twice, as the
// Keccak team publishes them.
func TestPermuteZeros(t *testing.T) {
	var s State
	s.Permute()
	require.Equal(t, uint64(0xF1258F7940E1DDE7), s[0])
	require.Equal(t, uint64(0x84D5CCF933C0478A), s[1])
	require.Equal(t, uint64(0xEAF1FF7B5CECA249), s[24])
	s.Permute()
	require.Equal(t, uint64(0x2D5C954DF96ECB3C), s[0])
}

func TestAbsorbForgetsTheOldState(t *testing.T) {
	var fresh, used State
	used.Absorb([]byte("something else"))
	used.Absorb([]byte("message"))
	fresh.Absorb([]byte("message"))
	require.Equal(t, fresh, used)
}

func TestNoAllocations(t *testing.T) {
	var s State
	var out [Bytes]byte
	msg := make([]byte, 300)
	require.Zero(t, testing.AllocsPerRun(10, func() {
		s.Absorb(msg)
		s.PutBytes(&out)
	}))
}

func BenchmarkPermute(b *testing.B) {
	var s State
	for b.Loop() {
		s.Permute()
	}
}
