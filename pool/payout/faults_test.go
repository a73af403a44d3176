package payout_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/simnode"
	"github.com/aditmine/adit/chain/simnode/wallet"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/payout"
)

// methods are what each family of wallet is asked.
var methods = map[family][]string{
	monero: {"refresh", "get_balance", "transfer", "relay_tx", "get_transfer_by_txid"},
	service: {"getBalance", "getDelayedTransactionHashes", "createDelayedTransaction", "deleteDelayedTransaction",
		"sendDelayedTransaction", "getTransaction", "getStatus"},
}

func due() map[string]uint64 { return map[string]uint64{login("alice"): 1000, login("bob"): 512} }

// inAllWorlds runs a test for both families, and for both who may bear fees.
func inAllWorlds(t *testing.T, test func(t *testing.T, make func() *world)) {
	for _, f := range []family{monero, service} {
		for _, miners := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, miners bear the fee: %t", f, miners), func(t *testing.T) {
				test(t, func() *world {
					w := newWorld(t, f, func(c *payout.Config) { c.MinersPayFees, c.Confirmations = miners, 1 })
					for who, amount := range due() {
						w.owe(who, amount)
					}
					return w
				})
			})
		}
	}
}

func TestPaid(t *testing.T) {
	inAllWorlds(t, func(t *testing.T, make func() *world) {
		w := make()
		w.runOut(w.Payer)
		w.paidOnce(due())
		require.Equal(t, 1, w.sim.Arrived())
		require.Equal(t, int64(networkFee), w.account(ledger.Paid, ""))
		if w.cfg.MinersPayFees {
			require.Equal(t, uint64(996), w.sim.Received()[login("alice")], "four of seven")
			require.Equal(t, int64(1), w.account(ledger.Fees, ""))
		}
	})
}

// TestEveryCallFailsInEveryWay fails each call of the wallet, the first time it
// is made or several times in a row, before it takes effect or after: everybody
// is paid once.
func TestEveryCallFailsInEveryWay(t *testing.T) {
	inAllWorlds(t, func(t *testing.T, make func() *world) {
		family, miners := make().family, make().cfg.MinersPayFees
		for _, method := range methods[family] {
			w, want := make(), map[string]uint64{}
			for _, kind := range simnode.Kinds() {
				for _, times := range [][2]int{{1, 1}, {2, 4}} {
					for _, late := range []bool{false, true} {
						if (miners || testing.Short()) && times[0] > 1 {
							continue
						}
						for who, amount := range due() {
							if want[who] > 0 { // make owes the first time
								w.owe(who, amount)
							}
							want[who] += amount
						}
						name := fmt.Sprintf("%s %s late=%t calls %d to %d", method, kind, late, times[0], times[1])
						require.True(t, t.Run(name, func(t *testing.T) {
							w.t = t
							w.failing(method, kind, late, times)
							w.arrivedOnce(want)
						}))
						w.t = t
					}
				}
			}
			w.paidOnce(want)
		}
	})
}

func (w *world) failing(method string, kind simnode.Kind, late bool, times [2]int) {
	// A call that hangs ends when its caller gives up: the pass is ended then.
	var mu sync.Mutex
	giveUp := func() {}
	calls := 0
	w.sim.SetFail(func(called string) wallet.Failure {
		if called != method {
			return wallet.Failure{}
		}
		if calls++; calls < times[0] || calls > times[1] {
			return wallet.Failure{}
		}
		f := wallet.Failure{Kind: kind, Late: late}
		if kind == simnode.FailHang {
			f.Then = func() {
				mu.Lock()
				defer mu.Unlock()
				giveUp()
			}
		}
		return f
	})
	for range 6 {
		if w.settled() {
			break
		}
		ctx, cancel := context.WithCancel(w.t.Context())
		mu.Lock()
		giveUp = cancel
		mu.Unlock()
		_ = w.Pass(ctx)
		cancel()
		w.later(1)
	}
	w.sim.SetFail(nil)
	w.runOut(w.Payer)
}

