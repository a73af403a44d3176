package eaglesong

import (
	"encoding/hex"
	"encoding/json"
	"math/bits"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
)

// load decodes a file of vectors, which must not be empty.
func load[T any](t *testing.T, path string) []T {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var vectors []T
	require.NoError(t, json.Unmarshal(text, &vectors))
	require.NotEmpty(t, vectors)
	return vectors
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func algorithm(t *testing.T, name string) *hash.Algorithm {
	t.Helper()
	a, err := hash.Lookup(name)
	require.NoError(t, err)
	return a
}

func TestVectors(t *testing.T) {
	type vector struct{ Source, Input, Hash string }
	for _, v := range load[vector](t, "../../testdata/vectors/eaglesong.json") {
		got := Sum(unhex(t, v.Input))
		require.Equal(t, v.Hash, hex.EncodeToString(got[:]), "%s: %s", v.Source, v.Input)
	}
}

// Blocks of the CKB main chain: their proof of work goes through the midstate
// and through the whole message.
func TestMainnetHeaders(t *testing.T) {
	type header struct {
		PowHash    string `json:"pow_hash"`
		NonceBytes string `json:"nonce_bytes"`
		Eaglesong  string `json:"eaglesong"`
		Target     string `json:"target"`
	}
	a := algorithm(t, "eaglesong")
	for _, h := range load[header](t, "../../testdata/vectors/ckb_headers.json") {
		head, tail := unhex(t, h.PowHash), unhex(t, h.NonceBytes)
		whole := Sum(append(head[:len(head):len(head)], tail...))
		require.Equal(t, h.Eaglesong, hex.EncodeToString(whole[:]))

		middle := NewMidstate((*[rate]byte)(head))
		require.Equal(t, whole, middle.Sum((*[TailSize]byte)(tail)))

		target := hash.Target(unhex(t, h.Target))
		require.True(t, a.Meets(&whole, &target))
	}
}

// sources lists which words each output word of the bit matrix is the sum of
// (the columns of the matrix in RFC 0010).
var sources = [stateWords][]int{
	{0, 4, 5, 6, 7, 12, 15},
	{0, 1, 4, 8, 12, 13, 15},
	{0, 1, 2, 4, 6, 7, 9, 12, 13, 14, 15},
	{0, 1, 2, 3, 4, 6, 8, 10, 12, 13, 14},
	{1, 2, 3, 4, 5, 7, 9, 11, 13, 14, 15},
	{0, 2, 3, 7, 8, 10, 14},
	{1, 3, 4, 8, 9, 11, 15},
	{0, 2, 6, 7, 9, 10, 15},
	{0, 1, 3, 4, 5, 6, 8, 10, 11, 12, 15},
	{0, 1, 2, 9, 11, 13, 15},
	{0, 1, 2, 3, 4, 5, 6, 7, 10, 14, 15},
	{0, 1, 2, 3, 8, 11, 12},
	{1, 2, 3, 4, 9, 12, 13},
	{2, 3, 4, 5, 10, 13, 14},
	{3, 4, 5, 6, 11, 14, 15},
	{0, 1, 2, 3, 5, 7, 8, 9, 10, 11, 15},
}

// slowLinear is what the text of RFC 0010 has before the additions of a round.
func slowLinear(s state, round int) (next state) {
	for j, words := range sources {
		for _, k := range words {
			next[j] ^= s[k]
		}
		x := next[j]
		next[j] ^= bits.RotateLeft32(x, rotations[j][0]) ^ bits.RotateLeft32(x, rotations[j][1])
		next[j] ^= constants[round][j]
	}
	return next
}

// slowPermute follows the text of RFC 0010 step by step.
func slowPermute(s state) state {
	for r := range rounds {
		s = slowLinear(s, r)
		for j := 0; j < stateWords; j += 2 {
			s[j] = bits.RotateLeft32(s[j]+s[j+1], 8)
			s[j+1] = bits.RotateLeft32(s[j+1], 24) + s[j]
		}
	}
	return s
}

func TestPermuteFollowsTheStandard(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var s state
		for i := range s {
			s[i] = random.Uint32()
		}
		want := slowPermute(s)
		s.permute()
		require.Equal(t, want, s)
	}
}

func TestHasher(t *testing.T) {
	a := algorithm(t, "eaglesong")
	h, err := New(a)
	require.NoError(t, err)
	require.Same(t, a, h.Algorithm())
	require.Equal(t, "generic", h.Impl())
	require.Equal(t, 1, h.Lanes())

	in := []hash.Input{{Blob: []byte("abc")}}
	out := make([]hash.Digest, 1)
	require.NoError(t, h.Hash(out, in))
	require.Equal(t, Sum([]byte("abc")), out[0])
	require.Zero(t, testing.AllocsPerRun(10, func() { _ = h.Hash(out, in) }))

	require.ErrorContains(t, h.Hash(out, nil), "want 1 to 1")
	require.NoError(t, h.Close())
	require.ErrorIs(t, h.Hash(out, in), hash.ErrClosed)
}

func TestNewRefusesOtherFamilies(t *testing.T) {
	_, err := New(algorithm(t, "cn/0"))
	require.ErrorContains(t, err, "cn/0")
}
