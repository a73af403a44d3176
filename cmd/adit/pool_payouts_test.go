package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/simnode"
	"github.com/aditmine/adit/chain/simnode/wallet"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/reward"
)

// payoutsWorld is a configured pool whose ledger owes alice and bob money, and
// a wallet that has it.
type payoutsWorld struct {
	t    *testing.T
	file string
	cfg  config.Config
	sim  *wallet.Wallet
}

func minerAddress(name string) string {
	return cryptonote.Address{
		Prefix: cryptonote.MoneroTestnet().Standard, Spend: cryptonote.Keccak256([]byte(name)), View: cryptonote.Keccak256([]byte("v")),
	}.String()
}

func newPayoutsWorld(t *testing.T) *payoutsWorld {
	t.Helper()
	w := &payoutsWorld{t: t, sim: wallet.New(wallet.Config{Funds: 1_000_000, Fee: 7, Most: 15})}
	server := httptest.NewServer(w.sim.Monero())
	t.Cleanup(server.Close)
	w.file = poolConfigFile(t, func(text string) string {
		text = strings.Replace(text, `wallet = "http://127.0.0.1:28083"`, fmt.Sprintf("wallet = %q", server.URL), 1)
		return strings.Replace(text, "# threshold = 300000000000", "threshold = 100", 1)
	})
	var err error
	w.cfg, err = config.Load(w.file)
	require.NoError(t, err)
	w.change(func(s ledger.Store) {
		for i, who := range []string{minerAddress("alice"), minerAddress("bob"), "nobody"} {
			id := w.block(s, who, i)
			require.NoError(t, s.UnlockBlock(t.Context(), id, ledger.Unlock{Reward: uint64(1000 + i), At: time.Now()}))
		}
	})
	return w
}

// change opens the ledger, as no pool runs.
func (w *payoutsWorld) change(do func(ledger.Store)) {
	w.t.Helper()
	s, err := ledger.Open(w.t.Context(), w.cfg.Ledger.Path, time.Now())
	require.NoError(w.t, err)
	defer s.Close()
	do(s)
}

func (w *payoutsWorld) block(s ledger.Store, who string, i int) int64 {
	w.t.Helper()
	m, terms := ledger.Miner{Coin: "monero-testnet", Login: who}, ledger.Terms{Scheme: reward.SOLO}
	id, err := s.AddBlock(w.t.Context(), ledger.Block{
		Miner: m, Height: 10, Hash: fmt.Sprintf("%064x", 0xabc0+i), Difficulty: "10", Found: time.Now(), Terms: terms,
		Share: &ledger.Share{Miner: m, Height: 10, Difficulty: 10, Time: time.Now(), Block: true, Terms: terms},
	})
	require.NoError(w.t, err)
	return id
}

func (w *payoutsWorld) run(args ...string) (string, error) {
	return runCmd(w.t.Context(), newPoolCmd(), nil, append(args, "-c", w.file)...)
}

func (w *payoutsWorld) ok(args ...string) string {
	w.t.Helper()
	out, err := w.run(args...)
	require.NoError(w.t, err)
	return out
}

func TestPoolPayouts(t *testing.T) {
	w := newPayoutsWorld(t)
	out := w.ok("payouts", "run", "--dry-run")
	require.Contains(t, out, "coin monero-testnet: 1 transaction, 2001 atomic units")
	require.Contains(t, out, minerAddress("bob"))
	require.Regexp(t, `nobody +1002 +cannot be paid: address "nobody"`, out)
	require.Contains(t, out, "the wallet has 1000000, of which 1000000 can be spent now")
	require.Equal(t, "no payouts\n", w.ok("payouts", "list"), "a dry run writes nothing")
	require.Contains(t, w.ok("payouts", "export"), "monero-testnet,nobody,1002,0\n")

	require.Contains(t, w.ok("payouts", "pause", "--reason", "moving"), "payouts of monero-testnet are paused")
	require.Contains(t, w.ok("payouts", "list"), "paused since")
	require.Contains(t, w.ok("payouts", "run"), "no payouts")
	require.Zero(t, w.sim.Arrived(), "none while they are paused")
	w.ok("payouts", "resume")

	require.Regexp(t, `1 +monero-testnet +sent .* 2 +2001 +7 +[0-9a-f]{64}`, w.ok("payouts", "run"))
	require.Equal(t, map[string]uint64{minerAddress("alice"): 1000, minerAddress("bob"): 1001}, w.sim.Received())
	w.ok("payouts", "run")
	require.Equal(t, 1, w.sim.Arrived(), "nobody is paid twice")
	w.sim.Mine(20)
	require.Contains(t, w.ok("payouts", "run"), "no payouts", "none is open any more")
	var rows []payoutRow
	require.NoError(t, json.Unmarshal([]byte(w.ok("payouts", "list", "--json")), &rows))
	require.Len(t, rows, 1)
	require.Equal(t, ledger.PayoutConfirmed, rows[0].State)
	require.Len(t, rows[0].Entries, 2)
	require.Contains(t, w.ok("payouts", "show", "1"), "confirmed since")
	require.Contains(t, w.ok("audit"), "the accounts are right")
}

func TestPoolPayoutsDecisions(t *testing.T) {
	w := newPayoutsWorld(t)
	w.sim.SetFail(func(method string) wallet.Failure {
		if method == "transfer" {
			return wallet.Failure{Kind: simnode.FailBusy}
		}
		return wallet.Failure{}
	})
	_, err := w.run("payouts", "run")
	require.ErrorContains(t, err, "busy")
	_, err = w.run("payouts", "retry", "1")
	require.ErrorContains(t, err, "payout 1 is created, not under review")
	require.Contains(t, w.ok("payouts", "return", "1"), "its money is owed again")
	require.Contains(t, w.ok("payouts", "list", "--state", "returned"), "returned by hand")

	for want, args := range map[string][]string{
		"there is no such payout":          {"return", "77"},
		`"x" is not the number`:            {"show", "x"},
		`there is no state "gone"`:         {"list", "--state", "gone"},
		`has no coin named "doge"`:         {"pause", "--coin", "doge"},
		"reading payout 5: there is no":    {"show", "5"},
		`"x" is not the number of a payou`: {"retry", "x"},
	} {
		_, err := w.run(append([]string{"payouts"}, args...)...)
		require.ErrorContains(t, err, want)
	}
	w.change(func(ledger.Store) {
		_, err := w.run("payouts", "pause")
		require.ErrorContains(t, err, "stop the pool first")
		require.Contains(t, w.ok("payouts", "list"), "returned", "it can be read nevertheless")
	})
}

func TestPoolReprocess(t *testing.T) {
	w := newPayoutsWorld(t)
	var id int64
	w.change(func(s ledger.Store) {
		id = w.block(s, minerAddress("alice"), 9)
		require.NoError(t, s.OrphanBlock(t.Context(), id, "the chain has another", time.Now()))
	})
	hash := fmt.Sprintf("%064x", 0xabc9)
	out := w.ok("reprocess", hash)
	require.Contains(t, out, "is a candidate again")
	require.Contains(t, out, "the node could not be asked")
	require.Regexp(t, `unsure .*it was orphaned`, w.ok("stats"))
	for want, name := range map[string]string{
		"is unsure: the pool looks after it by itself": hash,
		"is unlocked: its reward has been divided":     fmt.Sprintf("%064x", 0xabc0),
		"the ledger has no block 99":                   "99",
	} {
		_, err := w.run("reprocess", name)
		require.ErrorContains(t, err, want)
	}
	require.Contains(t, w.ok("audit"), "the accounts are right")
}
