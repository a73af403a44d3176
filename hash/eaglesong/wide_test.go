package eaglesong

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
)

// randomMessages are messages of the right length, or of any, with the same
// head or different ones.
func randomMessages(random *rand.Rand, count int, alike, mixed bool) []hash.Input {
	in := make([]hash.Input, count)
	for i := range in {
		length := MessageSize
		if mixed && random.IntN(2) == 0 {
			length = random.IntN(120)
		}
		in[i].Blob = make([]byte, length)
		for j := range in[i].Blob {
			in[i].Blob[j] = byte(random.Uint32())
		}
		if alike && length == MessageSize {
			for k := range i {
				if len(in[k].Blob) == MessageSize {
					copy(in[i].Blob[:rate], in[k].Blob)
				}
			}
		}
	}
	return in
}

func checkHash(t *testing.T, h hash.Hasher, in []hash.Input) {
	t.Helper()
	out := make([]hash.Digest, len(in))
	require.NoError(t, h.Hash(out, in))
	for i := range in {
		require.Equal(t, Sum(in[i].Blob), out[i], "message %d of %d: %x", i, len(in), in[i].Blob)
	}
}

func TestLanesEqualSum(t *testing.T) {
	eachKernel(t, func(t *testing.T, k Kernel) {
		h, err := k.NewHasher(algorithm(t, "eaglesong"))
		require.NoError(t, err)
		random := rand.New(rand.NewPCG(21, 22))
		for round := range 60 {
			count := 1 + random.IntN(k.Lanes)
			checkHash(t, h, randomMessages(random, count, round%2 == 0, round%3 == 0))
		}
	})
}

// The same head, call after call, then another: the state after it is kept.
func TestHeadChanges(t *testing.T) {
	eachKernel(t, func(t *testing.T, k Kernel) {
		h, err := k.NewHasher(algorithm(t, "eaglesong"))
		require.NoError(t, err)
		random := rand.New(rand.NewPCG(23, 24))
		zero := []hash.Input{{Blob: make([]byte, MessageSize)}}
		checkHash(t, h, zero)
		a := randomMessages(random, k.Lanes, true, false)
		checkHash(t, h, a)
		checkHash(t, h, a[:1])
		checkHash(t, h, randomMessages(random, k.Lanes, false, false))
		checkHash(t, h, a)
		checkHash(t, h, zero)
	})
}

// Inputs may share memory with each other: all lanes read the same message.
func TestInputsShareMemory(t *testing.T) {
	eachKernel(t, func(t *testing.T, k Kernel) {
		h, err := k.NewHasher(algorithm(t, "eaglesong"))
		require.NoError(t, err)
		memory := make([]byte, MessageSize+k.Lanes)
		for i := range memory {
			memory[i] = byte(3 * i)
		}
		in := make([]hash.Input, k.Lanes)
		for i := range in {
			in[i].Blob = memory[i/2 : i/2+MessageSize]
		}
		checkHash(t, h, in)
	})
}

func TestKernelHashers(t *testing.T) {
	a := algorithm(t, "eaglesong")
	eachKernel(t, func(t *testing.T, k Kernel) {
		_, err := k.NewHasher(algorithm(t, "cn/0"))
		require.ErrorContains(t, err, "cn/0")
		h, err := k.NewHasher(a)
		require.NoError(t, err)
		require.Same(t, a, h.Algorithm())
		require.Equal(t, k.Name, h.Impl())
		require.Equal(t, k.Lanes, h.Lanes())

		in := randomMessages(rand.New(rand.NewPCG(25, 26)), k.Lanes+1, false, false)
		out := make([]hash.Digest, len(in))
		require.Error(t, h.Hash(out, in), "too many")
		in, out = in[1:], out[1:]
		require.Error(t, h.Hash(out, nil))
		require.Zero(t, testing.AllocsPerRun(10, func() { err = h.Hash(out, in) }))
		require.NoError(t, err)
		require.NoError(t, h.Close())
		require.ErrorIs(t, h.Hash(out, in), hash.ErrClosed)
		require.NoError(t, h.Close())
	})
}
