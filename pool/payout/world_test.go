package payout_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/cryptonote/walletd"
	"github.com/aditmine/adit/chain/cryptonote/walletrpc"
	"github.com/aditmine/adit/chain/simnode/wallet"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/payout"
	"github.com/aditmine/adit/pool/reward"
)

// family is one kind of wallet.
type family string

const (
	monero  family = "monero"
	service family = "walletd"
)

const networkFee = 7

// network is where the tests' addresses belong.
func network() cryptonote.Network {
	return cryptonote.Network{Coin: "Old", Name: "testnet", Standard: 53, Integrated: 54, Subaddress: 63}
}

// login makes a miner's address.
func login(name string) string {
	return cryptonote.Address{
		Prefix: network().Standard, Spend: cryptonote.Keccak256([]byte(name)), View: cryptonote.Keccak256([]byte("v" + name)),
	}.String()
}

// world is a ledger that owes money, and a wallet that has it.
type world struct {
	t      *testing.T
	family family
	store  *ledger.DB
	sim    *wallet.Wallet
	url    string
	now    time.Time
	cfg    payout.Config
	blocks int
	*payout.Payer
}

// freshLedger is a new ledger's file: making one takes longer than a test.
var freshLedger = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "payout")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "l.db")
	store, err := ledger.Open(context.Background(), file, time.UnixMilli(0))
	if err != nil {
		return nil, err
	}
	if err := store.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

func newWorld(t *testing.T, f family, change ...func(*payout.Config)) *world {
	t.Helper()
	w := &world{t: t, family: f, now: time.UnixMilli(1_700_000_000_000)}
	fresh, err := freshLedger()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "l.db")
	require.NoError(t, os.WriteFile(file, fresh, 0o600))
	store, err := ledger.Open(t.Context(), file, w.now)
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	w.store = store
	w.sim = wallet.New(wallet.Config{Address: login("pool"), Funds: 1_000_000, Fee: networkFee, Most: 15, Password: "secret"})
	face := map[family]http.Handler{monero: w.sim.Monero(), service: w.sim.Walletd()}[f]
	server := httptest.NewServer(face)
	t.Cleanup(server.Close)
	w.url = server.URL
	w.cfg = payout.Config{
		Coin: "c", Wallet: w.wallet(), Store: store, Rules: payout.Rules{Threshold: 100, MaxTargets: 15},
		Payee:         network().ParsePayee,
		Confirmations: 3, Interval: time.Minute, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return w.now },
	}
	for _, c := range change {
		c(&w.cfg)
	}
	w.Payer = payout.New(w.cfg)
	return w
}

// wallet is a client of the simulated wallet.
func (w *world) wallet() payout.Wallet {
	w.t.Helper()
	var made payout.Wallet
	if w.family == monero {
		client, err := walletrpc.New(walletrpc.Config{URL: w.url, Timeout: time.Minute})
		require.NoError(w.t, err)
		made = payout.NewMonero(client, 0, 0)
	} else {
		client, err := walletd.New(walletd.Config{URL: w.url, Password: "secret", Timeout: time.Minute})
		require.NoError(w.t, err)
		made = payout.NewWalletd(client, networkFee, 3)
	}
	w.t.Cleanup(made.Close)
	return made
}

// owe credits a login.
func (w *world) owe(who string, amount uint64) {
	w.t.Helper()
	w.blocks++
	terms, m := ledger.Terms{Scheme: reward.SOLO}, ledger.Miner{Coin: "c", Login: who}
	id, err := w.store.AddBlock(w.t.Context(), ledger.Block{
		Miner: m, Height: 10, Hash: fmt.Sprintf("%064d", w.blocks), Difficulty: "10", Found: w.now, Terms: terms,
		Share: &ledger.Share{Miner: m, Height: 10, Difficulty: 10, Time: w.now, Block: true, Terms: terms},
	})
	require.NoError(w.t, err)
	require.NoError(w.t, w.store.UnlockBlock(w.t.Context(), id, ledger.Unlock{Reward: amount, At: w.now}))
}