// TestKilledBetweenAnyTwoSteps ends the process at each write to the ledger,
// before it and right after it, and goes on with a new one.
func TestKilledBetweenAnyTwoSteps(t *testing.T) {
	inAllWorlds(t, func(t *testing.T, make func() *world) {
		for at := 1; ; at++ {
			reached := false
			for _, after := range []bool{false, true} {
				w := make()
				ctx, cancel := context.WithCancel(t.Context())
				k := &killer{PayoutStore: w.store, at: at, after: after, kill: cancel}
				cfg := w.cfg
				cfg.Store = k
				victim := payout.New(cfg)
				for range 8 {
					if ctx.Err() == nil {
						_ = victim.Pass(ctx)
						w.later(1)
					}
				}
				reached = k.writes >= at
				cancel()
				w.runOut(payout.New(w.cfg))
				w.paidOnce(due())
			}
			if !reached {
				require.GreaterOrEqual(t, at, 6, "created, prepared, sending, sent, confirmed")
				return
			}
		}
	})
}

// TestNetworkForgets loses the transaction after it was handed out.
func TestNetworkForgets(t *testing.T) {
	inAllWorlds(t, func(t *testing.T, make func() *world) {
		w := make()
		require.NoError(t, w.Pass(t.Context()))
		require.Equal(t, ledger.PayoutSent, w.payouts(ledger.PayoutQuery{})[0].State)
		w.sim.Forget()
		w.runOut(w.Payer)
		if w.family == monero {
			w.paidOnce(due())
			return
		}
		// A walletd cannot hand the same transaction out again.
		w.needsReview(t)
	})
}

// TestServiceForgets restarts a walletd between signing and handing out.
func TestServiceForgets(t *testing.T) {
	for _, taken := range []bool{false, true} {
		w := newWorld(t, service)
		for who, amount := range due() {
			w.owe(who, amount)
		}
		w.sim.SetFail(func(method string) wallet.Failure {
			if method == "sendDelayedTransaction" {
				return wallet.Failure{Kind: simnode.FailRefused, Late: taken}
			}
			return wallet.Failure{}
		})
		require.Error(t, w.Pass(t.Context()))
		w.sim.SetFail(nil)
		w.sim.Restart()
		w.runOut(w.Payer)
		if taken {
			w.paidOnce(due())
			continue
		}
		w.needsReview(t)
		// A person has looked: it never left.
		id := w.payouts(ledger.PayoutQuery{})[0].ID
		require.NoError(t, payout.Return(t.Context(), w.cfg, id))
		w.runOut(w.Payer)
		w.paidOnce(due())
	}
}

// needsReview expects that nobody is paid again and a person is asked.
func (w *world) needsReview(t *testing.T) {
	list := w.payouts(ledger.PayoutQuery{})
	require.Len(t, list, 1)
	require.Equal(t, ledger.PayoutReview, list[0].State)
	w.audit()
	require.NotEmpty(t, list[0].Detail)
	for range 5 {
		w.later(1)
		require.NoError(t, w.Pass(t.Context()))
	}
	require.Len(t, w.payouts(ledger.PayoutQuery{}), 1)
	require.Equal(t, int64(1000), w.account(ledger.Inflight, login("alice")))
}

// TestTwoPayers lets two processes pay from one ledger at once.
func TestTwoPayers(t *testing.T) {
	inAllWorlds(t, func(t *testing.T, make func() *world) {
		w := make()
		for i := range 20 {
			w.owe(login(fmt.Sprint(i)), 100+uint64(i))
		}
		var both sync.WaitGroup
		for range 2 {
			cfg := w.cfg
			cfg.Wallet = w.wallet()
			p := payout.New(cfg)
			both.Go(func() {
				for range 6 {
					_ = p.Pass(t.Context()) // the other may have been first
				}
			})
		}
		both.Wait()
		w.runOut(w.Payer)
		want := due()
		for i := range 20 {
			want[login(fmt.Sprint(i))] = 100 + uint64(i)
		}
		w.paidOnce(want)
	})
}

