package spool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/reward"
)

var errAway = errors.New("the database is away")

// flaky is a real ledger whose writes fail when told to: before they have an
// effect, or after it.
type flaky struct {
	*ledger.DB

	mu     sync.Mutex
	before func() bool
	after  func() bool
}

func never() bool  { return false }
func always() bool { return true }

func (f *flaky) set(before, after func() bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before, f.after = before, after
}

func (f *flaky) fails(which func() bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if which() {
		return errAway
	}
	return nil
}

func (f *flaky) WriteBatches(ctx context.Context, list []ledger.Batch) ([]int64, error) {
	if err := f.fails(func() bool { return f.before() }); err != nil {
		return nil, err
	}
	ids, err := f.DB.WriteBatches(ctx, list)
	return ids, errors.Join(err, f.fails(func() bool { return f.after() }))
}

func (f *flaky) SettleBlock(ctx context.Context, id int64, state ledger.BlockState, detail string, at time.Time) error {
	if err := f.fails(func() bool { return f.before() }); err != nil {
		return err
	}
	return f.DB.SettleBlock(ctx, id, state, detail, at)
}

func (f *flaky) ReserveExtranonces(ctx context.Context, coin string, n uint64) (uint64, error) {
	if err := f.fails(func() bool { return f.before() }); err != nil {
		return 0, err
	}
	return f.DB.ReserveExtranonces(ctx, coin, n)
}

func openFlaky(t *testing.T, address string) *flaky {
	t.Helper()
	db, err := ledger.Open(t.Context(), address, someTime)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return &flaky{DB: db, before: never, after: never}
}

func openStore(t *testing.T, dir string, l Ledger) *Store {
	t.Helper()
	s, err := Open(dir, l, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return s
}

func (s *Store) drained() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.away
}

func waitFor(t *testing.T, what string, f func() bool) {
	t.Helper()
	require.Eventually(t, f, time.Minute, time.Millisecond, what)
}

func shareOf(login string, height int) ledger.Share {
	return ledger.Share{Miner: ledger.Miner{Coin: "c", Login: login}, Height: uint64(height), Difficulty: 10, Time: someTime, Terms: ledger.Terms{Scheme: reward.PROP}}
}

func counts(t *testing.T, l ledger.Reader) map[string]uint64 {
	t.Helper()
	totals, err := l.Totals(context.Background())
	require.NoError(t, err)
	got := make(map[string]uint64)
	for _, total := range totals {
		got[total.Login] += total.Shares
	}
	found, err := l.Audit(context.Background())
	require.NoError(t, err)
	require.Empty(t, found)
	return got
}

func TestSharesGoToTheDatabaseWhileItIsThere(t *testing.T) {
	l := openFlaky(t, filepath.Join(t.TempDir(), "l.db"))
	s := openStore(t, t.TempDir(), l)
	defer s.Close()
	require.NoError(t, s.AppendShares([]ledger.Share{shareOf("a", 1), shareOf("b", 1)}))
	require.Zero(t, s.Waiting())
	require.Equal(t, map[string]uint64{"a": 1, "b": 1}, counts(t, l))
	bad := shareOf("a", 1)
	bad.Difficulty = 0
	require.ErrorIs(t, s.AppendShares([]ledger.Share{bad}), ledger.ErrBadShare)
	require.Zero(t, s.Waiting(), "it is refused, not kept")
	require.NoError(t, s.AppendShares([]ledger.Share{shareOf("a", 1)}))
	require.Equal(t, uint64(2), counts(t, l)["a"])
}

func TestAnAbsenceIsOutlived(t *testing.T) {
	l := openFlaky(t, filepath.Join(t.TempDir(), "l.db"))
	dir := t.TempDir()
	s := openStore(t, dir, l)
	first, err := s.ReserveExtranonces(t.Context(), "c", 10)
	require.NoError(t, err)
	_, err = s.ReserveExtranonces(t.Context(), "big", 1<<20)
	require.NoError(t, err)
	l.set(always, never)
	for i := range 30 {
		require.NoError(t, s.AppendShares([]ledger.Share{shareOf("a", i)}))
	}
	require.Equal(t, 30, s.Waiting())
	require.Empty(t, counts(t, l))
	share := shareOf("finder", 9)
	share.Block = true
	block := ledger.Block{Miner: share.Miner, Height: 9, Hash: "beef", Difficulty: "5", Found: someTime, Terms: share.Terms, Share: &share}
	id, err := s.AddBlock(t.Context(), block)
	require.NoError(t, err)
	require.Negative(t, id)
	require.NoError(t, s.SettleBlock(t.Context(), id, ledger.BlockAccepted, "", someTime))
	block.Hash = "cafe"
	second, err := s.AddBlock(t.Context(), block)
	require.NoError(t, err)
	next, err := s.ReserveExtranonces(t.Context(), "c", 10)
	require.NoError(t, err, "some are in reserve")
	require.Equal(t, first+10, next)
	_, err = s.ReserveExtranonces(t.Context(), "big", 1<<20)
	require.NoError(t, err, "as many as were asked for")
	_, err = s.ReserveExtranonces(t.Context(), "big", 1<<20)
	require.ErrorIs(t, err, errAway)
	_, err = s.ReserveExtranonces(t.Context(), "other", 10)
	require.ErrorIs(t, err, errAway)

	l.set(never, never)
	waitFor(t, "the log is drained", s.drained)
	require.Equal(t, map[string]uint64{"a": 30, "finder": 2}, counts(t, l))
	require.NoError(t, s.SettleBlock(t.Context(), second, ledger.BlockRefused, "late", someTime))
	blocks, err := l.Blocks(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, blocks, 2)
	require.Equal(t, ledger.BlockAccepted, blocks[1].State)
	require.Equal(t, ledger.BlockRefused, blocks[0].State, "known by the number it had in the spool")
	require.NoError(t, s.AppendShares([]ledger.Share{shareOf("a", 1)}))
	require.Zero(t, s.Waiting(), "shares go straight to the database again")
	require.NoError(t, s.Close())
}

