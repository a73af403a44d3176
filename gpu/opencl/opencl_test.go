//go:build opencl && cgo

package opencl

import (
	"errors"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// device gives each test every device there is; PoCL is one.
func onEachDevice(t *testing.T, f func(t *testing.T, s hash.Searcher)) {
	t.Helper()
	list, err := Devices()
	if errors.Is(err, gpu.ErrNoDriver) && os.Getenv("ADIT_REQUIRE_REAL") == "" {
		t.Skip("no OpenCL device: apt-get install pocl-opencl-icd")
	}
	require.NoError(t, err)
	for _, d := range list {
		t.Run(d.Name, func(t *testing.T) {
			s, err := NewSearcher(d.Index, gpu.Options{})
			require.NoError(t, err)
			defer func() { require.NoError(t, s.Close()) }()
			f(t, s)
		})
	}
}

func eagleWork(rng *rand.Rand, offset, size int, difficulty uint64) *hash.Work {
	a, err := hash.Lookup("eaglesong")
	if err != nil {
		panic(err)
	}
	w := &hash.Work{Algorithm: a, Blob: make([]byte, 48), NonceOffset: offset, NonceSize: size, Target: chain.TargetFromDifficulty(difficulty)}
	for i := range w.Blob {
		w.Blob[i] = byte(rng.Uint32())
	}
	return w
}

// Every device finds what the processor finds, wherever the nonce lies.
func TestFindsWhatTheProcessorFinds(t *testing.T) {
	onEachDevice(t, func(t *testing.T, s hash.Searcher) {
		reference, err := cpu.NewSearcher(cpu.SearcherOptions{})
		require.NoError(t, err)
		defer reference.Close()
		rng := rand.New(rand.NewPCG(1, 2))
		for _, place := range [][2]int{{32, 8}, {33, 4}, {35, 1}, {39, 3}, {40, 8}, {44, 4}, {47, 1}} {
			w := eagleWork(rng, place[0], place[1], 100)
			require.NoError(t, s.SetWork(w))
			require.NoError(t, reference.SetWork(w))
			starts := []uint64{0, 200}
			if place[1] > 3 {
				starts = append(starts, 1<<24-50, rng.Uint64()>>(64-8*place[1])/2)
			}
			for _, start := range starts {
				require.Equal(t, search(t, reference, start, 5000), search(t, s, start, 5000), "nonce at %v from %#x", place, start)
			}
		}
	})
}

// search tries count nonces, or as many as there are.
func search(t *testing.T, s hash.Searcher, start, count uint64) (hits []hash.Hit) {
	t.Helper()
	for count > 0 {
		var done uint64
		var err error
		hits, done, err = s.Search(start, count, hits)
		if err != nil {
			require.ErrorContains(t, err, "does not fit", "the field has been searched to its end")
			return hits
		}
		require.Positive(t, done)
		start, count = start+done, count-done
		if start == 0 {
			return hits
		}
	}
	return hits
}

// More hits than a list holds are all found.
func TestManyHits(t *testing.T) {
	onEachDevice(t, func(t *testing.T, s hash.Searcher) {
		w := eagleWork(rand.New(rand.NewPCG(3, 4)), 32, 8, 1)
		require.NoError(t, s.SetWork(w))
		hits := search(t, s, 77, 10_000)
		require.Len(t, hits, 10_000)
		for i, h := range hits {
			require.Equal(t, uint64(77+i), h.Nonce)
		}
	})
}

func TestRefusesWhatItCannot(t *testing.T) {
	onEachDevice(t, func(t *testing.T, s hash.Searcher) {
		_, _, err := s.Search(0, 1, nil)
		require.ErrorContains(t, err, "no work")
		w := eagleWork(rand.New(rand.NewPCG(3, 4)), 32, 8, 1)
		w.Blob = w.Blob[:40]
		require.ErrorContains(t, s.SetWork(w), "no kernel")
		require.Error(t, s.SetWork(&hash.Work{}))
		require.NoError(t, s.Close())
		require.ErrorIs(t, s.SetWork(w), hash.ErrClosed)
	})
}

func TestNoSuchDevice(t *testing.T) {
	_, err := NewSearcher(1000, gpu.Options{})
	require.Error(t, err)
}

func TestFirstLines(t *testing.T) {
	require.Equal(t, "a\nb", firstLines("a\nb\n\x00", 5))
	require.Equal(t, "a\nb\n... and 2 lines more", firstLines("a\nb\nc\nd", 2))
}

// Every variant gives the processor's digests, for blobs of several lengths.
func TestEveryCryptoNightVariant(t *testing.T) {
	onEachDevice(t, func(t *testing.T, s hash.Searcher) {
		rng := rand.New(rand.NewPCG(5, 6))
		for i, a := range hash.All() {
			length := []int{76, 200}[i%2]
			if a.Family != hash.CryptoNight {
				continue
			}
			t.Run(a.Name, func(t *testing.T) {
				reference, err := cpu.New(a)
				require.NoError(t, err)
				defer reference.Close()
				w := nightWork(rng, a, length)
				require.NoError(t, s.SetWork(w))
				requireDigests(t, s, reference, w, 8)
			})
		}
	})
}

// requireDigests compares a device's digests of n nonces with the processor's.
func requireDigests(t *testing.T, s hash.Searcher, reference hash.Hasher, w *hash.Work, n int) {
	t.Helper()
	const start = 0x12345
	hits, done, err := s.Search(start, uint64(n), nil)
	require.NoError(t, err)
	require.EqualValues(t, n, done)
	require.Len(t, hits, n)
	in, out := make([]hash.Input, n), make([]hash.Digest, n)
	for i := range in {
		blob := append([]byte(nil), w.Blob...)
		nonce := start + i
		blob[39], blob[40], blob[41], blob[42] = byte(nonce), byte(nonce>>8), byte(nonce>>16), byte(nonce>>24)
		in[i] = hash.Input{Blob: blob, Height: w.Height}
	}
	require.NoError(t, cpu.Hash(reference, out, in))
	for i, h := range hits {
		require.Equal(t, uint64(start+i), h.Nonce)
		require.Equal(t, out[i], h.Digest, "a blob of %d bytes, nonce %d", len(w.Blob), i)
	}
}

// nightWork is met by every hash.
func nightWork(rng *rand.Rand, a *hash.Algorithm, length int) *hash.Work {
	w := &hash.Work{Algorithm: a, Blob: make([]byte, length), Height: 1788000 + rng.Uint64N(1000), NonceOffset: 39, NonceSize: 4, Target: chain.TargetFromDifficulty(1)}
	for i := range w.Blob {
		w.Blob[i] = byte(rng.Uint32())
	}
	return w
}

// Each height of cn/r has another program, the second of these built ahead:
// both give the processor's digests.
func TestHeights(t *testing.T) {
	onEachDevice(t, func(t *testing.T, s hash.Searcher) {
		rng := rand.New(rand.NewPCG(11, 12))
		a, err := hash.Lookup("cn/r")
		require.NoError(t, err)
		reference, err := cpu.New(a)
		require.NoError(t, err)
		defer reference.Close()
		w := nightWork(rng, a, 76)
		for _, height := range []uint64{w.Height, w.Height + 1} {
			w.Height = height
			require.NoError(t, s.SetWork(w))
			requireDigests(t, s, reference, w, 8)
		}
	})
}
