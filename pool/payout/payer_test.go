package payout_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/simnode"
	"github.com/aditmine/adit/chain/simnode/wallet"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/payout"
)

func TestInterval(t *testing.T) {
	w := newWorld(t, monero, func(c *payout.Config) { c.Interval = time.Hour })
	w.owe(login("alice"), 1000)
	require.NoError(t, w.Pass(t.Context()))
	w.owe(login("alice"), 500)
	w.later(5)
	require.NoError(t, w.Pass(t.Context()))
	require.NoError(t, payout.New(w.cfg).Pass(t.Context()), "a restart is no reason to pay")
	require.Len(t, w.payouts(ledger.PayoutQuery{}), 1)
	require.Equal(t, ledger.PayoutConfirmed, w.payouts(ledger.PayoutQuery{})[0].State, "but it is followed")
	w.now = w.now.Add(time.Hour)
	require.NoError(t, w.Pass(t.Context()))
	require.Len(t, w.payouts(ledger.PayoutQuery{}), 2)
}

func TestManyMiners(t *testing.T) {
	for _, f := range []family{monero, service} {
		w := newWorld(t, f)
		due := make(map[string]uint64)
		for i := range 40 {
			who := login(fmt.Sprint("m", i))
			w.owe(who, uint64(100+i))
			due[who] = uint64(100 + i)
		}
		require.NoError(t, w.Pass(t.Context()))
		require.Len(t, w.payouts(ledger.PayoutQuery{}), 3, "15, 15 and 10")
		w.runOut(w.Payer)
		w.paidOnce(due)
	}
}

// TestTooLarge has a wallet that can pay four at once, and is asked for fifteen.
func TestTooLarge(t *testing.T) {
	for _, f := range []family{monero, service} {
		w := newWorld(t, f)
		w.sim.SetMost(4)
		due := make(map[string]uint64)
		for i := range 15 {
			who := login(fmt.Sprint("m", i))
			w.owe(who, 100)
			due[who] = 100
		}
		require.NoError(t, w.Pass(t.Context()))
		returned := w.payouts(ledger.PayoutQuery{State: ledger.PayoutReturned})
		require.Len(t, returned, 2, "15 and 7 are too many, 3 are not")
		require.Contains(t, returned[0].Detail, "too large")
		require.Equal(t, 5, w.sim.Arrived())
		w.later(5)
		require.NoError(t, w.Follow(t.Context()))
		w.paidOnce(due)
	}
}

func TestPayeeRefused(t *testing.T) {
	w := newWorld(t, monero)
	w.owe("not an address", 1000)
	w.owe(login("alice"), 1000)
	var log bytes.Buffer
	w.cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	p := payout.New(w.cfg)
	require.NoError(t, p.Pass(t.Context()))
	require.Contains(t, log.String(), "a miner cannot be paid")
	require.Equal(t, uint64(1000), w.sim.Received()[login("alice")], "others are paid nevertheless")
	require.Equal(t, int64(1000), w.account(ledger.Owed, "not an address"))
}

func TestShort(t *testing.T) {
	w := newWorld(t, monero)
	w.owe(login("alice"), 600_000)
	w.owe(login("bob"), 500_000)
	var log bytes.Buffer
	w.cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	p := payout.New(w.cfg)
	for range 3 {
		require.NoError(t, p.Pass(t.Context()))
	}
	require.Empty(t, w.payouts(ledger.PayoutQuery{}), "nobody is paid from a wallet that cannot pay all")
	require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("nobody is paid before it has them")), "said once")
}

func TestLocked(t *testing.T) {
	w := newWorld(t, monero)
	w.owe(login("alice"), 1000)
	w.sim.Lock(999_500)
	require.NoError(t, w.Pass(t.Context()))
	require.Empty(t, w.payouts(ledger.PayoutQuery{}), "it waits for the money to unlock")
	// Enough for the amount, not for the fee: only the wallet knows.
	w.sim.Lock(999_000)
	for range 3 {
		require.NoError(t, w.Pass(t.Context()))
		w.later(1)
	}
	require.Len(t, w.payouts(ledger.PayoutQuery{}), 1, "it is not tried again before more is unlocked")
	require.Equal(t, ledger.PayoutReturned, w.payouts(ledger.PayoutQuery{})[0].State)
	w.sim.Lock(0)
	w.runOut(w.Payer)
	w.paidOnce(map[string]uint64{login("alice"): 1000})
}

