package load

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/lab/labtest"
	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/harness/wire"
)

func config(t testing.TB, p *labtest.Pool) Config {
	return Config{Target: p.Target(), Conns: 4, Rate: 400, Duration: 500 * time.Millisecond, Seed: 1, Finder: p.Finder(t), NewTip: p.NewTip}
}

func class(t *testing.T, r *Result, c Class) *ClassResult {
	t.Helper()
	for i := range r.Classes {
		if r.Classes[i].Class == c {
			return &r.Classes[i]
		}
	}
	t.Fatalf("no class %s in %+v", c, r.Classes)
	return nil
}

// TestEveryClassIsWhatItSays sends all classes to a pool that judges each
// share by hashing it: it must find every label true.
func TestEveryClassIsWhatItSays(t *testing.T) {
	for proto, text := range map[string]string{
		rig.CryptoNote: "valid=40,low=10,badhash=10,duplicate=10,stale=10,badjob=10,malformed=10",
		rig.CKB:        "valid=40,low=10,duplicate=10,stale=10,badjob=10,malformed=10",
	} {
		t.Run(proto, func(t *testing.T) {
			p := (&labtest.Pool{Proto: proto, Difficulty: 8}).Start(t)
			cfg := config(t, p)
			var err error
			cfg.Mix, err = ParseMix(text)
			require.NoError(t, err)
			r, err := Run(t.Context(), cfg)
			require.NoError(t, err)
			require.Equal(t, r.Planned, r.Sent)
			require.Zero(t, r.Unsent+r.Closed+r.Wrong())
			valid := class(t, r, Valid)
			require.Positive(t, valid.Sent)
			require.Equal(t, valid.Sent, valid.Accepted)
			require.EqualValues(t, valid.Sent, valid.Latency.Count)
			reasons := map[Class]wire.Reason{Low: wire.ReasonLow, BadHash: wire.ReasonHash, Duplicate: wire.ReasonDuplicate,
				Stale: wire.ReasonStale, BadJob: wire.ReasonJob, Malformed: wire.ReasonMalformed}
			for _, part := range cfg.Mix[1:] {
				got := class(t, r, part.Class)
				require.Positive(t, got.Sent, part.Class)
				require.Equal(t, map[wire.Reason]int{reasons[part.Class]: got.Sent}, got.Reasons, "%s", part.Class)
			}
		})
	}
}

func TestAFalseAcceptIsSeen(t *testing.T) {
	p := (&labtest.Pool{Proto: rig.CryptoNote, Difficulty: 8, AcceptAll: true}).Start(t)
	cfg := config(t, p)
	cfg.Mix = Mix{{Valid, 1}, {Low, 1}}
	r, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	require.Equal(t, class(t, r, Low).Sent, r.Wrong())
}

// TestUnansweredCounts: silence is no short latency.
func TestUnansweredCounts(t *testing.T) {
	p := (&labtest.Pool{Proto: rig.CKB, Difficulty: 2, Mute: true}).Start(t)
	cfg := config(t, p)
	cfg.Target.Timeout, cfg.Rate, cfg.Duration = time.Second, 200, 100*time.Millisecond
	r, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	valid := class(t, r, Valid)
	require.Equal(t, valid.Sent, valid.Unanswered)
	require.Equal(t, valid.Sent, valid.Wrong)
	require.GreaterOrEqual(t, valid.Latency.Min, int64(time.Second))
	require.Zero(t, r.Reached)
}

// TestLatencyCountsFromThePlan: a pool that needs 20 ms a share on one
// connection falls behind an arrival every 5 ms, and the wait in line is part
// of the latency. A closed loop would report 20 ms.
func TestLatencyCountsFromThePlan(t *testing.T) {
	p := (&labtest.Pool{Proto: rig.CKB, Difficulty: 1, Delay: 20 * time.Millisecond}).Start(t)
	cfg := config(t, p)
	cfg.Conns, cfg.Rate, cfg.Paced, cfg.Duration = 1, 200, true, 250*time.Millisecond
	r, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	valid := class(t, r, Valid)
	require.Greater(t, valid.Latency.Max, int64(500*time.Millisecond), "49 shares take 1 s, the last was planned at 0.25 s")
}

func TestNewTipDuringTheRunMakesShareStale(t *testing.T) {
	p := &labtest.Pool{Proto: rig.CKB, Difficulty: 1}
	var once sync.Once
	var moved sync.WaitGroup
	p.Retarget = func(shares int, present uint64) uint64 {
		if shares >= 20 {
			once.Do(func() { moved.Go(func() { _ = p.NewTip() }) })
		}
		return present
	}
	p.Start(t)
	cfg := config(t, p)
	cfg.Duration = time.Second
	r, err := Run(t.Context(), cfg)
	moved.Wait()
	require.NoError(t, err)
	stale := class(t, r, Stale)
	require.Positive(t, stale.Sent)
	require.Equal(t, stale.Sent, stale.Rejected)
}

