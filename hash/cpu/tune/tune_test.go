package tune

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
)

func algorithm(t *testing.T, name string) *hash.Algorithm {
	t.Helper()
	a, err := hash.Lookup(name)
	require.NoError(t, err)
	return a
}

// model is a machine whose rates are known: eight lanes are best, and one
// thread in the second column of threads is worth two thirds.
func model(s Setting) float64 {
	lanes := map[int]float64{1: 10, 2: 19, 4: 35, 5: 36, 6: 37, 8: 40, 10: 38, 12: 30, 16: 20}
	if s.Threads == 2 {
		lanes[12] = 90
	}
	return lanes[s.Lanes] * float64(s.Threads)
}

func TestMeasureFindsTheBest(t *testing.T) {
	for _, c := range []struct {
		threads []int
		want    Setting
	}{
		{[]int{4}, Setting{4, 8, 160}},
		{[]int{4, 2}, Setting{2, 12, 180}},
		{[]int{4, 1}, Setting{4, 8, 160}},
	} {
		got, err := Measure(t.Context(), Options{
			Algorithm: algorithm(t, "cn/0"), Threads: c.threads, Lanes: []int{1, 2, 4, 5, 6, 8, 10, 12, 16},
			Run: func(_ context.Context, _ *hash.Algorithm, s Setting, _ time.Duration) (float64, error) {
				return model(s), nil
			},
		})
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
}

// A machine that drifts, and a slice now and then that is disturbed, do not
// change the answer.
func TestMeasureSurvivesDisturbance(t *testing.T) {
	calls, speed := 0, 1.0
	got, err := Measure(t.Context(), Options{
		Algorithm: algorithm(t, "cn/0"), Threads: []int{1}, Lanes: []int{1, 6, 8, 16},
		Run: func(_ context.Context, _ *hash.Algorithm, s Setting, _ time.Duration) (float64, error) {
			if calls++; calls%4 == 0 {
				speed *= 0.5 // from one round to the next
			}
			if s.Lanes == 8 && calls < 4 {
				return 1, nil
			}
			return model(s) * speed, nil
		},
	})
	require.NoError(t, err)
	require.Equal(t, 8, got.Lanes)
}

func TestMeasureWithoutChoiceStillMeasures(t *testing.T) {
	got, err := Measure(t.Context(), Options{
		Algorithm: algorithm(t, "cn/0"), Threads: []int{3}, Lanes: []int{4},
		Run: func(_ context.Context, _ *hash.Algorithm, s Setting, _ time.Duration) (float64, error) {
			return model(s), nil
		},
	})
	require.NoError(t, err)
	require.Equal(t, Setting{3, 4, 105}, got)
}

func TestMeasureEndsWithItsContextAndOnFailure(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := Options{Algorithm: algorithm(t, "cn/0"), Threads: []int{1}, Lanes: []int{1, 2}}
	o.Run = func(context.Context, *hash.Algorithm, Setting, time.Duration) (float64, error) {
		cancel()
		return 1, nil
	}
	_, err := Measure(ctx, o)
	require.ErrorIs(t, err, context.Canceled)

	broken := errors.New("no memory")
	o.Run = func(context.Context, *hash.Algorithm, Setting, time.Duration) (float64, error) { return 0, broken }
	_, err = Measure(t.Context(), o)
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "tuning cn/0 with 1 threads of 1 lanes")

	_, err = Measure(t.Context(), Options{})
	require.Error(t, err)
}

// The real thing, for an algorithm of each family.
func TestRealSearching(t *testing.T) {
	for _, name := range []string{"cn/upx2", "eaglesong"} {
		var seen []Setting
		got, err := Measure(t.Context(), Options{
			Algorithm: algorithm(t, name), Threads: []int{2}, Slice: time.Millisecond,
			Progress: func(s Setting) { seen = append(seen, s) },
		})
		require.NoError(t, err)
		require.Equal(t, 2, got.Threads)
		require.Positive(t, got.Rate)
		require.Contains(t, settings(seen), Setting{Threads: got.Threads, Lanes: got.Lanes})
	}
}

// settings are the list without rates.
func settings(list []Setting) []Setting {
	for i := range list {
		list[i].Rate = 0
	}
	return list
}

func TestFileKeepsSettings(t *testing.T) {
	a, b := algorithm(t, "cn/0"), algorithm(t, "cn/r")
	f := File{Path: filepath.Join(t.TempDir(), "adit", "tuning.json"), Machine: "m x2", Build: "1"}
	_, ok, err := f.Load(a, 0)
	require.NoError(t, err)
	require.False(t, ok)

	require.NoError(t, f.Save(a, 0, Setting{2, 8, 100}))
	require.NoError(t, f.Save(a, 1, Setting{1, 12, 60}))
	require.NoError(t, f.Save(b, 0, Setting{2, 16, 80}))
	for _, c := range []struct {
		a       *hash.Algorithm
		threads int
		want    Setting
	}{{a, 0, Setting{2, 8, 100}}, {a, 1, Setting{1, 12, 60}}, {b, 0, Setting{2, 16, 80}}} {
		got, ok, err := f.Load(c.a, c.threads)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, c.want, got)
	}

	for _, other := range []File{{f.Path, "n x2", "1"}, {f.Path, "m x2", "2"}} {
		_, ok, err := other.Load(a, 0)
		require.NoError(t, err)
		require.False(t, ok)
	}
	// Another machine's settings stay, those of an older build go.
	require.NoError(t, File{f.Path, "n x2", "1"}.Save(a, 0, Setting{1, 1, 1}))
	require.NoError(t, File{f.Path, "m x2", "2"}.Save(a, 0, Setting{2, 4, 7}))
	_, ok, _ = File{f.Path, "n x2", "1"}.Load(a, 0)
	require.True(t, ok)
	_, ok, _ = File{f.Path, "m x2", "2"}.Load(b, 0)
	require.False(t, ok)
}

func TestDamagedFileIsAnEmptyOne(t *testing.T) {
	a := algorithm(t, "cn/0")
	f := File{Path: filepath.Join(t.TempDir(), "tuning.json"), Machine: "m", Build: "1"}
	for _, text := range []string{"", "{", "[]", `{"machines":null}`, `{"machines":{"m":{"build":"1","settings":{"cn/0 t0":{"lanes":-1}}}}}`} {
		require.NoError(t, os.WriteFile(f.Path, []byte(text), 0o600))
		_, ok, err := f.Load(a, 0)
		require.NoError(t, err)
		require.False(t, ok)
		require.NoError(t, f.Save(a, 0, Setting{1, 2, 3}))
	}
}

func TestUnusableFileIsTold(t *testing.T) {
	f := File{Path: t.TempDir(), Machine: "m", Build: "1"} // a folder
	_, _, err := f.Load(algorithm(t, "cn/0"), 0)
	require.ErrorContains(t, err, "tuning file")
}

func TestProcessors(t *testing.T) {
	list := Processors()
	require.NotEmpty(t, list)
	require.Positive(t, list[len(list)-1])
}

func TestSpread(t *testing.T) {
	require.Equal(t, []int{2, 3, 4, 6, 8, 12, 16}, spread([]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}))
	require.Equal(t, []int{16}, spread([]int{16}))
	require.Equal(t, []int{4, 5, 6, 8, 10, 12, 16}, around([]int{1, 2, 4, 5, 6, 8, 10, 12, 16}, 8))
}
