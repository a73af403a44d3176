package cryptonight

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
)

type vector struct {
	Algorithm string
	Input     string
	Hash      string
	Height    uint64
}

func (v *vector) input(t *testing.T) hash.Input {
	t.Helper()
	blob, err := hex.DecodeString(v.Input)
	require.NoError(t, err)
	return hash.Input{Blob: blob, Height: v.Height}
}

// goldenVectors returns the vectors by algorithm.
func goldenVectors(t *testing.T) map[string][]vector {
	t.Helper()
	by := map[string][]vector{}
	for _, name := range []string{"cryptonight.json", "cryptonight_gpu.json"} {
		raw, err := os.ReadFile("../../testdata/vectors/" + name)
		require.NoError(t, err)
		var list []vector
		require.NoError(t, json.Unmarshal(raw, &list))
		for _, v := range list {
			by[v.Algorithm] = append(by[v.Algorithm], v)
		}
	}
	return by
}

func newHasher(t *testing.T, name string) hash.Hasher {
	t.Helper()
	a, err := hash.Lookup(name)
	require.NoError(t, err)
	h, err := New(a)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.Close()) })
	return h
}

func digest(t *testing.T, h hash.Hasher, in hash.Input) string {
	t.Helper()
	var out [1]hash.Digest
	require.NoError(t, h.Hash(out[:], []hash.Input{in}))
	return hex.EncodeToString(out[0][:])
}

// family is every algorithm that this package has to know.
func family() (all []*hash.Algorithm) {
	for _, a := range hash.All() {
		if a.Family == hash.CryptoNight {
			all = append(all, a)
		}
	}
	return all
}

// One Hasher does all vectors of a variant, so that this also shows that
// nothing is left over from one hash to the next. Four each will do here: the
// golden test of hash/cpu runs all of them on every implementation.
func TestGoldenVectors(t *testing.T) {
	by := goldenVectors(t)
	require.Len(t, by, len(family()))
	for _, a := range family() {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			vectors := by[a.Name]
			require.GreaterOrEqual(t, len(vectors), 16)
			few := 4
			if a.Name == "cn/gpu" { // ten times slower than any other
				few = 1
			}
			h := newHasher(t, a.Name)
			for i, v := range vectors[:few] {
				require.Equal(t, v.Hash, digest(t, h, v.input(t)), "vector %d", i)
			}
		})
	}
}

// Vectors that the coins' own test suites publish.
func TestPublishedVectors(t *testing.T) {
	const twice = "5468697320697320612074657374205468697320697320612074657374205468697320697320612074657374"
	text := func(s string) string { return hex.EncodeToString([]byte(s)) }
	tests := []vector{
		{"cn/0", text("This is a test"), "a084f01d1437a09c6985401b60d43554ae105802c5f5d8a9b3253649c0be6605", 0},
		{"cn/0", text("de omnibus dubitandum"), "2f8e3df40bd11f9ac90c743ca8e32bb391da4fb98612aa3b6cdc639ee00b31f5", 0},
		{"cn/0", text("abundans cautela non nocet"), "722fa8ccd594d40e4a41f3822734304c8d5eff7e1b528408e2229da38ba553c4", 0},
		{"cn/0", text("caveat emptor"), "bbec2cacf69866a8e740380fe7b818fc78f8571221742d729d9d02d7f8989b87", 0},
		{"cn/0", text("ex nihilo nihil fit"), "b1257de4efc5ce28c6b40ceb1c6c8f812a64634eb3e81c5220bee9b2b76a6f05", 0},
		{"cn/1", strings.Repeat("00", 43), "b5a7f63abb94d07d1a6445c36c07c7e8327fe61b1647e391b4c7edae5de57a3d", 0},
		{"cn/2", twice, "353fdc068fd47b03c04b9431e005e00b68c2168a3cc7335c8b9b308156591a4f", 0},
		{"cn/r", twice, "f759588ad57e758467295443a9bd71490abff8e9dad1b95b6bf2f5d0d78387bc", 1806260},
	}
	for _, test := range tests {
		t.Run(test.Algorithm, func(t *testing.T) {
			require.Equal(t, test.Hash, digest(t, newHasher(t, test.Algorithm), test.input(t)))
		})
	}
}

// Lengths around the edges of Keccak's blocks, and none at all, must work.
func TestAnyLength(t *testing.T) {
	h := newHasher(t, "cn/upx2")
	seen := map[string]int{}
	for _, n := range []int{0, 1, 135, 136, 137, 271, 272, 273, 1000} {
		d := digest(t, h, hash.Input{Blob: make([]byte, n)})
		require.NotContains(t, seen, d, "same digest for %d and %d bytes", n, seen[d])
		seen[d] = n
	}
}

func TestHeightChangesTheDigest(t *testing.T) {
	h := newHasher(t, "cn/r")
	blob := make([]byte, 76)
	first := digest(t, h, hash.Input{Blob: blob, Height: 1000})
	require.NotEqual(t, first, digest(t, h, hash.Input{Blob: blob, Height: 1001}))
	require.Equal(t, first, digest(t, h, hash.Input{Blob: blob, Height: 1000}))
}

