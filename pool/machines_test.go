package pool

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/cluster"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/ledger/pgtest"
	"github.com/aditmine/adit/pool/penalty"
	"github.com/aditmine/adit/pool/unlock"
)

// machine is one process of a pool over a database.
func machine(t *testing.T, ledger config.Ledger, roles ...cluster.Role) *lab {
	t.Helper()
	return startLab(t, func(c *config.Config, d *Deps) {
		c.Ledger, d.Store, d.Roles = ledger, nil, roles
		c.Unlock = config.Unlock{Confirmations: 1, Interval: 5 * time.Millisecond, Window: 200}
		d.NewChain = func(config.Coin) (unlock.Chain, error) { return deepChain{}, nil }
		if !d.Roles.Has(cluster.Jobs) { // hears of new tips only from others
			c.Coins[0].Poll, c.Coins[0].Refresh = time.Minute, time.Hour
		}
	})
}

func (l *lab) work() (c *cnClient, text string) {
	l.t.Helper()
	c = l.login()
	nonce, d := mine(l.t, c.job, 0, 16, 1<<30)
	return c, c.submit(c.job.JobID, nonce, d)
}

// Two processes that take miners, one of which watches the node for both and
// the other of which has a spool, and a third that unlocks blocks.
func TestOnePoolOfThreeProcesses(t *testing.T) {
	server := &pgtest.Server{}
	t.Cleanup(server.Close)
	address := server.Database(t)
	watcher := machine(t, config.Ledger{URL: address}, cluster.Stratum, cluster.Jobs)
	spooler := machine(t, config.Ledger{URL: address, Spool: t.TempDir()}, cluster.Stratum)
	unlocker := machine(t, config.Ledger{URL: address}, cluster.Unlock)
	require.Empty(t, unlocker.ports)
	reader, err := ledger.OpenReader(t.Context(), address)
	require.NoError(t, err)
	defer reader.Close()

	// Tips. What is said before somebody listens is lost, so it is said again.
	spooler.coins["xmr"].change(func() { spooler.coins["xmr"].height = 200 })
	height := uint64(100)
	soon(t, "the spooler hears of a new tip", func() bool {
		height++
		watcher.coins["xmr"].change(func() { watcher.coins["xmr"].height = height })
		return spooler.feeds[0].current.Load().Height == 200
	})

	soon(t, "its own last tip", func() bool { return watcher.feeds[0].current.Load().Height == height })

	// Bans.
	ban := penalty.Ban{Key: penalty.Key{Login: "wallet-bad"}, Reason: "a test", Until: time.Now().Add(time.Hour)}
	soon(t, "the spooler hears of a ban", func() bool {
		watcher.observe(&Banned{Ban: ban})
		_, banned := spooler.Penalties().Check("wallet-bad", "10.0.0.1")
		return banned
	})

	// Shares and blocks of both are in one ledger, and unlocked by the third.
	for _, l := range []*lab{watcher, spooler} {
		_, text := l.work()
		require.Empty(t, text)
	}
	spooler.coins["xmr"].change(func() { spooler.coins["xmr"].difficulty, spooler.coins["xmr"].content = 50, 1 })
	spooler.feeds[0].kick()
	soon(t, "an easy block", func() bool { return spooler.feeds[0].current.Load().Difficulty.Uint64() == 50 })
	spooler.solveFor("wallet-finder")
	soon(t, "the block's reward", func() bool {
		list, err := reader.Balances(t.Context())
		require.NoError(t, err)
		for _, b := range list {
			if b.Kind == ledger.Rewards && b.Amount == -10_000 {
				return true
			}
		}
		return false
	})
	seen, err := ledger.Instances(t.Context(), address, time.Now().Add(-time.Hour))
	require.NoError(t, err)
	require.Len(t, seen, 3)
	roles := []string{seen[0].Roles, seen[1].Roles, seen[2].Roles}
	require.Equal(t, []string{"stratum,jobs", "stratum", "unlock"}, roles)
	require.NotEqual(t, watcher.nextSession()>>32, spooler.nextSession()>>32, "sessions are numbered apart")

	// The database goes away.
	server.Stop(t)
	_, text := watcher.work()
	require.NotEmpty(t, text, "without a spool nothing can be acknowledged")
	_, text = spooler.work()
	require.Empty(t, text)
	server.Start(t)
	soon(t, "all is in the ledger", func() bool {
		totals, err := reader.Totals(t.Context())
		var shares uint64
		for _, total := range totals {
			shares += total.Shares
		}
		return err == nil && shares == 4
	})
	soon(t, "the other works again, too", func() bool {
		_, text := watcher.work()
		return text == ""
	})
	found, err := reader.Audit(t.Context())
	require.NoError(t, err)
	require.Empty(t, found)
}

// soon waits for what several processes, and a database, do together.
func soon(t *testing.T, what string, f func() bool) {
	t.Helper()
	require.Eventually(t, f, 2*time.Minute, 10*time.Millisecond, what)
}