func TestRunEndsWithItsContext(t *testing.T) {
	p := (&labtest.Pool{Proto: rig.CKB, Difficulty: 1}).Start(t)
	cfg := config(t, p)
	cfg.Duration = time.Hour
	cfg.Rate = 10
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	said := 0
	cfg.Progress = func(string) {
		if said++; said == 2 {
			cancel()
		}
	}
	r, err := Run(ctx, cfg)
	require.ErrorIs(t, err, context.Canceled)
	require.NotEmpty(t, r.Void)
}

func TestMistakes(t *testing.T) {
	p := (&labtest.Pool{Proto: rig.CKB, Difficulty: 1}).Start(t)
	good := config(t, p)
	for name, spoil := range map[string]func(*Config){
		"no rate":     func(c *Config) { c.Rate = 0 },
		"too much":    func(c *Config) { c.Rate, c.Duration = 1e6, time.Minute },
		"no login":    func(c *Config) { c.Target.Login = "" },
		"no dialect":  func(c *Config) { c.Target.Proto = "sv2" },
		"no hash":     func(c *Config) { c.Mix = Mix{{BadHash, 1}} },
		"no node":     func(c *Config) { c.Mix, c.NewTip = Mix{{Stale, 1}}, nil },
		"no finder":   func(c *Config) { c.Finder = nil },
		"nobody home": func(c *Config) { c.Target.Address = "127.0.0.1:1" },
		"too hard":    func(c *Config) { c.Prepare = time.Nanosecond },
	} {
		cfg := good
		spoil(&cfg)
		_, err := Run(t.Context(), cfg)
		require.Error(t, err, name)
	}
}

func TestSweepFindsTheKnee(t *testing.T) {
	p := (&labtest.Pool{Proto: rig.CKB, Difficulty: 1, Delay: 5 * time.Millisecond}).Start(t)
	cfg := config(t, p)
	cfg.Conns, cfg.Paced, cfg.MaxLag, cfg.Duration = 1, true, time.Hour, 300*time.Millisecond
	s, err := RunSweep(t.Context(), cfg, []float64{20, 1000, 2000})
	require.NoError(t, err)
	require.Len(t, s.Runs, 2, "one connection at 5 ms an answer cannot do 1000 a second")
	require.NotEmpty(t, s.Beyond)
}

func TestParseMix(t *testing.T) {
	mix, err := ParseMix("valid=9, duplicate=1")
	require.NoError(t, err)
	require.Equal(t, "valid=9,duplicate=1", mix.String())
	for _, bad := range []string{"", "valid", "valid=0", "valid=-1", "good=1", "valid=1,valid=2", "valid=1e9", "valid=1,"} {
		_, err := ParseMix(bad)
		require.Error(t, err, bad)
	}
}

func FuzzParseMix(f *testing.F) {
	f.Add("valid=9,duplicate=1")
	f.Fuzz(func(t *testing.T, s string) {
		mix, err := ParseMix(s)
		if err != nil {
			return
		}
		again, err := ParseMix(mix.String())
		require.NoError(t, err)
		require.Equal(t, mix, again)
	})
}

func TestPlanKeepsItsRate(t *testing.T) {
	c := Config{Rate: 10_000, Duration: 3 * time.Second, Conns: 7, Seed: 1, Mix: Mix{{Valid, 3}, {Low, 1}}}
	arrivals := plan(&c)
	require.InDelta(t, 30_000, len(arrivals), 5*174)
	low := 0
	for i, a := range arrivals {
		require.Less(t, a.conn, 7)
		if i > 0 {
			require.GreaterOrEqual(t, a.at, arrivals[i-1].at)
		}
		if a.class == Low {
			low++
		}
	}
	require.InDelta(t, 0.25, float64(low)/float64(len(arrivals)), 0.02)
	require.Equal(t, arrivals, plan(&c))
	c.Paced = true
	require.InDelta(t, 30_000, len(plan(&c)), 1)
}

// BenchmarkSubmits sends 50,000 submits a second to a pool that accepts all, and
// reports what came of it: the rate of the answers, the generator's lag, what was
// allocated for a submit, and 1 for a run that is void. The pool is in this
// process and shares its cores: what is reported is less than the generator
// alone can do. Run it with GOMAXPROCS=1 for one core.
func BenchmarkSubmits(b *testing.B) {
	p := (&labtest.Pool{Proto: rig.CKB, Difficulty: 1, AcceptAll: true}).Start(b)
	cfg := config(b, p)
	cfg.Conns, cfg.Rate, cfg.Duration = 16, 50_000, time.Second
	b.ReportAllocs()
	void := 0.0
	for b.Loop() {
		r, err := Run(b.Context(), cfg)
		require.NoError(b, err)
		if len(r.Void) > 0 {
			void++
		}
		b.ReportMetric(void, "void")
		if p99 := Quantile(&r.Lag, 0.99); p99 != nil {
			b.ReportMetric(float64(*p99)/1e3, "p99-lag-us")
		}
		b.ReportMetric(r.Reached, "answers/s")
		b.ReportMetric(r.CPU, "cpu")
	}
}
