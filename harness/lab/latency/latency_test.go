package latency

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/lab/labtest"
	"github.com/aditmine/adit/harness/rig"
)

func config(p *labtest.Pool) Config {
	return Config{Target: p.Target(), Conns: 10, Rounds: 8, Gap: 5 * time.Millisecond, NewTip: p.NewTip,
		BlockTime: 2 * time.Minute, Limit: 30 * time.Second, Seed: 1}
}

func TestEveryConnectionIsTimed(t *testing.T) {
	for _, proto := range []string{rig.CryptoNote, rig.CKB} {
		t.Run(proto, func(t *testing.T) {
			p := (&labtest.Pool{Proto: proto, Difficulty: 5}).Start(t)
			r, err := Run(t.Context(), config(p))
			require.NoError(t, err)
			require.Equal(t, 8, r.Alone.Rounds)
			require.EqualValues(t, 8, r.Alone.First.Count)
			require.EqualValues(t, 80, r.Alone.Job.Count)
			require.EqualValues(t, 80, r.Alone.Skew.Count)
			require.Equal(t, 1.0, r.Alone.Coverage)
			require.Positive(t, r.Alone.Cost)
			require.Zero(t, r.Alone.Missed)
			require.Nil(t, r.Beside)
		})
	}
}

// TestMissedJobsCount: no work on a new block comes.
func TestMissedJobsCount(t *testing.T) {
	p := (&labtest.Pool{Proto: rig.CKB, Difficulty: 5}).Start(t)
	cfg := config(p)
	cfg.Rounds, cfg.Limit, cfg.NewTip = 1, 50*time.Millisecond, func() error { return nil }
	r, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	require.Equal(t, 10, r.Alone.Missed)
	require.Zero(t, r.Alone.Coverage)
	require.Less(t, r.Alone.CoverageIn.High, 0.4)
}

func TestSlowReaders(t *testing.T) {
	p := (&labtest.Pool{Proto: rig.CryptoNote, Difficulty: 5}).Start(t)
	cfg := config(p)
	cfg.SlowReaders, cfg.Rounds = 2, 2
	r, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	require.Equal(t, 2, r.SlowReaders)
	require.EqualValues(t, 20, r.Beside.Job.Count)
	require.Zero(t, r.Evicted, "the test's pool never closes")
}

func TestStorm(t *testing.T) {
	for _, backoff := range []Backoff{AtOnce, Fixed, Jitter} {
		p := (&labtest.Pool{Proto: rig.CryptoNote, Difficulty: 7}).Start(t)
		cfg := config(p)
		cfg.Conns = 40
		s, err := RunStorm(t.Context(), cfg, backoff, 20*time.Millisecond)
		require.NoError(t, err)
		require.Equal(t, 40, s.Served)
		require.Zero(t, s.Failed)
		require.NotNil(t, s.To99)
		require.EqualValues(t, 7, s.Before)
		require.EqualValues(t, 7, s.After)
		if backoff == Fixed {
			require.GreaterOrEqual(t, s.Back.Min, int64(20*time.Millisecond))
		}
	}
	_, err := RunStorm(t.Context(), config((&labtest.Pool{Proto: rig.CKB, Difficulty: 1}).Start(t)), "soon", 0)
	require.Error(t, err)
}

// TestStormSaysWhoWasNotServed: the pool goes away with the reset.
func TestStormSaysWhoWasNotServed(t *testing.T) {
	p := (&labtest.Pool{Proto: rig.CKB, Difficulty: 1}).Start(t)
	cfg := config(p)
	cfg.Progress = func(string) { p.Close() }
	s, err := RunStorm(t.Context(), cfg, AtOnce, 0)
	require.NoError(t, err)
	require.Equal(t, 10, s.Failed)
	require.Nil(t, s.To99)
	require.NotEmpty(t, s.Failure)
}

func TestHalfOpenLinesAreReaped(t *testing.T) {
	p := (&labtest.Pool{Proto: rig.CKB, Difficulty: 1, Idle: 300 * time.Millisecond}).Start(t)
	cfg := config(p)
	cfg.Conns = 3
	h, err := RunHalfOpen(t.Context(), cfg)
	require.NoError(t, err)
	require.Equal(t, 3, h.Reaped)
	require.EqualValues(t, 3, h.After.Count)

	keeps := (&labtest.Pool{Proto: rig.CKB, Difficulty: 1}).Start(t)
	cfg = config(keeps)
	cfg.Conns, cfg.Limit = 3, 100*time.Millisecond
	h, err = RunHalfOpen(t.Context(), cfg)
	require.NoError(t, err)
	require.Zero(t, h.Reaped)
	require.EqualValues(t, 3, h.After.Censored)
}

func TestTheOrderShows(t *testing.T) {
	s := Series{Conns: 12}
	for range 5 {
		round := make([]time.Duration, 12)
		for i := range round {
			round[i] = time.Duration(10+i) * time.Millisecond
		}
		s.Delays = append(s.Delays, round)
	}
	s.Delays[2][3] = missing
	s.sum(10 * time.Second)
	require.InDelta(t, 1, s.Order, 1e-9)
	require.Less(t, s.OrderP, 0.01)
	require.Equal(t, 1, s.Missed)
	require.EqualValues(t, 10*time.Millisecond, s.First.Min)
	require.EqualValues(t, 11*time.Millisecond, s.Skew.Max)
}

// TestLost compares with figures that the field quotes.
func TestLost(t *testing.T) {
	require.InDelta(t, 0.0017, Lost(200*time.Millisecond, 2*time.Minute), 0.0001)
	require.InDelta(t, 0.020, Lost(200*time.Millisecond, 10*time.Second), 0.001)
	require.InDelta(t, 0.095, Lost(time.Second, 10*time.Second), 0.001)
}

func TestMistakes(t *testing.T) {
	p := (&labtest.Pool{Proto: rig.CKB, Difficulty: 1}).Start(t)
	for name, spoil := range map[string]func(*Config){
		"no node":       func(c *Config) { c.NewTip = nil },
		"no block time": func(c *Config) { c.BlockTime = 0 },
		"too many":      func(c *Config) { c.Conns = 1e6 },
		"negative":      func(c *Config) { c.SlowReaders = -1 },
		"node broken":   func(c *Config) { c.NewTip = func() error { return errors.New("broken") } },
		"nobody home":   func(c *Config) { c.Target.Address = "127.0.0.1:1" },
	} {
		cfg := config(p)
		spoil(&cfg)
		_, err := Run(t.Context(), cfg)
		require.Error(t, err, name)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cfg := config(p)
	cfg.NewTip = func() error { cancel(); return nil }
	_, err := Run(ctx, cfg)
	require.ErrorIs(t, err, context.Canceled)
}
