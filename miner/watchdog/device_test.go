package watchdog

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
)

var (
	errDriver = errors.New("card 0 (T4): CL_OUT_OF_RESOURCES\n(-5)")
	errWork   = errors.New("no kernel")
)

// fakeCard is a card and its driver in the test's hands.
type fakeCard struct {
	mu     sync.Mutex
	opens  int
	works  int
	open   int // searchers that are open
	starts []uint64

	openErr, workErr error
	// search says what a search comes to; nil succeeds after 100 ms.
	search  func(call int) (done uint64, err error)
	release chan struct{} // what hangs waits for this
}

func (c *fakeCard) set(edit func(*fakeCard)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	edit(c)
}

func (c *fakeCard) newSearcher() (hash.Searcher, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opens++
	if c.openErr != nil {
		return nil, c.openErr
	}
	c.open++
	return &cardSearcher{c}, nil
}

type cardSearcher struct{ card *fakeCard }

func (s *cardSearcher) Info() hash.SearcherInfo {
	return hash.SearcherInfo{Backend: "fake", Device: "Card", Lanes: 64}
}

func (s *cardSearcher) SetWork(*hash.Work) error {
	s.card.mu.Lock()
	defer s.card.mu.Unlock()
	s.card.works++
	return s.card.workErr
}

func (s *cardSearcher) Search(start, count uint64, hits []hash.Hit) ([]hash.Hit, uint64, error) {
	s.card.mu.Lock()
	s.card.starts = append(s.card.starts, start)
	f, call := s.card.search, len(s.card.starts)
	s.card.mu.Unlock()
	if f == nil {
		time.Sleep(100 * time.Millisecond)
		return append(hits, hash.Hit{Nonce: start}), count, nil
	}
	done, err := f(call)
	return hits, done, err
}

func (s *cardSearcher) Close() error {
	s.card.mu.Lock()
	defer s.card.mu.Unlock()
	s.card.open--
	return nil
}

// rig drives a device the way the engine does.
type rig struct {
	*Device
	card    *fakeCard
	reports []Report
	next    uint64
}

func newRig(t *testing.T, limits Limits, edit func(*Options)) *rig {
	r := &rig{card: &fakeCard{release: make(chan struct{})}}
	opts := Options{
		Name: "Card 0", Alias: "card 0 (T4)", Bus: "0000:01:00.0", Open: r.card.newSearcher, Limits: limits,
		Unsuited: func(err error) bool { return errors.Is(err, errWork) },
		Report:   func(p Report) { r.reports = append(r.reports, p) },
	}
	if edit != nil {
		edit(&opts)
	}
	r.Device = New(opts)
	t.Cleanup(func() { close(r.card.release) })
	return r
}

// until searches for some time, or until the device is dropped.
func (r *rig) until(ctx context.Context, d time.Duration) error {
	for end := time.Now().Add(d); time.Now().Before(end); {
		err := r.SetWork(ctx, &hash.Work{Blob: make([]byte, 8)})
		if err == nil {
			var done uint64
			_, done, err = r.Search(ctx, r.next, 1000, nil)
			r.next += done
		}
		if err != nil && !errors.Is(err, ErrResting) {
			return err
		}
	}
	return nil
}

func (r *rig) texts() (out []string) {
	for _, p := range r.reports {
		out = append(out, p.String())
	}
	return out
}

func TestAHealthyDeviceJustSearches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		require.Equal(t, Opening, r.Status().State)
		require.NoError(t, r.until(t.Context(), time.Minute))
		require.Empty(t, r.reports)
		require.Equal(t, 1, r.card.opens)
		s := r.Status()
		require.Equal(t, Working, s.State)
		require.Empty(t, s.Troubles)
		require.Equal(t, 64, r.Info().Lanes)
		hits, done, err := r.Search(t.Context(), 5, 10, []hash.Hit{{Nonce: 1}})
		require.NoError(t, err)
		require.EqualValues(t, 10, done)
		require.Equal(t, []hash.Hit{{Nonce: 1}, {Nonce: 5}}, hits)
		require.NoError(t, r.Close())
		require.Zero(t, r.card.open)
	})
}

func TestAFailedBatchIsStartedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		r.card.search = func(call int) (uint64, error) {
			time.Sleep(100 * time.Millisecond)
			if call == 3 {
				return 0, errDriver
			}
			return 1000, nil
		}
		require.NoError(t, r.until(t.Context(), time.Second))
		require.Equal(t, []uint64{0, 1000, 2000, 2000, 3000}, r.card.starts[:5], "the same nonces once more")
		require.Equal(t, []string{"Card 0: the batch is started again: CL_OUT_OF_RESOURCES (-5)"}, r.texts())
		require.Equal(t, 1, r.card.opens)
		require.NoError(t, r.Close())
	})
}

