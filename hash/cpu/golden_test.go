package cpu_test

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// vector is one message with its digest.
type vector struct {
	input  hash.Input
	digest hash.Digest
}

// fileVectors maps the name of each algorithm to its vectors.
type fileVectors map[string][]vector

func (f fileVectors) add(t testing.TB, algorithm, input, digest string, height uint64) {
	t.Helper()
	f[algorithm] = append(f[algorithm], vector{
		input:  hash.Input{Blob: unhex(t, input), Height: height},
		digest: hash.Digest(unhex(t, digest)),
	})
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// readJSON decodes a file under testdata/vectors, which must exist and hold
// something.
func readJSON[T any](t testing.TB, name string) []T {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../testdata/vectors", name))
	require.NoError(t, err)
	var rows []T
	require.NoError(t, json.Unmarshal(text, &rows), name)
	require.NotEmpty(t, rows, name)
	return rows
}

// goldenVectors reads all vectors of proofs of work.
func goldenVectors(t testing.TB) fileVectors {
	t.Helper()
	vectors := fileVectors{}
	type cryptoNight struct {
		Algorithm, Input, Hash string
		Height                 uint64
	}
	for _, name := range []string{"cryptonight.json", "cryptonight_gpu.json"} {
		for _, v := range readJSON[cryptoNight](t, name) {
			vectors.add(t, v.Algorithm, v.Input, v.Hash, v.Height)
		}
	}
	type eaglesong struct{ Input, Hash string }
	for _, v := range readJSON[eaglesong](t, "eaglesong.json") {
		vectors.add(t, "eaglesong", v.Input, v.Hash, 0)
	}
	type header struct {
		PowHash    string `json:"pow_hash"`
		NonceBytes string `json:"nonce_bytes"`
		Eaglesong  string `json:"eaglesong"`
	}
	for _, v := range readJSON[header](t, "ckb_headers.json") {
		vectors.add(t, "eaglesong", v.PowHash+v.NonceBytes, v.Eaglesong, 0)
	}
	return vectors
}

// sluggish algorithms take long for a hash. A turn of cn/gpu is hundreds of
// times the work of any other's.
func sluggish(a *hash.Algorithm) bool { return a.Iterations > 1<<16 || a.Name == "cn/gpu" }

// algorithms are all there are; the quick ones where hashing is slow. No
// goroutine of adit shares a Hasher, so that races lose little by it.
func algorithms(t *testing.T) []*hash.Algorithm {
	all := hash.All()
	if !slow {
		return all
	}
	quick := slices.DeleteFunc(all, sluggish)
	t.Logf("%d of %d algorithms under the race detector", len(quick), len(hash.All()))
	return quick
}

// eachImplementation runs test on every implementation of every algorithm that
// this machine runs, each with a Hasher of its own that has the most lanes.
func eachImplementation(t *testing.T, test func(t *testing.T, a *hash.Algorithm, h hash.Hasher)) {
	for _, a := range algorithms(t) {
		available := 0
		for _, impl := range cpu.Implementations(a) {
			if !impl.Available {
				t.Logf("%s %s is not available: %s", a.Name, impl.Name, impl.Reason)
				continue
			}
			available++
			t.Run(a.Name+"/"+impl.Name, func(t *testing.T) {
				t.Parallel()
				require.NotEmpty(t, impl.Lanes)
				require.Contains(t, impl.Lanes, impl.DefaultLanes)
				most := impl.Lanes[len(impl.Lanes)-1]
				h, err := impl.New(most)
				require.NoError(t, err)
				defer func() { require.NoError(t, h.Close()) }()
				require.Equal(t, most, h.Lanes())
				require.Equal(t, impl.Name, h.Impl())
				require.Same(t, a, h.Algorithm())
				test(t, a, h)
			})
		}
		require.Positive(t, available, "implementations of %s", a.Name)
	}
}

// TestGolden runs every implementation over every vector, in batches of
// different sizes: that many lanes are in use. One Hasher does them all, so
// that nothing of one message may leak into the next, or into another lane.
func TestGolden(t *testing.T) {
	vectors := goldenVectors(t)
	for name := range vectors {
		_, err := hash.Lookup(name)
		require.NoError(t, err, "vectors of an algorithm that the registry lacks")
	}
	eachImplementation(t, func(t *testing.T, a *hash.Algorithm, h hash.Hasher) {
		known := vectors[a.Name]
		require.GreaterOrEqual(t, len(known), 16, "vectors")
		if testing.Short() || a.Name == "cn/gpu" && h.Impl() == "generic" {
			known = known[:2]
		}
		next := 0
		for _, size := range batches(a, h.Lanes(), len(known)) {
			in, want := make([]hash.Input, size), make([]hash.Digest, size)
			for i := range in {
				v := &known[next%len(known)]
				in[i], want[i] = v.input, v.digest
				next++
			}
			out := make([]hash.Digest, size)
			require.NoError(t, h.Hash(out, in))
			require.Equal(t, want, out, "%d lanes of %d, vectors up to %d", size, h.Lanes(), next)
		}
		require.GreaterOrEqual(t, next, len(known))
	})
}

// batches says how many vectors to hash at once: each number up to the most,
// or one in eight of them where hashing is slow, others for each algorithm. There
// are enough batches for all vectors.
func batches(a *hash.Algorithm, most, vectors int) (sizes []int) {
	step := 1
	if sluggish(a) {
		step = 8
	}
	done := 0
	for size := 1 + slices.Index(hash.All(), a)%step; size <= most; size += step {
		sizes = append(sizes, size)
		done += size
	}
	for done < vectors {
		size := min(most, vectors-done)
		sizes = append(sizes, size)
		done += size
	}
	return sizes
}

// randomInput is a message that a can hash.
func randomInput(a *hash.Algorithm, random *rand.Rand) hash.Input {
	blob := make([]byte, a.MinInput+random.IntN(300))
	for i := range blob {
		blob[i] = byte(random.Uint32())
	}
	return hash.Input{Blob: blob, Height: 1 + random.Uint64N(4_000_000)}
}

// TestDifferential compares every implementation, with random messages in all
// of its lanes, then in some, with a Hasher of the last one in the list: the
// portable implementation. Where hashing is slow it does with some, and checks
// one of them.
func TestDifferential(t *testing.T) {
	eachImplementation(t, func(t *testing.T, a *hash.Algorithm, h hash.Hasher) {
		random := rand.New(rand.NewPCG(7, uint64(len(a.Name))))
		impls := cpu.Implementations(a)
		last := impls[len(impls)-1]
		if sluggish(a) && h.Impl() == last.Name {
			t.Skip("the others are compared with it")
		}
		reference, err := last.New(0)
		require.NoError(t, err)
		quick := !testing.Short() && !slow && !sluggish(a)
		sizes := []int{1 + random.IntN(h.Lanes())}
		if quick {
			sizes = append(sizes, h.Lanes())
		}
		for _, size := range sizes {
			in, got := make([]hash.Input, size), make([]hash.Digest, size)
			for i := range in {
				in[i] = randomInput(a, random)
			}
			require.NoError(t, h.Hash(got, in))

			check, step := 0, 1
			if !quick {
				check, step = random.IntN(size), size
			}
			for ; check < size; check += step {
				var want [1]hash.Digest
				require.NoError(t, reference.Hash(want[:], in[check:check+1]))
				require.Equal(t, want[0], got[check], "lane %d of %d", check, size)
			}
		}
		require.NoError(t, reference.Close())
	})
}

// TestLanesArePermutable hashes the same messages in another order of lanes:
// whatever leaked from one lane into another would show.
func TestLanesArePermutable(t *testing.T) {
	eachImplementation(t, func(t *testing.T, a *hash.Algorithm, h hash.Hasher) {
		if sluggish(a) {
			t.Skip("too slow here: the tests of the kernels have different lanes, too")
		}
		random := rand.New(rand.NewPCG(11, uint64(len(a.Name))))
		n := h.Lanes()
		in, out := make([]hash.Input, n), make([]hash.Digest, n)
		for i := range in {
			in[i] = randomInput(a, random)
		}
		require.NoError(t, h.Hash(out, in))
		order := random.Perm(n)
		permuted, got := make([]hash.Input, n), make([]hash.Digest, n)
		for i, from := range order {
			permuted[i] = in[from]
		}
		require.NoError(t, h.Hash(got, permuted))
		for i, from := range order {
			require.Equal(t, out[from], got[i], "lane %d, before %d", i, from)
		}
	})
}

// FuzzDifferential does the same as TestDifferential on messages that the
// fuzzer chooses, for the algorithms that are fast enough to be fuzzed.
func FuzzDifferential(f *testing.F) {
	f.Add([]byte{}, false)
	f.Add([]byte("abc"), false)
	f.Add(make([]byte, 48), false)
	f.Add(make([]byte, 76), true)
	used := map[bool]hash.Hasher{}
	for padded, name := range map[bool]string{false: "eaglesong", true: "cn/upx2"} {
		a, err := hash.Lookup(name)
		require.NoError(f, err)
		used[padded], err = cpu.New(a)
		require.NoError(f, err)
	}
	f.Fuzz(func(t *testing.T, message []byte, padded bool) {
		h := used[padded]
		impls := cpu.Implementations(h.Algorithm())
		reference, err := impls[len(impls)-1].New(0)
		require.NoError(t, err)
		in := []hash.Input{{Blob: message}}
		var got, want [1]hash.Digest
		require.NoError(t, h.Hash(got[:], in))
		require.NoError(t, reference.Hash(want[:], in))
		require.Equal(t, want, got)
	})
}

// A Hasher allocates nothing. As something else in the process may allocate
// meanwhile, it is enough if one of a few counts is 0.
func TestHashingAllocatesNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, a := range algorithms(t) {
		for _, impl := range cpu.Implementations(a) {
			if !impl.Available {
				continue
			}
			h, err := impl.New(2)
			require.NoError(t, err)
			in, out := make([]hash.Input, h.Lanes()), make([]hash.Digest, h.Lanes())
			for i := range in {
				in[i] = randomInput(a, random)
			}
			least := math.Inf(1)
			for range 3 {
				if least > 0 {
					least = min(least, testing.AllocsPerRun(1, func() { err = h.Hash(out, in) }))
					require.NoError(t, err)
				}
			}
			require.Zero(t, least, "%s %s", a.Name, impl.Name)
			require.NoError(t, h.Close())
		}
	}
}

