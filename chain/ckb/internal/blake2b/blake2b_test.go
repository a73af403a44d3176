package blake2b

import (
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/blake2b"
)

func sum(person string, message []byte) [Size]byte {
	var p [PersonSize]byte
	copy(p[:], person)
	d := New(&p)
	d.Write(message)
	return d.Sum()
}

// The digest of the empty message is the one that CKB's documents give for
// "blake2b with the personalization ckb-default-hash".
func TestPersonalized(t *testing.T) {
	got := sum("ckb-default-hash", nil)
	require.Equal(t, "44f4c69744d5f8c55d642062949dcae49bc4e7ef43d388c5a12f42b5633d163e", hex.EncodeToString(got[:]))
	require.NotEqual(t, sum("", []byte("x")), sum("ckb-default-hash", []byte("x")))
	require.NotEqual(t, sum("a", []byte("x")), sum("00000000a", []byte("x")))
}

func TestZeroPersonalizationIsPlainBLAKE2b(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 3*BlockSize + 2 {
		m := make([]byte, n)
		for i := range m {
			m[i] = byte(r.Uint32())
		}
		require.Equal(t, blake2b.Sum256(m), sum("", m), "%d bytes", n)
	}
}

func FuzzWritesInPieces(f *testing.F) {
	f.Add([]byte("hello"), 2, 3)
	f.Add(make([]byte, 300), 128, 256)
	f.Add(make([]byte, 256), 0, 128)
	f.Fuzz(func(t *testing.T, m []byte, i, j int) {
		if i < 0 || j < i || j > len(m) {
			return
		}
		d := New(&[PersonSize]byte{})
		for _, part := range [][]byte{m[:i], m[i:j], m[j:]} {
			n, err := d.Write(part)
			require.NoError(t, err)
			require.Len(t, part, n)
		}
		require.Equal(t, blake2b.Sum256(m), d.Sum())
	})
}