func TestTheLadder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{Reinits: 2}, nil)
		r.card.search = func(int) (uint64, error) { return 0, errDriver }
		require.ErrorIs(t, r.until(t.Context(), time.Hour), ErrDropped)
		const why = ": CL_OUT_OF_RESOURCES (-5)"
		require.Equal(t, []string{
			"Card 0: the batch is started again" + why, "Card 0: opening it anew in 5s (1 of 2)" + why,
			"Card 0: the batch is started again" + why, "Card 0: opening it anew in 10s (2 of 2)" + why,
			"Card 0: the batch is started again" + why, "Card 0: dropped after 2 attempts to open it anew" + why,
		}, r.texts())
		s := r.Status()
		require.Equal(t, Dropped, s.State)
		require.Equal(t, map[Action]uint64{Restart: 3, Reinit: 2, Drop: 1}, s.Actions)
		require.Equal(t, map[Trouble]uint64{Failed: 6}, s.Troubles)
		require.Equal(t, "CL_OUT_OF_RESOURCES (-5)", s.Last)
		require.Equal(t, Failed, s.LastTrouble)
		require.Zero(t, r.card.open, "what is dropped is closed")
		_, _, err := r.Search(t.Context(), 0, 1, nil)
		require.ErrorIs(t, err, ErrDropped)
		require.NoError(t, r.Close())
	})
}

// Trouble that is long past counts no more.
func TestOldTroubleIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{Reinits: 1, Window: time.Minute}, nil)
		last := time.Now()
		r.card.search = func(int) (uint64, error) {
			time.Sleep(time.Second)
			if time.Since(last) > 2*time.Minute {
				last = time.Now()
			}
			if time.Since(last) < 3*time.Second {
				return 0, errDriver
			}
			return 1000, nil
		}
		require.NoError(t, r.until(t.Context(), 20*time.Minute))
		require.Greater(t, r.Status().Actions[Reinit], uint64(3))
		require.NoError(t, r.Close())
	})
}

func TestADeviceThatFailsNowAndThenIsOpenedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		r.card.search = func(call int) (uint64, error) {
			time.Sleep(time.Second)
			if call%5 == 0 {
				return 0, errDriver
			}
			return 1000, nil
		}
		require.ErrorIs(t, r.until(t.Context(), time.Hour), ErrDropped)
		require.Equal(t, uint64(restartLimit), r.Status().Actions[Restart])
		require.NoError(t, r.Close())
	})
}

func TestADeviceThatDoesNotOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		r.card.openErr = errors.New("out of memory")
		began := time.Now()
		require.ErrorIs(t, r.until(t.Context(), time.Hour), ErrDropped)
		require.Equal(t, 1+DefaultReinits, r.card.opens)
		require.Equal(t, 35*time.Second, time.Since(began))

		r = newRig(t, Limits{}, nil)
		r.card.openErr = errors.New("out of memory")
		time.AfterFunc(8*time.Second, func() { r.card.set(func(c *fakeCard) { c.openErr = nil }) })
		require.NoError(t, r.until(t.Context(), time.Minute))
		require.Equal(t, Working, r.Status().State)
		require.NoError(t, r.Close())
	})
}

func TestWorkThatTheDeviceCannotDoIsNoTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		r.card.workErr = errWork
		require.ErrorIs(t, r.until(t.Context(), time.Hour), errWork)
		require.Empty(t, r.reports)
		r.card.workErr = nil
		require.NoError(t, r.until(t.Context(), time.Second))
		require.Equal(t, 1, r.card.opens)
		require.NoError(t, r.Close())
	})
}

func TestASearchThatNeverReturnsIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{Hang: 30 * time.Second}, nil)
		r.card.search = func(call int) (uint64, error) {
			if call == 20 {
				<-r.card.release
			}
			time.Sleep(100 * time.Millisecond)
			return 1000, nil
		}
		began := time.Now()
		for len(r.reports) == 0 {
			require.NoError(t, r.until(t.Context(), time.Millisecond))
		}
		require.Equal(t, 19*100*time.Millisecond+30*time.Second, time.Since(began))
		require.NoError(t, r.until(t.Context(), 10*time.Second))
		require.Equal(t, []string{"Card 0: opening it anew in 5s (1 of 3): searching: the driver does not answer"}, r.texts())
		require.Equal(t, 2, r.card.opens)
		require.Equal(t, r.card.starts[19], r.card.starts[20], "its nonces are tried again")
		require.NoError(t, r.Close())
		require.Equal(t, 1, r.card.open, "the one that hangs")
		close(r.card.release)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Zero(t, r.card.open, "it closes when its call returns after all")
		r.card.release = make(chan struct{})
	})
}

// A slow card, whose batches take a while, is not taken for a hung one.
func TestLongBatchesAreNoHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{Hang: time.Second}, nil)
		r.card.search = func(call int) (uint64, error) {
			time.Sleep(8 * time.Second)
			return 1000, nil
		}
		require.NoError(t, r.until(t.Context(), time.Hour))
		require.Empty(t, r.reports)
		require.NoError(t, r.Close())
	})
}

