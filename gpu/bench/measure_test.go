package bench

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// paced is a searcher of a known rate in virtual time, which really hashes.
type paced struct {
	hash.Searcher
	batch uint64
	rate  float64
	spoil func([]hash.Hit) []hash.Hit
	calls int
	fail  error
}

func (p *paced) Search(start, count uint64, hits []hash.Hit) ([]hash.Hit, uint64, error) {
	p.calls++
	if p.fail != nil && p.calls > 10 {
		return hits, 0, p.fail
	}
	found, done, err := p.Searcher.Search(start, min(count, p.batch), nil)
	time.Sleep(time.Duration(float64(done) / p.rate * float64(time.Second)))
	if p.spoil != nil {
		found = p.spoil(found)
	}
	return append(hits, found...), done, err
}

func newPaced(t *testing.T, rate float64) *paced {
	t.Helper()
	s, err := cpu.NewSearcher(cpu.SearcherOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return &paced{Searcher: s, batch: 100, rate: rate}
}

func algorithm(t *testing.T, name string) *hash.Algorithm {
	t.Helper()
	a, err := hash.Lookup(name)
	require.NoError(t, err)
	return a
}

func TestMeasuresKnownRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pins := make([]int, 2)
		watts := 90.0
		result, err := Measure(t.Context(), []hash.Searcher{newPaced(t, 1000), newPaced(t, 500)}, Options{
			Algorithm: algorithm(t, "eaglesong"), Duration: 9 * time.Second,
			Power: func() (float64, bool) { watts += 10; return 150, watts > 100 },
			Pin:   func(i int) error { pins[i]++; return errors.New("not here") },
		})
		require.NoError(t, err)
		require.Len(t, result.Windows, DefaultWindows)
		require.InEpsilon(t, 1500, result.Rate.Median, 1e-6)
		require.InEpsilon(t, 1500, *result.Rate.Low, 1e-6)
		require.InEpsilon(t, 1500, *result.Rate.High, 1e-6)
		require.InDelta(t, 13_500, result.Hashes, 500)
		require.InDelta(t, 9, result.Seconds, 0.5)
		require.NoError(t, result.Hits.Err())
		require.EqualValues(t, 128, result.Hits.Difficulty, "about 64 hits in 13500 hashes")
		require.InDelta(t, float64(result.Hashes)/128, result.Hits.Expected, 1e-9)
		require.Positive(t, result.Hits.Verified)
		require.Equal(t, 150.0, *result.Watts)
		require.InEpsilon(t, 10, *result.HashesPerJoule(), 1e-6)
		require.Positive(t, pins[0])
		require.Positive(t, pins[1])
	})
}

func TestWithoutPowerThereIsNoEfficiency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		result, err := Measure(t.Context(), []hash.Searcher{newPaced(t, 1000)}, Options{
			Algorithm: algorithm(t, "eaglesong"), Duration: time.Second, Windows: 2,
			Power: func() (float64, bool) { return 0, false },
		})
		require.NoError(t, err)
		require.Nil(t, result.Watts)
		require.Nil(t, result.HashesPerJoule())
		require.Nil(t, result.Rate.Low)
	})
}

// A device that errs, loses or invents hits is found out.
func TestBrokenDevicesAreFoundOut(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func([]hash.Hit) []hash.Hit
		want  string
	}{
		{"wrong digest", func(h []hash.Hit) []hash.Hit {
			for i := range h {
				h[i].Digest[31] ^= 1
			}
			return h
		}, "are wrong"},
		{"wrong nonce", func(h []hash.Hit) []hash.Hit {
			for i := range h {
				h[i].Nonce++
			}
			return h
		}, "are wrong"},
		{"loses them", func([]hash.Hit) []hash.Hit { return nil }, "0 hits where"},
		{"doubles them", func(h []hash.Hit) []hash.Hit {
			for range 9 {
				h = append(h, h[:min(1, len(h))]...)
			}
			return h
		}, "are to be expected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newPaced(t, 1000)
				s.spoil = c.spoil
				result, err := Measure(t.Context(), []hash.Searcher{s}, Options{Algorithm: algorithm(t, "eaglesong"), Duration: 10 * time.Second})
				require.NoError(t, err)
				require.ErrorContains(t, result.Hits.Err(), c.want)
			})
		})
	}
}

func TestMeasureEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		result, err := Measure(ctx, []hash.Searcher{newPaced(t, 1000), newPaced(t, 900)}, Options{
			Algorithm: algorithm(t, "eaglesong"), Duration: 9 * time.Second,
		})
		require.NoError(t, err)
		require.Len(t, result.Windows, 2, "warming up took 2.25 s")
		require.InEpsilon(t, 1900, result.Rate.Median, 0.01)
	})
}

func TestMeasureFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newPaced(t, 1000)
		s.fail = errors.New("the card is gone")
		o := Options{Algorithm: algorithm(t, "eaglesong"), Duration: 9 * time.Second}
		_, err := Measure(t.Context(), []hash.Searcher{s}, o)
		require.ErrorIs(t, err, s.fail)
		_, err = Measure(t.Context(), nil, o)
		require.ErrorContains(t, err, "nothing to measure")
		_, err = Measure(t.Context(), []hash.Searcher{s}, Options{Duration: 1})
		require.ErrorContains(t, err, "no algorithm")
		_, err = Measure(t.Context(), []hash.Searcher{s}, Options{Algorithm: o.Algorithm})
		require.ErrorContains(t, err, "no time")
		o.Blob = make([]byte, 5)
		_, err = Measure(t.Context(), []hash.Searcher{s}, o)
		require.Error(t, err, "the work does not suit")
	})
}

// idle is a searcher that never tries anything.
type idle struct{ hash.Searcher }

func (idle) SetWork(*hash.Work) error { return nil }
func (idle) Search(_, _ uint64, hits []hash.Hit) ([]hash.Hit, uint64, error) {
	return hits, 0, nil
}

func TestASearcherThatDoesNothingIsAnError(t *testing.T) {
	_, err := Measure(t.Context(), []hash.Searcher{idle{}}, Options{Algorithm: algorithm(t, "cn/0"), Duration: time.Second})
	require.ErrorContains(t, err, "nothing was tried")
}

// Hits of both families are checked as they are: right, then each spoilt once.
func TestWrong(t *testing.T) {
	for _, name := range []string{"cn/upx2", "eaglesong"} {
		s := newPaced(t, 1e9)
		r := newRun([]hash.Searcher{s}, Options{Algorithm: algorithm(t, name)})
		r.work.Target = zeroBits(1)
		require.NoError(t, s.SetWork(r.work))
		hits, _, err := s.Searcher.Search(5, 20, nil)
		require.NoError(t, err)
		require.Greater(t, len(hits), 2)
		wrong, err := Wrong(r.work, hits)
		require.NoError(t, err)
		require.Zero(t, wrong)

		hits[0].Digest[5] ^= 8
		hits[2].Nonce += 1 << 20
		wrong, err = Wrong(r.work, hits)
		require.NoError(t, err)
		require.Equal(t, 2, wrong)

		hits = hits[1:2]
		r.work.Target = zeroBits(64)
		wrong, err = Wrong(r.work, hits)
		require.NoError(t, err)
		require.Equal(t, 1, wrong, "right, but no hit")
	}
}

func TestZeroBits(t *testing.T) {
	require.Equal(t, byte(0xff), zeroBits(0)[0])
	z := zeroBits(1)
	require.Equal(t, []byte{0x7f, 0xff}, z[:2])
	z = zeroBits(12)
	require.Equal(t, []byte{0, 0x0f, 0xff}, z[:3])
}