// later lets an interval pass, and the chain grow.
func (w *world) later(blocks uint64) {
	w.now = w.now.Add(time.Minute)
	w.sim.Mine(blocks)
}

func (w *world) payouts(q ledger.PayoutQuery) []ledger.Payout {
	w.t.Helper()
	list, err := w.store.Payouts(w.t.Context(), q)
	require.NoError(w.t, err)
	return list
}

func (w *world) account(kind ledger.AccountKind, who string) (amount int64) {
	w.t.Helper()
	list, err := w.store.Balances(w.t.Context())
	require.NoError(w.t, err)
	for _, b := range list {
		if b.Kind == kind && b.Login == who {
			amount = b.Amount
		}
	}
	return amount
}

func (w *world) audit() {
	w.t.Helper()
	found, err := w.store.Audit(w.t.Context())
	require.NoError(w.t, err)
	require.Empty(w.t, found)
}

// runOut passes until nothing is under way and nobody is owed enough, or a
// person is needed.
func (w *world) runOut(p *payout.Payer) {
	w.t.Helper()
	for range 100 {
		_ = p.Pass(w.t.Context()) // trouble may pass
		if w.settled() {
			return
		}
		w.later(1)
	}
	w.t.Fatalf("payouts do not come to an end: %+v", w.payouts(ledger.PayoutQuery{Open: true}))
}

// settled reports whether nothing is under way and nobody waits to be paid, or
// a person is needed.
func (w *world) settled() bool {
	w.t.Helper()
	open := w.payouts(ledger.PayoutQuery{Open: true})
	if len(open) > 0 {
		return open[0].State == ledger.PayoutReview
	}
	plan, err := w.Plan(w.t.Context())
	require.NoError(w.t, err)
	return len(plan.Batches) == 0
}

// paidOnce audits the ledger, and compares it with what arrived.
func (w *world) paidOnce(due map[string]uint64) {
	w.t.Helper()
	w.audit()
	w.arrivedOnce(due)
}

// arrivedOnce compares what arrived with what the ledger says, to the unit.
func (w *world) arrivedOnce(due map[string]uint64) {
	w.t.Helper()
	got := w.sim.Received()
	var withheld, fees uint64
	for _, p := range w.payouts(ledger.PayoutQuery{State: ledger.PayoutConfirmed}) {
		fees += p.Fee
		for _, e := range p.Entries {
			withheld += e.Withheld
		}
	}
	for who, amount := range due {
		require.Zero(w.t, w.account(ledger.Owed, who), "nothing is owed any more")
		require.Zero(w.t, w.account(ledger.Inflight, who))
		require.Equal(w.t, w.account(ledger.Paid, who), int64(got[who]), "what the ledger calls paid has arrived")
		if !w.cfg.MinersPayFees {
			require.Equal(w.t, amount, got[who], "each is paid once")
		}
	}
	require.Equal(w.t, int64(withheld)-int64(fees), w.account(ledger.Fees, ""))
	require.Equal(w.t, len(w.payouts(ledger.PayoutQuery{State: ledger.PayoutConfirmed})), w.sim.Arrived(), "one transaction a payout")
}

// errKilled is what a payer sees whose process has been killed.
var errKilled = errors.New("killed")

// killer is a ledger whose process is killed at its n-th write: before it, or
// right after.
type killer struct {
	ledger.PayoutStore
	at     int
	after  bool
	writes int
	kill   context.CancelFunc
}

func (k *killer) write(do func() error) error {
	if k.writes++; k.writes > k.at {
		return errKilled
	}
	if k.writes < k.at {
		return do()
	}
	if k.after {
		if err := do(); err != nil {
			return err
		}
	}
	k.kill()
	return errKilled
}

func (k *killer) CreatePayout(ctx context.Context, coin string, entries []ledger.PayoutEntry, at time.Time) (p ledger.Payout, err error) {
	err = k.write(func() error {
		p, err = k.PayoutStore.CreatePayout(ctx, coin, entries, at)
		return err
	})
	return p, err
}

func (k *killer) MovePayout(ctx context.Context, id int64, m ledger.PayoutMove) error {
	return k.write(func() error { return k.PayoutStore.MovePayout(ctx, id, m) })
}
