package vardiff

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/lab/labtest"
	"github.com/aditmine/adit/harness/rig"
)

func liveConfig(t *testing.T, p *labtest.Pool) LiveConfig {
	return LiveConfig{Target: p.Target(), Miners: 3, Rate: 400, Interval: 100 * time.Millisecond,
		Scenario: Scenario{Length: time.Second}, Finder: p.Finder(t)}
}

// TestLiveMinersWorkForTheirShares on a pool that judges each share by
// hashing it: all are good, and credit is work within chance.
func TestLiveMinersWorkForTheirShares(t *testing.T) {
	for _, proto := range []string{rig.CryptoNote, rig.CKB} {
		t.Run(proto, func(t *testing.T) {
			p := (&labtest.Pool{Proto: proto, Difficulty: 20}).Start(t)
			r, err := RunLive(t.Context(), liveConfig(t, p))
			require.NoError(t, err)
			require.Empty(t, r.Rejected)
			require.Zero(t, r.Unanswered+r.Closed)
			require.InDelta(t, 1200, r.Hashes, 10)
			require.Greater(t, r.Accepted, 25)
			require.InDelta(t, 1, r.Credit, 0.5)
			require.True(t, r.CreditIn.Contains(r.Credit))
			require.Len(t, r.Records, 3)
			require.Equal(t, []Change{{0, 0.5}}, r.Records[0].Changes)
		})
	}
}

// TestLiveSeesRetargets: the pool doubles after ten shares, with shares of the
// old difficulty on their way.
func TestLiveSeesRetargets(t *testing.T) {
	p := (&labtest.Pool{Proto: rig.CKB, Difficulty: 10, Retarget: func(shares int, present uint64) uint64 {
		if shares >= 10 {
			return 40
		}
		return present
	}}).Start(t)
	cfg := liveConfig(t, p)
	cfg.Scenario.Length = 3 * time.Second
	r, err := RunLive(t.Context(), cfg)
	require.NoError(t, err)
	for _, record := range r.Records {
		require.Len(t, record.Changes, 2)
		require.InDelta(t, 1, record.Changes[1].X, 1e-9)
	}
	require.NotNil(t, r.Convergence.P50)
	require.Empty(t, r.Rejected)
}

func TestLiveFollowsTheRates(t *testing.T) {
	p := (&labtest.Pool{Proto: rig.CKB, Difficulty: 20}).Start(t)
	cfg := liveConfig(t, p)
	cfg.Scenario.Rates = []Step{{0, 1}, {500 * time.Millisecond, 0}}
	r, err := RunLive(t.Context(), cfg)
	require.NoError(t, err)
	require.InDelta(t, 600, r.Hashes, 10)
}

func TestLiveReconnects(t *testing.T) {
	p := (&labtest.Pool{Proto: rig.CKB, Difficulty: 20}).Start(t)
	cfg := liveConfig(t, p)
	cfg.Scenario.Reconnects = []time.Duration{300 * time.Millisecond, 600 * time.Millisecond}
	logins := p.Logins()
	r, err := RunLive(t.Context(), cfg)
	require.NoError(t, err)
	require.Equal(t, logins+9, p.Logins())
	require.Empty(t, r.Rejected)
	require.LessOrEqual(t, r.Hashes, uint64(1200), "nobody mines without a connection")
	require.Positive(t, r.Hashes)
}

func TestScaled(t *testing.T) {
	for _, sc := range Scenarios() {
		got := sc.Scaled(DefaultInterval / 15)
		require.Equal(t, sc.Length/15, got.Length)
		require.Equal(t, sc.finalRate(), got.finalRate())
		require.Equal(t, len(sc.Reconnects), len(got.Reconnects))
		require.Equal(t, sc, sc.Scaled(DefaultInterval))
	}
}

func TestLiveIsVoidWhenHashingIsTooSlow(t *testing.T) {
	p := (&labtest.Pool{Proto: rig.CKB, Difficulty: 1 << 40}).Start(t)
	cfg := liveConfig(t, p)
	cfg.Rate, cfg.Scenario.Length = 1e12, 100*time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	r, err := RunLive(ctx, cfg)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotEmpty(t, r.Void)
}

func TestLiveMistakes(t *testing.T) {
	p := (&labtest.Pool{Proto: rig.CKB, Difficulty: 1}).Start(t)
	for name, spoil := range map[string]func(*LiveConfig){
		"no rate":     func(c *LiveConfig) { c.Rate = 0 },
		"no interval": func(c *LiveConfig) { c.Interval = 0 },
		"no length":   func(c *LiveConfig) { c.Scenario.Length = 0 },
		"no finder":   func(c *LiveConfig) { c.Finder = nil },
		"nobody home": func(c *LiveConfig) { c.Target.Address = "127.0.0.1:1" },
	} {
		cfg := liveConfig(t, p)
		spoil(&cfg)
		_, err := RunLive(t.Context(), cfg)
		require.Error(t, err, name)
	}
}