func TestTheEndDoesNotWaitForAHungDriver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		r.card.search = func(int) (uint64, error) { <-r.card.release; return 0, nil }
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		require.NoError(t, r.until(ctx, 11*time.Second))
		require.NoError(t, r.Close())
		require.Equal(t, 10*time.Second+closeTime, time.Since(began))
		require.Empty(t, r.reports)
	})
}

func TestSlowBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		r.card.search = func(call int) (uint64, error) {
			switch {
			case call == 15 || call == 16 || 20 < call && call < 24:
				time.Sleep(2 * time.Second)
			default:
				time.Sleep(100 * time.Millisecond)
			}
			return 1000, nil
		}
		require.NoError(t, r.until(t.Context(), time.Minute))
		require.Equal(t, []string{"Card 0: opening it anew in 5s (1 of 3): 3 batches in a row took more than 10 times as long as usual"}, r.texts())
		require.EqualValues(t, 1000*len(r.card.starts), r.next, "slow batches count")
		require.NoError(t, r.Close())
	})
}

func TestWrongHits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		for i := range 3 * wrongWindow {
			r.Judge(i%wrongWindow < wrongWindow-wrongLimit+1) // a few are bad luck
		}
		require.NoError(t, r.until(t.Context(), time.Second))
		require.Empty(t, r.reports)
		r.Judge(false)
		require.NoError(t, r.until(t.Context(), time.Second))
		require.Equal(t, []string{"Card 0: opening it anew in 5s (1 of 3): 3 of the last 32 hits failed their re-check"}, r.texts())
		require.NoError(t, r.until(t.Context(), time.Minute))
		require.Equal(t, 2, r.card.opens)
		require.Len(t, r.reports, 1, "what was counted counts once")
		require.NoError(t, r.Close())
	})
}

// thermometer is one that the test sets.
type thermometer struct {
	mu      sync.Mutex
	celsius float64
	broken  bool
}

func (m *thermometer) Temperature(string) (float64, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.celsius, !m.broken
}

func (m *thermometer) set(celsius float64, broken bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.celsius, m.broken = celsius, broken
}

func TestHeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &thermometer{celsius: 60}
		r := newRig(t, Limits{StopAt: 85, ResumeAt: 70}, func(o *Options) { o.Thermometer = m })
		require.NoError(t, r.until(t.Context(), 10*time.Second))
		require.Equal(t, 60.0, r.Status().Celsius)

		m.set(85, false)
		require.NoError(t, r.until(t.Context(), 3*time.Second))
		require.Equal(t, Hot, r.Status().State)
		calls := len(r.card.starts)
		for _, celsius := range []float64{75, 71, 0} {
			m.set(celsius, celsius == 0)
			require.NoError(t, r.until(t.Context(), time.Minute))
		}
		require.Len(t, r.card.starts, calls, "it does not search above the lower mark, nor when nobody knows")
		m.set(70, false)
		require.NoError(t, r.until(t.Context(), 3*time.Second))
		require.Greater(t, len(r.card.starts), calls)
		require.Equal(t, Working, r.Status().State)
		require.Equal(t, []string{"Card 0: stopped until it is down to 70: 85 °C, the limit is 85", "Card 0: it goes on: down to 70 °C"}, r.texts())
		require.Equal(t, 1, r.card.opens)
		require.NoError(t, r.Close())
	})
}

// A limit that cannot be kept is said once; without a limit nobody cares.
func TestADeviceThatNothingMeasures(t *testing.T) {
	for _, stop := range []float64{85, 0} {
		synctest.Test(t, func(t *testing.T) {
			m := &thermometer{broken: true}
			r := newRig(t, Limits{StopAt: stop}, func(o *Options) { o.Thermometer = m })
			require.NoError(t, r.until(t.Context(), 2*time.Minute))
			if stop > 0 {
				require.Equal(t, []string{"Card 0: the limit of 85 °C has no effect: nothing measures its temperature"}, r.texts())
			} else {
				require.Empty(t, r.reports)
			}
			require.False(t, r.Status().HasCelsius)
			require.Equal(t, Working, r.Status().State)
			require.NoError(t, r.Close())
		})
	}
}

func TestResumeIsTenBelowStopByDefault(t *testing.T) {
	require.Equal(t, 75.0, Limits{StopAt: 85}.withDefaults().ResumeAt)
}

// A searcher that will not close does not hold anything up.
func TestCloseThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		open := r.opts.Open
		r.opts.Open = func() (hash.Searcher, error) {
			s, err := open()
			return hangingClose{s, r.card.release}, err
		}
		require.NoError(t, r.until(t.Context(), time.Second))
		require.EqualError(t, r.Close(), "closing Card 0: the driver does not answer")
	})
}

type hangingClose struct {
	hash.Searcher
	release chan struct{}
}

func (s hangingClose) Close() error { <-s.release; return nil }

func TestStatusSharesNoMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		s := r.Status()
		s.Troubles[Failed] = 7
		require.Empty(t, r.Status().Troubles)
	})
}
