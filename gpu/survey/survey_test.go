package survey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/gpu/bench"
	"github.com/aditmine/adit/gpu/check"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// device is one of virtual time that really hashes.
type device struct {
	id     string
	rate   float64 // hashes per second
	refuse string  // algorithm that does not open
	none   string  // algorithm that it has no kernel for
	err    string  // algorithm whose digests are wrong
	hang   chan struct{}
	opened atomic.Int64
	small  map[string]bool
}

func (d *device) target() Target {
	d.small = map[string]bool{}
	return Target{
		Device: bench.Device{ID: d.id, Kind: "gpu", Name: "Card"},
		Open:   d.open,
		Power:  func() (float64, bool) { return 10, true },
		Check:  check.Options{Many: 20, Sample: 2},
	}
}

func (d *device) open(a *hash.Algorithm, forChecks bool) (*Opened, error) {
	if a.Name == d.refuse {
		return nil, errors.New("the kernel does not compile")
	}
	s, err := cpu.NewSearcher(cpu.SearcherOptions{Lanes: func(*hash.Algorithm) int { return 4 }})
	if err != nil {
		return nil, err
	}
	d.opened.Add(1)
	d.small[a.Name] = d.small[a.Name] || forChecks
	return &Opened{Searchers: []hash.Searcher{&searcher{s, d, a}}, Settings: map[string]int{"intensity": 4}, Origin: "default"}, nil
}

type searcher struct {
	hash.Searcher
	device *device
	a      *hash.Algorithm
}

func (s *searcher) SetWork(w *hash.Work) error {
	if s.a.Name == s.device.none {
		return fmt.Errorf("setting work: %w", gpu.ErrNoKernel)
	}
	return s.Searcher.SetWork(w)
}

func (s *searcher) Search(start, count uint64, hits []hash.Hit) ([]hash.Hit, uint64, error) {
	if s.device.hang != nil {
		<-s.device.hang
	}
	found, done, err := s.Searcher.Search(start, min(count, 40), nil)
	time.Sleep(time.Duration(float64(done) / s.device.rate * float64(time.Second)))
	if s.a.Name == s.device.err {
		for i := range found {
			found[i].Digest[1] ^= 1
		}
	}
	return append(hits, found...), done, err
}

func (s *searcher) Close() error {
	s.device.opened.Add(-1)
	return s.Searcher.Close()
}

func algorithms(t *testing.T, names ...string) (list []*hash.Algorithm) {
	t.Helper()
	for _, name := range names {
		a, err := hash.Lookup(name)
		require.NoError(t, err)
		list = append(list, a)
	}
	return list
}

// witness counts what an observer is told.
type witness struct{ checks, rows, skips int }

func (w *witness) Check(bench.Check) { w.checks++ }
func (w *witness) Row(bench.Row)     { w.rows++ }
func (w *witness) Skip(bench.Skip)   { w.skips++ }

func TestSurvey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := &device{id: "cuda:0", rate: 200}, &device{id: "opencl:1", rate: 100, refuse: "cn/upx2"}
		var seen witness
		report, err := Run(t.Context(), []Target{a.target(), b.target()}, Options{
			Algorithms: algorithms(t, "eaglesong", "cn/upx2"), Checks: true, Duration: 4 * time.Second, Observer: &seen,
		})
		require.NoError(t, err)
		require.Equal(t, bench.Schema, report.Schema)
		require.Len(t, report.Devices, 2)
		require.Len(t, report.Checks, 3*len(check.Checks())+1)
		require.Equal(t, []string{"opencl:1 cn/upx2, opening: the kernel does not compile"}, report.Failures())
		require.Equal(t, []bench.Skip{{Device: "opencl:1", Algo: "cn/upx2", What: "benchmark", Why: "it did not pass the checks"}}, report.Skipped)
		require.Len(t, report.Rows, 3)
		for _, row := range report.Rows {
			require.Len(t, row.Windows, bench.DefaultWindows)
			require.Positive(t, row.Hits.Verified)
			require.InEpsilon(t, row.Rate.Median/10, *row.HashesPerJoule, 1e-9)
			require.Equal(t, "default", row.Origin)
		}
		require.InEpsilon(t, 200, report.Rows[0].Rate.Median, 0.05)
		require.Equal(t, witness{len(report.Checks), 3, 1}, seen)
		require.Zero(t, a.opened.Load()+b.opened.Load())
		require.True(t, a.small["eaglesong"], "checked in small batches")
	})
}

