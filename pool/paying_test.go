package pool

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/simnode/wallet"
	"github.com/aditmine/adit/pool/cluster"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/reward"
)

func TestPaymentIDsInLogins(t *testing.T) {
	id := strings.Repeat("0aBc", 16)
	kept := "wallet." + strings.ToLower(id)
	seps := config.Login{WorkerSeparator: ".", DifficultySeparator: "+"}
	for login, want := range map[string]credentials{
		"wallet." + id:                 {address: kept},
		"wallet+" + id:                 {address: kept},
		"wallet." + id + ".rig1":       {address: kept, worker: "rig1"},
		"wallet+" + id + ".rig1+5000":  {address: kept, worker: "rig1", difficulty: 5000},
		"wallet." + id + "+5000":       {address: kept, difficulty: 5000},
		"solo:wallet." + id + ".rig":   {address: kept, worker: "rig", solo: true},
		"wallet.rig." + id:             {address: "wallet", worker: cleanName("rig." + id)},
		"wallet.0123456789abcdef":      {address: "wallet", worker: "0123456789abcdef"},
		"wallet." + id[:63] + "g.rig":  {address: "wallet", worker: cleanName(id[:63] + "g.rig")},
		"wallet." + id + "." + id[:62]: {address: kept, worker: id[:62]},
	} {
		got, err := parseCredentials(login, "x", seps)
		require.NoError(t, err, login)
		require.Equal(t, want, got, login)
	}
	_, err := parseCredentials("wallet+", "x", seps)
	require.ErrorIs(t, err, errDifficulty)
	_, err = parseCredentials("wallet."+id+"+", "x", seps)
	require.ErrorIs(t, err, errDifficulty)
	_, err = parseCredentials("wallet+"+id+"+many", "x", seps)
	require.ErrorIs(t, err, errDifficulty)
}

// TestMinersArePaid lets a pool that runs pay one miner, and one that is told
// not to, or has not the role, none.
func TestMinersArePaid(t *testing.T) {
	for name, c := range map[string]struct {
		enabled bool
		roles   cluster.Roles
		want    bool
	}{
		"paid":       {enabled: true, want: true},
		"switch off": {enabled: false},
		"other role": {enabled: true, roles: cluster.Roles{cluster.Stratum, cluster.Jobs, cluster.Unlock}},
	} {
		t.Run(name, func(t *testing.T) {
			sim := wallet.New(wallet.Config{Funds: 1_000_000, Fee: 7})
			server := httptest.NewServer(sim.Monero())
			t.Cleanup(server.Close)
			who := cryptonote.Address{Prefix: cryptonote.MoneroMainnet().Standard, Spend: cryptonote.Hash{1}, View: cryptonote.Hash{2}}.String()
			l := startLab(t, func(cfg *config.Config, d *Deps) {
				o := config.DefaultPayout()
				o.Coin, o.Enabled, o.Wallet, o.Threshold, o.Interval = cfg.Coins[0].Name, c.enabled, server.URL, 100, time.Second
				cfg.Payouts, d.Roles = []config.Payout{o}, c.roles
				owe(t, d.Store, cfg.Coins[0].Name, who, 1000)
			})
			if c.want {
				require.Eventually(t, func() bool { return sim.Received()[who] == 1000 }, 30*time.Second, 5*time.Millisecond)
			}
			l.end()
			require.Equal(t, c.want, len(l.payers) == 1)
			require.Equal(t, c.want, sim.Calls()["relay_tx"] > 0)
			found, err := l.store.Audit(t.Context())
			require.NoError(t, err)
			require.Empty(t, found)
		})
	}
}

// owe credits a login with a SOLO block's reward.
func owe(t *testing.T, store ledger.Store, coin, login string, amount uint64) {
	t.Helper()
	terms, m := ledger.Terms{Scheme: reward.SOLO}, ledger.Miner{Coin: coin, Login: login}
	id, err := store.AddBlock(t.Context(), ledger.Block{
		Miner: m, Height: 1, Hash: strings.Repeat("1", 64), Difficulty: "10", Found: time.Now(), Terms: terms,
		Share: &ledger.Share{Miner: m, Height: 1, Difficulty: 10, Time: time.Now(), Block: true, Terms: terms},
	})
	require.NoError(t, err)
	require.NoError(t, store.UnlockBlock(t.Context(), id, ledger.Unlock{Reward: amount, At: time.Now()}))
}
