package pool

import (
	"context"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/coin"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/reward"
	"github.com/aditmine/adit/pool/unlock"
)

// deepChain has every block that it is asked for, deep down.
type deepChain struct{}

func (deepChain) Close() {}
func (deepChain) Tip(context.Context) (coin.Tip, error) {
	return coin.Tip{Height: 1000, Hash: "top"}, nil
}
func (deepChain) Look(_ context.Context, _ string, height uint64) (unlock.Sight, error) {
	return unlock.Sight{Place: unlock.InChain, Depth: 1000 - height, Mature: true, Reward: 10_000}, nil
}
func (deepChain) Price(context.Context, uint64) (unlock.Price, bool, error) {
	return unlock.Price{Reward: 10_000, Difficulty: big.NewInt(160)}, true, nil
}

// payingLab is a pool whose blocks are unlocked at once.
func payingLab(t *testing.T, scheme reward.Scheme) *lab {
	return startLab(t, func(c *config.Config, d *Deps) {
		c.Ports[0].Scheme, c.Ports[0].Fee = scheme, 250
		c.Unlock = config.Unlock{Confirmations: 1, Interval: 5 * time.Millisecond, Window: 200}
		d.NewChain = func(config.Coin) (unlock.Chain, error) { return deepChain{}, nil }
	})
}

// solveFor logs in, and finds a block of difficulty 50.
func (l *lab) solveFor(login string) {
	l.t.Helper()
	c := l.loginAs(login, "x")
	nonce, d := mine(l.t, c.job, 0, 50, 1<<30)
	require.Empty(l.t, c.submit(c.job.JobID, nonce, d))
}

func (l *lab) easyBlocks() {
	l.t.Helper()
	xmr := l.coins["xmr"]
	xmr.change(func() { xmr.difficulty, xmr.content = 50, 1 })
	l.feeds[0].kick()
	l.eventually("the new difficulty", func() bool { return l.feeds[0].current.Load().Difficulty.Uint64() == 50 })
}

// owed is what the ledger holds, by kind of account and login.
func (l *lab) owed() map[string]int64 {
	l.t.Helper()
	list, err := l.store.Balances(context.Background())
	require.NoError(l.t, err)
	got := make(map[string]int64)
	for _, b := range list {
		got[string(b.Kind)+" "+b.Login] = b.Amount
	}
	return got
}

func (l *lab) audited() {
	l.t.Helper()
	found, err := l.store.Audit(context.Background())
	require.NoError(l.t, err)
	require.Empty(l.t, found)
}

func TestLoginsChooseSoloOnAPropPort(t *testing.T) {
	l := payingLab(t, reward.PROP)
	c := l.loginAs("wallet-a", "x")
	nonce, d := mine(t, c.job, 0, 16, 1<<30)
	require.Empty(t, c.submit(c.job.JobID, nonce, d))
	l.easyBlocks()
	l.solveFor("solo:wallet-b.rig")
	l.eventually("the solo block's reward", func() bool { return l.owed()["miner wallet-b"] == 9750 })
	require.NotContains(t, l.owed(), "miner wallet-a")
	l.solveFor("Solo:wallet-c")
	l.eventually("the other's", func() bool { return l.owed()["miner wallet-c"] == 9750 })
	l.solveFor("wallet-d")
	l.eventually("the round's", func() bool { return l.owed()["rewards "] == -30_000 })
	require.Equal(t, map[string]int64{
		"miner wallet-a": 4875, "miner wallet-b": 9750, "miner wallet-c": 9750, "miner wallet-d": 4875, "fees ": 750, "rewards ": -30_000,
	}, l.owed(), "one share of 16 each")
	l.audited()
}

func TestPPSPort(t *testing.T) {
	l := payingLab(t, reward.PPS)
	l.easyBlocks()
	l.solveFor("wallet")
	l.eventually("share and block", func() bool { return l.owed()["rewards "] == -10_000 && l.owed()["miner wallet"] == 975 })
	require.Equal(t, int64(9000), l.owed()["fund "])
	l.audited()
}

// A block of which a killed pool does not say what became of it is looked for
// by the next.
func TestCandidatesOfAnEarlierRunAreSettled(t *testing.T) {
	l := startLab(t, func(_ *config.Config, d *Deps) {
		_, err := d.Store.AddBlock(t.Context(), ledger.Block{
			Miner: ledger.Miner{Coin: "xmr", Login: "wallet"}, Height: 7, Hash: "aa", Difficulty: "50", Found: time.Now(),
		})
		require.NoError(t, err)
		d.NewChain = func(config.Coin) (unlock.Chain, error) { return deepChain{}, nil }
	})
	l.eventually("the block", func() bool { return l.owed()["miner wallet"] == 10_000 })
	require.Contains(t, l.log.String(), "block of an earlier run")
	l.audited()
}