func TestPaused(t *testing.T) {
	w := newWorld(t, monero)
	w.owe(login("alice"), 1000)
	require.NoError(t, w.store.PausePayouts(t.Context(), "c", "moving house", w.now))
	require.NoError(t, w.Pass(t.Context()))
	require.Empty(t, w.payouts(ledger.PayoutQuery{}))
	require.NoError(t, w.store.ResumePayouts(t.Context(), "c"))
	require.NoError(t, w.Pass(t.Context()))
	w.owe(login("alice"), 1000)
	require.NoError(t, w.store.PausePayouts(t.Context(), "c", "again", w.now))
	w.later(5)
	require.NoError(t, w.Pass(t.Context()))
	require.Equal(t, ledger.PayoutConfirmed, w.payouts(ledger.PayoutQuery{})[0].State, "what has begun is followed")
	require.Len(t, w.payouts(ledger.PayoutQuery{}), 1)
}

// TestNothingBeginsBesideAnUnknown: while it is not known whether a payout has
// left, no other transaction is signed.
func TestNothingBeginsBesideAnUnknown(t *testing.T) {
	w := newWorld(t, monero)
	w.owe(login("alice"), 1000)
	w.sim.SetFail(func(method string) wallet.Failure {
		if method == "relay_tx" || method == "get_transfer_by_txid" {
			return wallet.Failure{Kind: simnode.FailStatus}
		}
		return wallet.Failure{}
	})
	require.Error(t, w.Pass(t.Context()))
	w.owe(login("bob"), 1000)
	for range 4 {
		w.later(1)
		require.Error(t, w.Pass(t.Context()))
	}
	require.NoError(t, w.Pay(t.Context()))
	require.Len(t, w.payouts(ledger.PayoutQuery{}), 1)
	w.sim.SetFail(nil)
	w.runOut(w.Payer)
	w.paidOnce(map[string]uint64{login("alice"): 1000, login("bob"): 1000})
}

func TestPaymentIDs(t *testing.T) {
	long := login("exchange") + "." + string(bytes.Repeat([]byte("ab"), 32))
	w := newWorld(t, service)
	w.owe(long, 1000)
	w.owe(login("alice"), 300)
	w.owe(login("bob"), 200)
	w.runOut(w.Payer)
	require.Equal(t, uint64(1000), w.sim.Received()[long], "the payment id is in the transaction")
	require.Equal(t, uint64(300), w.sim.Received()[login("alice")])
	require.Equal(t, 2, w.sim.Arrived(), "it has one of its own")

	short := login("shop") + "+0123456789abcdef"
	w = newWorld(t, monero)
	w.owe(short, 1000)
	w.owe(long, 1000)
	w.runOutExcept(long)
	integrated, err := network().ParsePayee(short)
	require.NoError(t, err)
	require.Equal(t, uint64(1000), w.sim.Received()[integrated.Address])
	require.Equal(t, int64(1000), w.account(ledger.Owed, long), "Monero has none so long: it stays owed")
}

// runOutExcept passes a few times; one login cannot be paid.
func (w *world) runOutExcept(who string) {
	w.t.Helper()
	for range 6 {
		require.NoError(w.t, w.Pass(w.t.Context()))
		w.later(1)
		w.audit()
	}
	require.Empty(w.t, w.payouts(ledger.PayoutQuery{Open: true}))
	require.Zero(w.t, w.account(ledger.Inflight, who))
}

func TestRunEnds(t *testing.T) {
	w := newWorld(t, monero)
	w.owe(login("alice"), 1000)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { w.Run(ctx); close(done) }()
	require.Eventually(t, func() bool { return w.sim.Arrived() == 1 }, 30*time.Second, 5*time.Millisecond)
	stop()
	<-done
}