// TestReturnBeforeSending returns what is prepared and what is created: the
// wallet forgets the transaction, and the money is paid by another.
func TestReturnBeforeSending(t *testing.T) {
	for _, writes := range []int{2, 3} {
		w := newWorld(t, service)
		w.owe(login("alice"), 1000)
		cfg := w.cfg
		cfg.Store = &killer{PayoutStore: w.store, at: writes, kill: func() {}}
		require.ErrorIs(t, payout.New(cfg).Pass(t.Context()), errKilled)
		o := w.payouts(ledger.PayoutQuery{})[0]
		require.Equal(t, map[int]ledger.PayoutState{2: ledger.PayoutCreated, 3: ledger.PayoutPrepared}[writes], o.State)
		require.NoError(t, payout.Return(t.Context(), w.cfg, o.ID))
		require.Equal(t, int64(1000), w.account(ledger.Owed, login("alice")))
		if o.State == ledger.PayoutPrepared {
			require.Zero(t, w.sim.Delayed())
		}
		w.later(1)
		w.runOut(w.Payer)
		w.paidOnce(map[string]uint64{login("alice"): 1000})
	}
}

// TestReturnAndRetry are the decisions of a person.
func TestReturnAndRetry(t *testing.T) {
	w := newWorld(t, monero)
	w.owe(login("alice"), 1000)
	w.sim.SetFail(func(method string) wallet.Failure {
		if method == "relay_tx" {
			return wallet.Failure{Kind: simnode.FailRPC}
		}
		return wallet.Failure{}
	})
	w.runOut(w.Payer)
	id := w.payouts(ledger.PayoutQuery{})[0].ID
	require.Equal(t, ledger.PayoutReview, w.payouts(ledger.PayoutQuery{})[0].State)
	w.sim.SetFail(nil)
	require.NoError(t, payout.Retry(t.Context(), w.cfg, id))
	require.ErrorContains(t, payout.Retry(t.Context(), w.cfg, id), "sending")
	require.ErrorContains(t, payout.Return(t.Context(), w.cfg, id), "may have left")
	w.runOut(w.Payer)
	w.paidOnce(map[string]uint64{login("alice"): 1000})
	require.ErrorContains(t, payout.Return(t.Context(), w.cfg, id), "confirmed")
	require.ErrorIs(t, payout.Return(t.Context(), w.cfg, 99), ledger.ErrNoPayout)

	w.owe(login("alice"), 500)
	w.sim.SetFail(func(method string) wallet.Failure {
		if method == "relay_tx" {
			return wallet.Failure{Kind: simnode.FailGarbage, Late: true}
		}
		return wallet.Failure{Kind: map[bool]simnode.Kind{true: simnode.FailBusy}[method == "get_transfer_by_txid"]}
	})
	w.later(1)
	for range 3 {
		require.Error(t, w.Pass(t.Context()))
	}
	open := w.payouts(ledger.PayoutQuery{Open: true})
	require.Len(t, open, 1)
	require.Equal(t, ledger.PayoutSending, open[0].State)
	require.NoError(t, w.store.MovePayout(t.Context(), open[0].ID, ledger.PayoutMove{From: ledger.PayoutSending, To: ledger.PayoutReview, At: w.now}))
	require.Error(t, payout.Return(t.Context(), w.cfg, open[0].ID), "the wallet cannot be asked")
	w.sim.SetFail(nil)
	require.ErrorContains(t, payout.Return(t.Context(), w.cfg, open[0].ID), "history shows it")
	require.NoError(t, payout.Retry(t.Context(), w.cfg, open[0].ID))
	w.runOut(w.Payer)
	w.paidOnce(map[string]uint64{login("alice"): 1500})
	require.Len(t, w.payouts(ledger.PayoutQuery{State: ledger.PayoutConfirmed}), 2)
}