func TestHashLeavesTheInputAlone(t *testing.T) {
	h := newHasher(t, "cn/upx2")
	blob := []byte(strings.Repeat("x", 76))
	digest(t, h, hash.Input{Blob: blob})
	require.Equal(t, strings.Repeat("x", 76), string(blob))
}

func TestHashErrors(t *testing.T) {
	tests := []struct {
		algorithm string
		in        hash.Input
		want      string
	}{
		{"cn/1", hash.Input{Blob: make([]byte, 12)}, "cn/1 needs at least 43 bytes, got 12"},
		{"cn-heavy/tube", hash.Input{Blob: make([]byte, 42)}, "cn-heavy/tube needs at least 43 bytes, got 42"},
		{"cn/r", hash.Input{Blob: make([]byte, 76)}, "cn/r needs the block height"},
	}
	for _, test := range tests {
		t.Run(test.algorithm, func(t *testing.T) {
			var out [1]hash.Digest
			err := newHasher(t, test.algorithm).Hash(out[:], []hash.Input{test.in})
			var input *hash.InputError
			require.ErrorAs(t, err, &input)
			require.EqualError(t, err, test.want)
		})
	}
}

func TestHashWantsOneLane(t *testing.T) {
	h := newHasher(t, "cn/upx2")
	require.Equal(t, 1, h.Lanes())
	require.Error(t, h.Hash(nil, nil))
	require.Error(t, h.Hash(make([]hash.Digest, 2), make([]hash.Input, 2)))
	require.Error(t, h.Hash(make([]hash.Digest, 2), make([]hash.Input, 1)))
}

func TestClosed(t *testing.T) {
	a, err := hash.Lookup("cn/upx2")
	require.NoError(t, err)
	h, err := New(a)
	require.NoError(t, err)
	require.NoError(t, h.Close())
	require.NoError(t, h.Close())
	require.ErrorIs(t, h.Hash(make([]hash.Digest, 1), make([]hash.Input, 1)), hash.ErrClosed)
}

func TestNewRefusesOtherFamilies(t *testing.T) {
	a, err := hash.Lookup("eaglesong")
	require.NoError(t, err)
	_, err = New(a)
	require.EqualError(t, err, "algorithm eaglesong is not of the CryptoNight family")
}

func TestDescribesItself(t *testing.T) {
	h := newHasher(t, "cn")
	require.Equal(t, "cn/0", h.Algorithm().Name)
	require.Equal(t, "generic", h.Impl())
}

// One variant of each main loop; cn/r at a new height every time, so that
// making a program is covered. The count is an average, rounded down: something
// else in the process may allocate once meanwhile.
func TestHashAllocatesNothing(t *testing.T) {
	for _, name := range []string{"cn-lite/0", "cn-lite/1", "cn/upx2", "cn/r", "cn-heavy/tube", "cn/ccx"} {
		t.Run(name, func(t *testing.T) {
			h := newHasher(t, name)
			out, in := make([]hash.Digest, 1), []hash.Input{{Blob: make([]byte, 200)}}
			require.Zero(t, testing.AllocsPerRun(3, func() {
				in[0].Height++
				if err := h.Hash(out, in); err != nil {
					panic(err)
				}
			}))
		})
	}
}

func TestScratchpadsAreApart(t *testing.T) {
	for _, a := range family() {
		memory, pads, err := newScratchpads(3, a.Scratchpad)
		require.NoError(t, err)
		require.Len(t, pads, 3)
		for i, pad := range pads {
			require.Len(t, pad, a.Scratchpad/lineSize)
			offset := uintptr(unsafe.Pointer(&pad[0])) - uintptr(memory.Pointer())
			require.EqualValues(t, i*a.Scratchpad, offset, a.Name)
			require.Zero(t, uintptr(unsafe.Pointer(&pad[0]))%lineSize, a.Name)
		}
		require.NoError(t, memory.Close())
	}
}

func TestCloseFreesTheScratchpad(t *testing.T) {
	a, err := hash.Lookup("cn/0")
	require.NoError(t, err)
	h, err := New(a)
	require.NoError(t, err)
	require.Equal(t, a.Scratchpad, h.(hash.MemoryReporter).Memory().Bytes)
	require.NoError(t, h.Close())
	require.NoError(t, h.Close(), "closing again")
	require.ErrorIs(t, h.Hash(make([]hash.Digest, 1), make([]hash.Input, 1)), hash.ErrClosed)
}

// newScratchpad allocates a pad from the heap, for tests that close nothing.
func newScratchpad(size int) scratchpad { return make(scratchpad, size/lineSize) }

// newHeapHasher returns a Hasher that need not be closed.
func newHeapHasher(t testing.TB, a *hash.Algorithm) *Hasher {
	t.Helper()
	v, ok := variantOf(a)
	require.True(t, ok, a.Name)
	return &Hasher{algorithm: a, variant: v, pad: newScratchpad(a.Scratchpad), finals: newFinals(0)}
}

func BenchmarkHash(b *testing.B) {
	for _, a := range family() {
		b.Run(a.Name, func(b *testing.B) {
			h, err := New(a)
			require.NoError(b, err)
			out, in := make([]hash.Digest, 1), []hash.Input{{Blob: make([]byte, 76), Height: 1806260}}
			for b.Loop() {
				if err := h.Hash(out, in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
