package ledger

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/reward"
)

// owe credits a login with the reward of a SOLO block without a fee.
func (b *books) owe(login string, amount uint64) {
	b.t.Helper()
	terms := Terms{Scheme: reward.SOLO}
	m := Miner{Coin: "c", Login: login}
	b.ticks++
	id, err := b.AddBlock(b.t.Context(), Block{
		Miner: m, Height: 10, Hash: fmt.Sprintf("%064d", b.ticks), Difficulty: "10", Found: b.now(), Terms: terms,
		Share: &Share{Miner: m, Height: 10, Difficulty: 10, Time: b.now(), Block: true, Terms: terms},
	})
	require.NoError(b.t, err)
	require.NoError(b.t, b.UnlockBlock(b.t.Context(), id, Unlock{Reward: amount, At: b.now()}))
}

func (b *books) money(kind AccountKind, login string) (amount int64) {
	b.t.Helper()
	list, err := b.Balances(b.t.Context())
	require.NoError(b.t, err)
	for _, a := range list {
		if a.Kind == kind && a.Login == login {
			amount = a.Amount
		}
	}
	return amount
}

func (b *books) pay(entries ...PayoutEntry) Payout {
	b.t.Helper()
	p, err := b.CreatePayout(b.t.Context(), "c", entries, b.now())
	require.NoError(b.t, err)
	return p
}

func (b *books) move(id int64, from, to PayoutState, draft *PayoutDraft) {
	b.t.Helper()
	require.NoError(b.t, b.MovePayout(b.t.Context(), id, PayoutMove{From: from, To: to, Detail: "why", Draft: draft, At: b.now()}))
	b.clean()
}

func TestPayoutPaid(t *testing.T) {
	onEachStore(t, func(t *testing.T, place placer) {
		b := openBooks(t, place)
		b.owe("alice", 1000)
		b.owe("bob", 500)
		p := b.pay(PayoutEntry{Login: "bob", Amount: 500}, PayoutEntry{Login: "alice", Amount: 700})
		require.Equal(t, "alice", p.Entries[0].Login, "entries are in the order of logins")
		require.Equal(t, int64(300), b.money(Owed, "alice"))
		require.Equal(t, int64(700), b.money(Inflight, "alice"))
		b.clean()
		b.move(p.ID, PayoutCreated, PayoutCreated, nil)
		b.move(p.ID, PayoutCreated, PayoutPrepared, &PayoutDraft{TxHash: "ab", Metadata: "m", Fee: 25, Withheld: []uint64{10, 11}})
		b.move(p.ID, PayoutPrepared, PayoutSending, nil)
		b.move(p.ID, PayoutSending, PayoutSent, nil)
		got, err := b.PayoutByID(t.Context(), p.ID)
		require.NoError(t, err)
		require.Equal(t, Payout{
			ID: p.ID, Coin: "c", State: PayoutSent, Created: p.Created, Changed: got.Changed, Tried: got.Changed, Detail: "why",
			TxHash: "ab", Metadata: "m", Fee: 25, Entries: []PayoutEntry{{"alice", 700, 10}, {"bob", 500, 11}},
		}, got)
		b.move(p.ID, PayoutSent, PayoutConfirmed, nil)
		require.Zero(t, b.money(Inflight, "alice"))
		require.Equal(t, int64(690), b.money(Paid, "alice"))
		require.Equal(t, int64(489), b.money(Paid, "bob"))
		require.Equal(t, int64(25), b.money(Paid, ""), "the network's fee")
		require.Equal(t, int64(-4), b.money(Fees, ""), "21 were withheld for 25")
		counts, err := b.PayoutCounts(t.Context())
		require.NoError(t, err)
		require.Equal(t, []PayoutCount{{"c", PayoutConfirmed, 1, 1200}}, counts)
		payable, err := b.Payables(t.Context(), "c")
		require.NoError(t, err)
		require.Equal(t, []Payable{{Login: "alice", Owed: 300}}, payable)
	})
}

func TestPayoutReturned(t *testing.T) {
	onEachStore(t, func(t *testing.T, place placer) {
		b := openBooks(t, place)
		b.owe("alice", 1000)
		draft := &PayoutDraft{TxHash: "ab", Metadata: "m", Fee: 5, Withheld: []uint64{5}}
		p := b.pay(PayoutEntry{Login: "alice", Amount: 1000})
		b.move(p.ID, PayoutCreated, PayoutPrepared, draft)
		b.move(p.ID, PayoutPrepared, PayoutCreated, nil)
		got, err := b.PayoutByID(t.Context(), p.ID)
		require.NoError(t, err)
		require.Empty(t, got.TxHash, "the draft is forgotten")
		require.Zero(t, got.Entries[0].Withheld)
		b.move(p.ID, PayoutCreated, PayoutPrepared, draft)
		b.move(p.ID, PayoutPrepared, PayoutSending, nil)
		b.move(p.ID, PayoutSending, PayoutReview, nil)
		b.move(p.ID, PayoutReview, PayoutReturned, nil)
		require.Equal(t, int64(1000), b.money(Owed, "alice"))
		require.Zero(t, b.money(Inflight, "alice"))
		again := b.pay(PayoutEntry{Login: "alice", Amount: 1000})
		require.NotEqual(t, p.ID, again.ID)
	})
}

