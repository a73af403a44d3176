//go:build opencl && cgo

package opencl

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
)

// A published vector of cn/gpu, the longest: its nonce is found, with its digest.
// More would take long on a processor; the other tests compare with what passes
// all of them.
func TestVectorOfFloats(t *testing.T) {
	text, err := os.ReadFile("../../testdata/vectors/cryptonight_gpu.json")
	require.NoError(t, err)
	type vector struct{ Algorithm, Input, Hash string }
	var vectors []vector
	require.NoError(t, json.Unmarshal(text, &vectors))
	v := slices.MaxFunc(vectors, func(a, b vector) int { return len(a.Input) - len(b.Input) })
	blob, err := hex.DecodeString(v.Input)
	require.NoError(t, err)
	a, err := hash.Lookup("cn/gpu")
	require.NoError(t, err)
	onEachDevice(t, func(t *testing.T, s hash.Searcher) {
		require.NoError(t, s.SetWork(&hash.Work{
			Algorithm: a, Blob: blob, NonceOffset: a.NonceOffset, NonceSize: a.NonceSize, Target: chain.TargetFromDifficulty(1),
		}))
		nonce := uint64(binary.LittleEndian.Uint32(blob[a.NonceOffset:]))
		hits, done, err := s.Search(nonce, 1, nil)
		require.NoError(t, err)
		require.EqualValues(t, 1, done)
		require.Len(t, hits, 1)
		require.Equal(t, nonce, hits[0].Nonce)
		require.Equal(t, v.Hash, hex.EncodeToString(hits[0].Digest[:]))
	})
}
