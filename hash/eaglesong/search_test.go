package eaglesong

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
)

// randomWork is a work that a Search suits.
func randomWork(t *testing.T, random *rand.Rand, offset, size int) *hash.Work {
	w := &hash.Work{
		Algorithm: algorithm(t, "eaglesong"), Blob: make([]byte, MessageSize),
		NonceOffset: offset, NonceSize: size,
	}
	for i := range w.Blob {
		w.Blob[i] = byte(random.Uint32())
	}
	return w
}

// slowSearch hashes every message.
func slowSearch(w *hash.Work, start, n uint64) (hits []hash.Hit) {
	blob := append([]byte{}, w.Blob...)
	for i := range n {
		nonce := binary.LittleEndian.AppendUint64(nil, start+i)
		copy(blob[w.NonceOffset:w.NonceOffset+w.NonceSize], nonce)
		if digest := Sum(blob); w.Algorithm.Meets(&digest, &w.Target) {
			hits = append(hits, hash.Hit{Nonce: start + i, Digest: digest})
		}
	}
	return hits
}

// Every place that a nonce may have, with starts from which the count carries
// over into the next bytes, and a target that about one in four hashes meets:
// several lanes at once.
func TestSearchFindsAllThereIs(t *testing.T) {
	eachKernel(t, func(t *testing.T, k Kernel) {
		random := rand.New(rand.NewPCG(11, 12))
		s := k.NewSearch()
		for offset := rate; offset < MessageSize; offset++ {
			for size := 1; size <= min(8, MessageSize-offset); size++ {
				w := randomWork(t, random, offset, size)
				w.Target = hash.Target{0: 0x40, 5: byte(random.Uint32())}
				s.SetWork(w)
				most := uint64(math.MaxUint64) >> (64 - 8*size)
				bits := 8 * (1 + random.IntN(size))
				start := uint64(1)<<(bits-1)*2 - random.Uint64N(40) - 1
				n := min(random.Uint64N(300), most-start)
				want := slowSearch(w, start, n)
				require.Equal(t, want, s.Try(start, n, nil), "bytes %d to %d, %d nonces from %#x", offset, offset+size-1, n, start)
			}
		}
	})
}

// A hit meets the whole target, not only its first four bytes.
func TestSearchComparesAllOfTheHash(t *testing.T) {
	eachKernel(t, func(t *testing.T, k Kernel) {
		w := randomWork(t, rand.New(rand.NewPCG(13, 14)), 36, 8)
		w.Target = hash.Target{0xff, 0xff, 0xff, 0xff}
		s := k.NewSearch()
		s.SetWork(w)
		hits := s.Try(5, 100, nil)
		require.Equal(t, slowSearch(w, 5, 100), hits)
		require.Len(t, hits, 100)
		for _, hit := range hits {
			w.Target = hash.Target(hit.Digest)
			s.SetWork(w)
			require.Equal(t, []hash.Hit{hit}, s.Try(hit.Nonce, 1, nil), "equality passes")
			last := &w.Target[hash.Size-1]
			if *last > 0 {
				*last--
				s.SetWork(w)
				require.Empty(t, s.Try(hit.Nonce, 1, nil))
			}
		}
	})
}

// The work of one call does not linger in the next, and hits are appended.
func TestSearchChangesWork(t *testing.T) {
	eachKernel(t, func(t *testing.T, k Kernel) {
		random := rand.New(rand.NewPCG(15, 16))
		s := k.NewSearch()
		var got, want []hash.Hit
		for i := range 20 {
			w := randomWork(t, random, 32+i%9, 8)
			w.Target = hash.Target{0: 0x10}
			s.SetWork(w)
			start := random.Uint64() / 2
			want = append(want, slowSearch(w, start, 100)...)
			clear(w.Blob)
			got = s.Try(start, 50, got)
			got = s.Try(start+50, 50, got)
		}
		require.NotEmpty(t, want)
		require.Equal(t, want, got)
	})
}

func TestSearchAllocatesNothing(t *testing.T) {
	eachKernel(t, func(t *testing.T, k Kernel) {
		w := randomWork(t, rand.New(rand.NewPCG(17, 18)), 35, 8)
		w.Target = hash.Target{0: 0x01}
		s := k.NewSearch()
		hits := make([]hash.Hit, 0, 1000)
		require.Zero(t, testing.AllocsPerRun(5, func() {
			s.SetWork(w)
			hits = s.Try(250, 2000, hits[:0])
		}))
		require.NotEmpty(t, hits)
	})
}

func TestSuits(t *testing.T) {
	random := rand.New(rand.NewPCG(19, 20))
	require.True(t, Suits(randomWork(t, random, 32, 8)))
	require.False(t, Suits(randomWork(t, random, 31, 8)))
	w := randomWork(t, random, 32, 8)
	w.Blob = append(w.Blob, 0)
	require.False(t, Suits(w))
	w = randomWork(t, random, 32, 8)
	w.Algorithm = algorithm(t, "cn/0")
	require.False(t, Suits(w))
}