// TestPayoutMoves tries every pair of states: only what the state machine
// allows happens.
func TestPayoutMoves(t *testing.T) {
	paths := map[PayoutState][]PayoutState{
		PayoutCreated:   {},
		PayoutPrepared:  {PayoutPrepared},
		PayoutSending:   {PayoutPrepared, PayoutSending},
		PayoutSent:      {PayoutPrepared, PayoutSending, PayoutSent},
		PayoutReview:    {PayoutPrepared, PayoutSending, PayoutReview},
		PayoutConfirmed: {PayoutPrepared, PayoutSending, PayoutSent, PayoutConfirmed},
		PayoutReturned:  {PayoutReturned},
	}
	b := openBooks(t, inSQLite)
	for _, from := range PayoutStates() {
		for _, to := range PayoutStates() {
			login := fmt.Sprintf("%s-%s", from, to)
			b.owe(login, 10)
			p := b.pay(PayoutEntry{Login: login, Amount: 10})
			draft := &PayoutDraft{TxHash: login}
			at := PayoutCreated
			for _, next := range paths[from] {
				require.NoError(t, b.MovePayout(t.Context(), p.ID, PayoutMove{From: at, To: next, Draft: draft, At: b.now()}))
				at = next
			}
			err := b.MovePayout(t.Context(), p.ID, PayoutMove{From: from, To: to, Draft: draft, At: b.now()})
			require.Equal(t, from.leadsTo(to), err == nil, "%s to %s: %v", from, to, err)
			if from != to {
				require.ErrorIs(t, b.MovePayout(t.Context(), p.ID, PayoutMove{From: otherThan(from, to), To: to, At: b.now()}), ErrMoved)
			}
		}
	}
	b.clean()
	require.ErrorIs(t, b.MovePayout(t.Context(), 1<<40, PayoutMove{}), ErrNoPayout)
}

func otherThan(states ...PayoutState) PayoutState {
	for _, s := range PayoutStates() {
		if s != states[0] && s != states[1] {
			return s
		}
	}
	return ""
}

func TestPayoutRefusals(t *testing.T) {
	onEachStore(t, func(t *testing.T, place placer) {
		b := openBooks(t, place)
		b.owe("alice", 100)
		for name, entries := range map[string][]PayoutEntry{
			"too much": {{Login: "alice", Amount: 101}},
			"nothing":  {{Login: "alice", Amount: 0}},
			"stranger": {{Login: "alice", Amount: 1}, {Login: "mallory", Amount: 1}},
			"no name":  {{Amount: 1}},
		} {
			_, err := b.CreatePayout(t.Context(), "c", entries, b.now())
			require.ErrorIs(t, err, ErrShort, name)
		}
		_, err := b.CreatePayout(t.Context(), "c", []PayoutEntry{{Login: "alice", Amount: 40}, {Login: "alice", Amount: 40}}, b.now())
		require.Error(t, err, "one login twice")
		_, err = b.CreatePayout(t.Context(), "c", nil, b.now())
		require.Error(t, err)
		require.NoError(t, b.PausePayouts(t.Context(), "c", "wallet is moving", b.now()))
		_, err = b.CreatePayout(t.Context(), "c", []PayoutEntry{{Login: "alice", Amount: 40}}, b.now())
		require.ErrorIs(t, err, ErrPaused)
		pauses, err := b.PayoutPauses(t.Context())
		require.NoError(t, err)
		require.Len(t, pauses, 1)
		require.Equal(t, "wallet is moving", pauses[0].Reason)
		require.NoError(t, b.ResumePayouts(t.Context(), "c"))
		require.Equal(t, int64(100), b.money(Owed, "alice"), "nothing was set aside")
		list, err := b.Payouts(t.Context(), PayoutQuery{})
		require.NoError(t, err)
		require.Empty(t, list)

		require.NoError(t, b.SetPayoutThreshold(t.Context(), "c", "alice", 5000))
		require.NoError(t, b.SetPayoutThreshold(t.Context(), "c", "alice", 50))
		payable, err := b.Payables(t.Context(), "c")
		require.NoError(t, err)
		require.Equal(t, []Payable{{"alice", 100, 50}}, payable)
		p := b.pay(PayoutEntry{Login: "alice", Amount: 100})
		err = b.MovePayout(t.Context(), p.ID, PayoutMove{From: PayoutCreated, To: PayoutPrepared, Draft: &PayoutDraft{TxHash: "a", Withheld: []uint64{100}}})
		require.ErrorContains(t, err, "would get nothing")
		for _, query := range []PayoutQuery{{Coin: "d"}, {Login: "bob"}, {State: PayoutSent}} {
			list, err := b.Payouts(t.Context(), query)
			require.NoError(t, err)
			require.Empty(t, list, "%+v", query)
		}
		list, err = b.Payouts(t.Context(), PayoutQuery{Coin: "c", Login: "alice", State: PayoutCreated, Open: true, Limit: 1})
		require.NoError(t, err)
		require.Len(t, list, 1)
	})
}