// TestBadCalls checks that every implementation refuses what the contract
// forbids instead of computing nonsense.
func TestBadCalls(t *testing.T) {
	eachImplementation(t, func(t *testing.T, a *hash.Algorithm, h hash.Hasher) {
		out := make([]hash.Digest, h.Lanes()+1)
		in := make([]hash.Input, h.Lanes()+1)
		for i := range in {
			in[i] = hash.Input{Blob: make([]byte, 76), Height: 1}
		}
		require.Error(t, h.Hash(out[:0], in[:0]), "nothing to hash")
		require.Error(t, h.Hash(out, in), "more than there are lanes")
		require.Error(t, h.Hash(out[:1], in[:0]), "lengths differ")

		var bad *hash.InputError
		if a.MinInput > 0 {
			short := []hash.Input{{Blob: make([]byte, a.MinInput-1), Height: 1}}
			require.ErrorAs(t, h.Hash(out[:1], short), &bad)
		}
		if a.NeedsHeight {
			require.ErrorAs(t, h.Hash(out[:1], []hash.Input{{Blob: make([]byte, 76)}}), &bad)
		}
		require.NoError(t, h.Close())
		require.ErrorIs(t, h.Hash(out[:1], in[:1]), hash.ErrClosed)
	})
}

func TestHashRefusesUnequalLengths(t *testing.T) {
	a, err := hash.Lookup("eaglesong")
	require.NoError(t, err)
	h, err := cpu.New(a)
	require.NoError(t, err)
	require.Error(t, cpu.Hash(h, make([]hash.Digest, 2), make([]hash.Input, 1)))
	require.NoError(t, cpu.Hash(h, nil, nil))
}

func TestNewOfAnUnknownFamily(t *testing.T) {
	a := &hash.Algorithm{Name: "scrypt", Family: "scrypt"}
	require.Empty(t, cpu.Implementations(a))
	_, err := cpu.New(a)
	require.ErrorContains(t, err, "scrypt")
}