// A budget is kept, and what there was no time for is named.
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, fast := &device{id: "a", rate: 5}, &device{id: "b", rate: 60}
		begun := time.Now()
		report, err := Run(t.Context(), []Target{slow.target(), fast.target()}, Options{
			Algorithms: algorithms(t, "eaglesong", "cn/upx2"), Checks: true, Duration: time.Minute, Budget: 4 * time.Minute,
		})
		require.NoError(t, err)
		require.LessOrEqual(t, time.Since(begun), 4*time.Minute+2*grace)
		require.Empty(t, report.Failures())
		require.True(t, slices.ContainsFunc(report.Skipped, func(s bench.Skip) bool {
			return s.Device == "a" && s.Why == errNoTime.Error()
		}), "%+v", report.Skipped)
		require.Equal(t, 2, count(report.Rows, "b"))
		require.Equal(t, 2*len(check.Checks()), len(slices.DeleteFunc(report.Checks, func(c bench.Check) bool { return c.Device != "b" })))
	})
}

func count(rows []bench.Row, id string) (n int) {
	for _, r := range rows {
		if r.Device == id && r.Rate.Median > 0 {
			n++
		}
	}
	return n
}

// A driver that hangs costs its own device's time and nothing else.
func TestAHangingDeviceIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad, good := &device{id: "bad", rate: 100, hang: make(chan struct{})}, &device{id: "good", rate: 100}
		report, err := Run(t.Context(), []Target{bad.target(), good.target()}, Options{
			Algorithms: algorithms(t, "eaglesong"), Checks: true, Duration: time.Second, Budget: 2 * time.Minute,
		})
		require.NoError(t, err)
		require.Equal(t, []string{"bad all, answering: it does not answer any more: its driver hangs"}, report.Failures())
		require.Equal(t, 1, count(report.Rows, "good"))
		rows := len(report.Rows)
		close(bad.hang) // it comes back: too late
		synctest.Wait()
		time.Sleep(time.Hour)
		require.Len(t, report.Rows, rows)
		require.Zero(t, bad.opened.Load())
	})
}

func TestWrongDigestsAreNotMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &device{id: "x", rate: 100, err: "cn/upx2"}
		report, err := Run(t.Context(), []Target{d.target()}, Options{
			Algorithms: algorithms(t, "cn/upx2", "eaglesong"), Checks: true, Duration: time.Second,
		})
		require.NoError(t, err)
		require.NotEmpty(t, report.Failures())
		require.Len(t, report.Rows, 1)
		require.Equal(t, "eaglesong", report.Rows[0].Algo)
		// Without checks, the hits of the measurement tell.
		report, err = Run(t.Context(), []Target{d.target()}, Options{Algorithms: algorithms(t, "cn/upx2"), Duration: time.Second})
		require.NoError(t, err)
		require.Len(t, report.Failures(), 1)
		require.Contains(t, report.Failures()[0], "are wrong")
	})
}

func TestSurveyEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		a, b := &device{id: "a", rate: 100}, &device{id: "b", rate: 100}
		report, err := Run(ctx, []Target{a.target(), b.target()}, Options{Algorithms: algorithms(t, "eaglesong", "cn/upx2"), Duration: 8 * time.Second})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Len(t, report.Devices, 1)
		require.Len(t, report.Rows, 1, "what had been measured")
		require.Positive(t, report.Rows[0].Rate.Median)
	})
}

// An algorithm that has no kernel is no failure, and is named.
func TestAlgorithmsWithoutAKernelAreSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &device{id: "a", rate: 100, none: "cn/upx2"}
		for _, checks := range []bool{true, false} {
			report, err := Run(t.Context(), []Target{d.target()}, Options{
				Algorithms: algorithms(t, "cn/upx2", "eaglesong"), Checks: checks, Duration: time.Second,
			})
			require.NoError(t, err)
			require.Empty(t, report.Failures())
			require.Len(t, report.Rows, 1)
			require.Contains(t, report.Skipped, bench.Skip{Device: "a", Algo: "cn/upx2", What: "benchmark", Why: gpu.ErrNoKernel.Error()})
		}
	})
}

// Checks that take too long are cut short, and that is no failure.
func TestChecksAreCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &device{id: "a", rate: 2}
		report, err := Run(t.Context(), []Target{d.target()}, Options{
			Algorithms: algorithms(t, "eaglesong"), Checks: true, Duration: time.Second, Budget: time.Minute,
		})
		require.NoError(t, err)
		require.Empty(t, report.Failures())
		require.Contains(t, report.Skipped, bench.Skip{Device: "a", Algo: "eaglesong", What: "rest of the checks", Why: errNoTime.Error()})
		require.Less(t, len(report.Checks), len(check.Checks()))
	})
}