// TestPayoutRace lets two payers have the same ledger: each step succeeds once.
func TestPayoutRace(t *testing.T) {
	onEachStore(t, func(t *testing.T, place placer) {
		b := openBooks(t, place)
		b.owe("alice", 100)
		p := b.pay(PayoutEntry{Login: "alice", Amount: 100})
		won := make([]error, 8)
		var all sync.WaitGroup
		for i := range won {
			at := b.now()
			all.Go(func() {
				won[i] = b.MovePayout(t.Context(), p.ID, PayoutMove{
					From: PayoutCreated, To: PayoutPrepared, Draft: &PayoutDraft{TxHash: fmt.Sprint(i)}, At: at,
				})
			})
		}
		all.Wait()
		count := 0
		for _, err := range won {
			if err == nil {
				count++
				continue
			}
			require.ErrorIs(t, err, ErrMoved)
		}
		require.Equal(t, 1, count)
	})
}

func TestPayoutAudit(t *testing.T) {
	for name, c := range map[string]struct{ statement, rule string }{
		"balance moved":   {`UPDATE accounts SET balance = balance - 1 WHERE kind = 'inflight'`, "inflight"},
		"entry changed":   {`UPDATE payout_entries SET amount = amount + 1 WHERE payout = 2`, "inflight"},
		"paid entry":      {`UPDATE payout_entries SET amount = amount + 1 WHERE payout = 1`, "payout"},
		"hash gone":       {`UPDATE payouts SET tx_hash = '' WHERE id = 1`, "payout"},
		"state by hand":   {`UPDATE payouts SET state = 'confirmed', tx_hash = 'x' WHERE id = 2`, "payout"},
		"fee changed":     {`UPDATE payouts SET fee = fee + 1 WHERE id = 1`, "payout"},
		"journal unknown": {`DELETE FROM payout_transactions WHERE step = 'paid'`, "payout"},
	} {
		t.Run(name, func(t *testing.T) {
			b := openBooks(t, inSQLite)
			b.owe("alice", 100)
			p := b.pay(PayoutEntry{Login: "alice", Amount: 60})
			b.move(p.ID, PayoutCreated, PayoutPrepared, &PayoutDraft{TxHash: "ab", Fee: 3})
			b.move(p.ID, PayoutPrepared, PayoutSending, nil)
			b.move(p.ID, PayoutSending, PayoutSent, nil)
			b.move(p.ID, PayoutSent, PayoutConfirmed, nil)
			b.pay(PayoutEntry{Login: "alice", Amount: 40})
			b.clean()
			b.tamper(c.statement)
			found, err := b.Audit(t.Context())
			require.NoError(t, err)
			rules := make(map[string]bool)
			for _, v := range found {
				rules[v.Rule] = true
			}
			require.True(t, rules[c.rule], "%v", found)
		})
	}
}

// TestPayoutHistories drives random payouts: whatever is done in whatever
// order, no unit appears or is lost.
func TestPayoutHistories(t *testing.T) {
	b := openBooks(t, inSQLite)
	random := rand.New(rand.NewPCG(7, 0))
	logins := []string{"a", "b", "c"}
	var owed uint64
	for _, l := range logins {
		b.owe(l, 1000)
		owed += 1000
	}
	for range 300 {
		open, err := b.Payouts(t.Context(), PayoutQuery{Open: true})
		require.NoError(t, err)
		if len(open) == 0 || random.IntN(4) == 0 {
			_, err := b.CreatePayout(t.Context(), "c", []PayoutEntry{{Login: logins[random.IntN(3)], Amount: 1 + random.Uint64N(200)}}, b.now())
			if err != nil {
				require.ErrorIs(t, err, ErrShort)
			}
			continue
		}
		p := open[random.IntN(len(open))]
		next := append(p.State.next(), p.State)
		err = b.MovePayout(t.Context(), p.ID, PayoutMove{
			From: p.State, To: next[random.IntN(len(next))], Draft: &PayoutDraft{TxHash: fmt.Sprint(b.ticks), Fee: random.Uint64N(5)}, At: b.now(),
		})
		require.NoError(t, err)
	}
	b.clean()
	var sum int64
	list, err := b.Balances(t.Context())
	require.NoError(t, err)
	for _, a := range list {
		if a.Kind != Rewards {
			sum += a.Amount
		}
	}
	require.Equal(t, int64(owed), sum)
}
