package tune

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// card is a device of a known character, in virtual time, that really hashes.
type card struct {
	rate  func(gpu.Options) float64 // 0: it refuses the options
	spoil func(gpu.Options) bool    // it errs
	open  int                       // searchers that are not closed
	opens int
}

func (c *card) Open(o gpu.Options) (hash.Searcher, error) {
	if c.rate(o) == 0 {
		return nil, errors.New("the driver refuses that")
	}
	s, err := cpu.NewSearcher(cpu.SearcherOptions{Lanes: func(*hash.Algorithm) int { return 4 }})
	if err != nil {
		return nil, err
	}
	c.open++
	c.opens++
	return &opened{s, c, o}, nil
}

type opened struct {
	hash.Searcher
	card *card
	o    gpu.Options
}

func (s *opened) Info() hash.SearcherInfo {
	info := s.Searcher.Info()
	info.Device, info.Lanes = "card", 256
	if s.o.Intensity > 0 {
		info.Lanes = s.o.Intensity
	}
	return info
}

func (s *opened) Search(start, count uint64, hits []hash.Hit) ([]hash.Hit, uint64, error) {
	found, done, err := s.Searcher.Search(start, min(count, 8), nil)
	time.Sleep(time.Duration(float64(done) / s.card.rate(s.o) * float64(time.Second)))
	if s.card.spoil != nil && s.card.spoil(s.o) {
		for i := range found {
			found[i].Digest[0] ^= 1
		}
	}
	return append(hits, found...), done, err
}

func (s *opened) Close() error {
	s.card.open--
	return s.Searcher.Close()
}

// model prefers groups of 32, batches of 128, and an unrolled loop.
func model(o gpu.Options) float64 {
	rate := 20.0
	switch o.WorkSize {
	case 32:
		rate *= 1.3
	case 64:
		rate *= 1.2
	case 128:
		return 0
	}
	if o.Intensity == 128 {
		rate *= 1.1
	}
	if o.Unroll == 4 {
		rate *= 1.2
	}
	return rate
}

func tuning(t *testing.T, c *card, name string) Options {
	t.Helper()
	a, err := hash.Lookup(name)
	require.NoError(t, err)
	return Options{
		Device:    gpu.Device{Backend: "opencl", Name: "Card", Driver: "1", Memory: 1 << 30, Units: 16},
		Algorithm: a, Slice: time.Second, Open: c.Open,
	}
}

func TestFindsTheBestSetting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &card{rate: model}
		var trials []Trial
		o := tuning(t, c, "cn/upx2")
		o.Progress = func(tr Trial) { trials = append(trials, tr) }
		got, err := Measure(t.Context(), o)
		require.NoError(t, err)
		require.InEpsilon(t, 20*1.3*1.1*1.2, got.Rate, 0.05)
		got.Rate = 0
		require.Equal(t, Setting{Intensity: 128, WorkSize: 32, Unroll: 4}, got)
		require.Zero(t, c.open, "every searcher was closed")
		refused := 0
		for _, tr := range trials {
			if tr.Err != nil {
				refused++
				require.Equal(t, 128, tr.Options.WorkSize)
			}
		}
		require.Equal(t, 1, refused)
	})
}

// What somebody chose is not changed; CUDA's loops cannot be unrolled.
func TestGivenOptionsStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := tuning(t, &card{rate: model}, "cn/upx2")
		o.Given = gpu.Options{WorkSize: 64}
		o.Device.Backend = "cuda"
		got, err := Measure(t.Context(), o)
		require.NoError(t, err)
		got.Rate = 0
		require.Equal(t, Setting{Intensity: 128, WorkSize: 64}, got)
	})
}

// The fastest setting is of no use when it errs.
func TestSettingsThatErrAreNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := tuning(t, &card{rate: model, spoil: func(o gpu.Options) bool { return o.WorkSize == 32 }}, "cn/upx2")
		got, err := Measure(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, 64, got.WorkSize)
	})
}

// A card that slows down as it warms up does not make the defaults look bad,
// and differences of less than a hundredth are none.
func TestDefaultsWinWhereNothingIsBetter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rates := map[int]float64{0: 100, 64: 100.5}
		o := tuning(t, &card{rate: func(o gpu.Options) float64 {
			if rate, ok := rates[o.WorkSize]; ok && o.Intensity == 0 {
				return rate
			}
			return 60
		}}, "eaglesong")
		got, err := Measure(t.Context(), o)
		require.NoError(t, err)
		require.True(t, got.Default())

		begun := time.Now()
		o = tuning(t, &card{rate: func(o gpu.Options) float64 {
			if time.Since(begun) > 6*time.Second && o.WorkSize == 256 || time.Since(begun) > 8*time.Second {
				return 200 // somebody else left the card
			}
			return 100
		}}, "eaglesong")
		got, err = Measure(t.Context(), o)
		require.NoError(t, err)
		require.True(t, got.Default(), "%+v", got)
	})
}

func TestMeasureFailsWithTheDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := Measure(t.Context(), tuning(t, &card{rate: func(gpu.Options) float64 { return 0 }}, "eaglesong"))
		require.ErrorContains(t, err, "tuning eaglesong on opencl 0 (Card): the driver refuses that")
		o := tuning(t, &card{rate: model, spoil: func(gpu.Options) bool { return true }}, "eaglesong")
		_, err = Measure(t.Context(), o)
		require.ErrorContains(t, err, "are wrong")
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err = Measure(ctx, tuning(t, &card{rate: model}, "eaglesong"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = Measure(ctx, Options{})
		require.Error(t, err)
	})
}

func TestFileKeepsSettingsOfACard(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gpu-tuning.json")
	d := gpu.Device{Backend: "cuda", Index: 0, Name: "Card", Driver: "1", Memory: 1 << 30, Units: 16}
	a, err := hash.Lookup("cn/r")
	require.NoError(t, err)
	f, want := NewFile(path, &d), Setting{512, 32, 2, 900}
	_, ok, err := f.Load(a)
	require.NoError(t, err)
	require.False(t, ok)
	require.NoError(t, f.Save(a, want))

	same := d
	same.Index = 3
	got, ok, err := NewFile(path, &same).Load(a)
	require.NoError(t, err)
	require.True(t, ok, "an equal card")
	require.Equal(t, want, got)
	for _, change := range []func(*gpu.Device){
		func(d *gpu.Device) { d.Driver = "2" }, func(d *gpu.Device) { d.Name = "Other" },
		func(d *gpu.Device) { d.Backend = "opencl" }, func(d *gpu.Device) { d.Memory = 2 << 30 },
	} {
		other := d
		change(&other)
		_, ok, err := NewFile(path, &other).Load(a)
		require.NoError(t, err)
		require.False(t, ok)
	}
	require.NoError(t, f.Save(a, Setting{WorkSize: 3}))
	_, ok, _ = f.Load(a)
	require.False(t, ok, "no options that a device takes")
	require.NoError(t, os.WriteFile(path, []byte("{"), 0o600))
	_, ok, err = f.Load(a)
	require.NoError(t, err)
	require.False(t, ok, "damaged")
}

func TestOptionsOfASetting(t *testing.T) {
	s := Setting{512, 32, 2, 900}
	require.Equal(t, gpu.Options{Intensity: 512, WorkSize: 32, Unroll: 2, Leave: 5}, s.Options(gpu.Options{Leave: 5}))
	require.Equal(t, gpu.Options{Intensity: 9, WorkSize: 8, Unroll: 1}, s.Options(gpu.Options{Intensity: 9, WorkSize: 8, Unroll: 1}))
}

// A searcher is opened anew when the algorithm brings other options, and only
// then.
func TestSearcherFollowsItsAlgorithm(t *testing.T) {
	c := &card{rate: func(gpu.Options) float64 { return 1e9 }}
	options := map[string]gpu.Options{"cn/upx2": {Intensity: 64}, "cn-pico": {Intensity: 64}, "eaglesong": {}}
	refuse := false
	s, err := NewSearcher(func(o gpu.Options) (hash.Searcher, error) {
		if refuse {
			return nil, errors.New("the card is gone")
		}
		return c.Open(o)
	}, gpu.Options{}, func(a *hash.Algorithm) gpu.Options { return options[a.Name] })
	require.NoError(t, err)
	require.Equal(t, "card", s.Info().Device)
	work := func(name string) *hash.Work {
		a, err := hash.Lookup(name)
		require.NoError(t, err)
		return &hash.Work{Algorithm: a, Blob: make([]byte, 48), NonceOffset: a.NonceOffset, NonceSize: 4}
	}
	for _, step := range []struct {
		name         string
		lanes, opens int
	}{{"eaglesong", 256, 1}, {"eaglesong", 256, 1}, {"cn/upx2", 64, 2}, {"cn-pico", 64, 2}, {"eaglesong", 256, 3}} {
		require.NoError(t, s.SetWork(work(step.name)))
		require.Equal(t, step.lanes, s.Info().Lanes)
		require.Equal(t, step.opens, c.opens, step.name)
		require.Equal(t, 1, c.open)
		_, done, err := s.Search(0, 4, nil)
		require.NoError(t, err)
		require.Positive(t, done)
	}
	refuse = true
	require.ErrorContains(t, s.SetWork(work("cn/upx2")), "the card is gone")
	_, _, err = s.Search(0, 1, nil)
	require.ErrorContains(t, err, "no work")
	require.Equal(t, "card", s.Info().Device)
	refuse = false
	require.NoError(t, s.SetWork(work("cn/upx2")), "it comes back")
	require.Equal(t, 64, s.Info().Lanes)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	require.Zero(t, c.open)
	require.ErrorIs(t, s.SetWork(work("cn/upx2")), hash.ErrClosed)
	_, _, err = s.Search(0, 1, nil)
	require.ErrorIs(t, err, hash.ErrClosed)
	require.Equal(t, "card", s.Info().Device)

	_, err = NewSearcher(func(gpu.Options) (hash.Searcher, error) { return nil, gpu.ErrNoDriver }, gpu.Options{}, nil)
	require.ErrorIs(t, err, gpu.ErrNoDriver)
}
