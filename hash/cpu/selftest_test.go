package cpu

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/eaglesong"
)

func only(t *testing.T, names ...string) []*hash.Algorithm {
	t.Helper()
	var found []*hash.Algorithm
	for _, name := range names {
		a, err := hash.Lookup(name)
		require.NoError(t, err)
		found = append(found, a)
	}
	return found
}

func TestSelfTestPasses(t *testing.T) {
	var reports []Report
	algorithms := only(t, "cn-pico", "cn/upx2", "eaglesong")
	err := SelfTest(t.Context(), algorithms, func(r Report) { reports = append(reports, r) })
	require.NoError(t, err)
	for _, a := range algorithms {
		for _, impl := range Implementations(a) {
			require.NotEmpty(t, reports)
			r := reports[0]
			reports = reports[1:]
			require.Same(t, a, r.Algorithm)
			require.NoError(t, r.Err)
			require.Equal(t, impl.Name, r.Impl)
			require.Equal(t, impl.Available, r.Available)
			if r.Available {
				require.GreaterOrEqual(t, r.Hashes, 3*impl.DefaultLanes+1, "three vectors and a search")
			}
		}
	}
	require.Empty(t, reports)
}

// Every vector in the binary must be one of the published ones, and every
// algorithm must have a few, the first with room for a nonce.
func TestSelfTestVectorsAreTheGoldenOnes(t *testing.T) {
	golden := ""
	for _, name := range []string{"cryptonight.json", "cryptonight_gpu.json", "eaglesong.json"} {
		text, err := os.ReadFile("../../testdata/vectors/" + name)
		require.NoError(t, err)
		var rows []struct {
			Algorithm, Input, Hash string
			Height                 uint64
		}
		require.NoError(t, json.Unmarshal(text, &rows))
		for _, row := range rows {
			if row.Algorithm == "" {
				row.Algorithm = "eaglesong"
			}
			line, err := json.Marshal(row)
			require.NoError(t, err)
			golden += string(line) + "\n"
		}
	}
	for _, v := range selfTestVectors {
		line, err := json.Marshal(struct {
			Algorithm, Input, Hash string
			Height                 uint64
		}{v.algorithm, v.input, v.digest, v.height})
		require.NoError(t, err)
		require.True(t, strings.Contains(golden, string(line)), "not a published vector: %s", line)
	}
	for _, a := range hash.All() {
		known, err := KnownAnswers(a)
		require.NoError(t, err, a.Name)
		require.GreaterOrEqual(t, len(known), 3, a.Name)
		require.GreaterOrEqual(t, len(known[0].Input.Blob), a.NonceOffset+min(a.NonceSize, 8), a.Name)
	}
}

// wrongHasher spoils one lane of a right one.
type wrongHasher struct{ hash.Hasher }

func (h wrongHasher) Hash(out []hash.Digest, in []hash.Input) error {
	err := h.Hasher.Hash(out, in)
	out[len(out)-1][31] ^= 1
	return err
}

func TestSelfTestReportsWhatIsWrong(t *testing.T) {
	broken := errors.New("no memory")
	right := func(a *hash.Algorithm) func(int) (hash.Hasher, error) {
		return func(int) (hash.Hasher, error) { return eaglesong.New(a) }
	}
	implementations := func(a *hash.Algorithm) []Implementation {
		return []Implementation{
			{Name: "missing", Reason: "needs AVX-512"},
			{Name: "wrong", Available: true, Make: func(int) (hash.Hasher, error) {
				h, err := eaglesong.New(a)
				return wrongHasher{h}, err
			}},
			{Name: "broken", Available: true, Make: func(int) (hash.Hasher, error) { return nil, broken }},
			{Name: "right", Available: true, Make: right(a)},
		}
	}
	reports := map[string]Report{}
	err := selfTest(t.Context(), only(t, "eaglesong"), implementations, func(r Report) { reports[r.Impl] = r })
	require.NoError(t, err)
	require.Len(t, reports, 4)
	require.False(t, reports["missing"].Available)
	require.Equal(t, "needs AVX-512", reports["missing"].Reason)
	require.ErrorContains(t, reports["wrong"].Err, "hashes to")
	require.Zero(t, reports["wrong"].Hashes)
	require.ErrorIs(t, reports["broken"].Err, broken)
	require.NoError(t, reports["right"].Err)
}

func TestSelfTestNeedsVectors(t *testing.T) {
	a := &hash.Algorithm{Name: "new", Family: hash.Eaglesong}
	var reports []Report
	err := SelfTest(t.Context(), []*hash.Algorithm{a}, func(r Report) { reports = append(reports, r) })
	require.NoError(t, err)
	require.Len(t, reports, len(Implementations(a)))
	require.ErrorContains(t, reports[len(reports)-1].Err, "no vector")
}

func TestSelfTestEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var reports []Report
	err := SelfTest(ctx, only(t, "eaglesong", "cn/0"), func(r Report) {
		reports = append(reports, r)
		cancel()
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, reports, 1)
}

// The search is tested too: an implementation whose hits are lost fails.
func TestSearchTestNeedsTheHit(t *testing.T) {
	a := only(t, "eaglesong")[0]
	known, err := KnownAnswers(a)
	require.NoError(t, err)
	impl, err := Best(a)
	require.NoError(t, err)
	require.NoError(t, testSearch(a, impl, known[0]))
	other := known[0]
	other.Digest[0] ^= 0x80
	require.ErrorContains(t, testSearch(a, impl, other), "was not found")
}

func TestParseModel(t *testing.T) {
	text := "processor\t: 0\nmodel\t\t: 7\nmodel name\t: Some  CPU @ 2.50GHz\nmodel name\t: Another\n"
	require.Equal(t, "Some CPU @ 2.50GHz", parseModel(strings.NewReader(text)))
	require.Equal(t, "CPU", parseModel(strings.NewReader("Features\t: fp asimd\n")))
	require.Equal(t, "CPU", parseModel(strings.NewReader("")))
	require.NotEmpty(t, Model())
}