// A commit that took effect, and was not heard of, is not made again.
func TestLateSuccessIsNotDoubled(t *testing.T) {
	l := openFlaky(t, filepath.Join(t.TempDir(), "l.db"))
	s := openStore(t, t.TempDir(), l)
	defer s.Close()
	l.set(never, always)
	for i := range 5 {
		require.NoError(t, s.AppendShares([]ledger.Share{shareOf("a", i)}))
	}
	share := shareOf("a", 9)
	id, err := s.AddBlock(t.Context(), ledger.Block{Miner: share.Miner, Hash: "beef", Difficulty: "5", Found: someTime, Terms: share.Terms, Share: &share})
	require.NoError(t, err)
	require.NoError(t, s.SettleBlock(t.Context(), id, ledger.BlockAccepted, "", someTime))
	l.set(never, never)
	waitFor(t, "the log is drained", s.drained)
	require.Equal(t, uint64(6), counts(t, l)["a"])
	blocks, err := l.Blocks(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, blocks, 1)
	require.Equal(t, ledger.BlockAccepted, blocks[0].State)
}

func TestARestartTakesUpWhatWaits(t *testing.T) {
	address, dir := filepath.Join(t.TempDir(), "l.db"), t.TempDir()
	l := openFlaky(t, address)
	l.set(never, always) // the first write takes effect, too
	s := openStore(t, dir, l)
	require.NoError(t, s.AppendShares([]ledger.Share{shareOf("a", 1)}))
	l.set(always, never)
	require.NoError(t, s.AppendShares([]ledger.Share{shareOf("a", 2)}))
	require.NoError(t, s.Close())
	require.NoError(t, l.Close())

	l = openFlaky(t, address)
	s = openStore(t, dir, l)
	defer s.Close()
	require.NoError(t, s.AppendShares([]ledger.Share{shareOf("a", 3)}), "numbers begin anew, but under another instance")
	waitFor(t, "the log is drained", s.drained)
	require.Equal(t, uint64(3), counts(t, l)["a"])
}

func TestWhatTheLedgerRefusesIsSetAside(t *testing.T) {
	l := openFlaky(t, filepath.Join(t.TempDir(), "l.db"))
	dir := t.TempDir()
	s := openStore(t, dir, l)
	defer s.Close()
	l.set(always, never)
	require.NoError(t, s.SettleBlock(t.Context(), 12345, ledger.BlockRefused, "of a block that is not there", someTime))
	require.NoError(t, s.AppendShares([]ledger.Share{shareOf("a", 1)}))
	l.set(never, never)
	waitFor(t, "the log is drained", s.drained)
	require.Equal(t, uint64(1), counts(t, l)["a"], "what comes after is not held up")
	aside, err := os.ReadFile(filepath.Join(dir, "refused.json"))
	require.NoError(t, err)
	require.Contains(t, string(aside), "of a block that is not there")
}

func TestAFullDiskIsNotAcknowledged(t *testing.T) {
	l := openFlaky(t, filepath.Join(t.TempDir(), "l.db"))
	s := openStore(t, t.TempDir(), l)
	defer s.Close()
	l.set(always, never)
	require.NoError(t, s.AppendShares([]ledger.Share{shareOf("a", 1)}))
	good := s.files.swap(nil)
	require.Error(t, s.AppendShares([]ledger.Share{shareOf("a", 2)}))
	s.files.swap(good)
	require.NoError(t, s.AppendShares([]ledger.Share{shareOf("a", 3)}))
	l.set(never, never)
	waitFor(t, "the log is drained", s.drained)
	require.Equal(t, uint64(2), counts(t, l)["a"])
}

// swap puts another file in the place of the active one; nil is one that takes
// no writes.
func (l *Log) swap(f *os.File) *os.File {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.active
	if f == nil {
		f, _ = os.Open(os.DevNull)
	} else {
		l.active.Close()
	}
	l.active = f
	return old
}

// Several writers, a database that fails at random before and after, and the
// store closed and opened again: every share that was acknowledged is there
// once, and no other.
func TestNothingIsLostOrDoubled(t *testing.T) {
	for seed := range uint64(2) {
		address, dir := filepath.Join(t.TempDir(), "l.db"), t.TempDir()
		r := rand.New(rand.NewPCG(seed, 1))
		want := make(map[string]uint64)
		for run := range 3 {
			l := openFlaky(t, address)
			coin := func() bool { return r.IntN(3) == 0 } // under l's lock
			l.set(coin, coin)
			s := openStore(t, dir, l)
			var mu sync.Mutex
			var wg sync.WaitGroup
			for w := range 3 {
				wg.Go(func() {
					for i := range 30 {
						login := fmt.Sprint(run, "-", w)
						if s.AppendShares([]ledger.Share{shareOf(login, i)}) == nil {
							mu.Lock()
							want[login]++
							mu.Unlock()
						}
					}
				})
			}
			wg.Wait()
			if run == 2 {
				l.set(never, never)
				waitFor(t, "the log is drained", s.drained)
			}
			require.NoError(t, s.Close())
			if run == 2 {
				require.Equal(t, want, counts(t, l), "seed %d", seed)
				require.Len(t, want, 9)
			}
			require.NoError(t, l.Close())
		}
	}
}
