package ledger

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/reward"
)

var someTime = time.UnixMilli(1_700_000_000_123)

var alice = Miner{Coin: "upx", Login: "alice", Worker: "w1", Rig: "r1"}

func open(t *testing.T, path string) *DB {
	t.Helper()
	s, err := Open(t.Context(), path, someTime)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func someShare(height uint64) Share {
	return Share{Miner: alice, Session: math.MaxUint64, Template: 1 << 63, Height: height, Difficulty: 1000, Time: someTime}
}

func TestSharesAreSummedPerMiner(t *testing.T) { onEachStore(t, testSharesAreSummedPerMiner) }

func testSharesAreSummedPerMiner(t *testing.T, place placer) {
	path := place(t)
	s := open(t, path)
	bob := alice
	bob.Login = "bob; DROP TABLE shares; --"
	huge := Share{Miner: bob, Height: math.MaxUint64, Difficulty: 1<<63 - 1, Time: someTime.Add(time.Hour), Block: true}
	require.NoError(t, s.AppendShares([]Share{someShare(1), someShare(2), huge, huge, huge}))
	other := someShare(3)
	other.Difficulty = 5
	require.NoError(t, s.AppendShares([]Share{other}))

	sum := new(big.Int).Mul(big.NewInt(3), big.NewInt(1<<63-1))
	want := []Total{
		{Miner: alice, Shares: 3, Difficulty: big.NewInt(2005), Last: someTime},
		{Miner: bob, Shares: 3, Blocks: 3, Difficulty: sum, Last: someTime.Add(time.Hour)},
	}
	reader, err := OpenReader(t.Context(), path)
	require.NoError(t, err, "reading while the pool writes")
	defer reader.Close()
	for _, r := range []Reader{s, reader} {
		got, err := r.Totals(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestReaderOfAClosedLedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "odd name #1?.db")
	s := open(t, path)
	require.NoError(t, s.AppendShares([]Share{someShare(1)}))
	require.NoError(t, s.Close())
	r, err := OpenReader(t.Context(), path)
	require.NoError(t, err)
	defer r.Close()
	totals, err := r.Totals(t.Context())
	require.NoError(t, err)
	require.Len(t, totals, 1)
	_, err = r.(*reader).db.Exec(`DELETE FROM shares`)
	require.Error(t, err, "a reader must not be able to write")
}

func TestABatchIsAllOrNothing(t *testing.T) { onEachStore(t, testABatchIsAllOrNothing) }

func testABatchIsAllOrNothing(t *testing.T, place placer) {
	s := open(t, place(t))
	bad := someShare(2)
	bad.Difficulty = 0 // refused by the schema
	bad.Login = "carol"
	require.Error(t, s.AppendShares([]Share{someShare(1), bad}))
	totals, err := s.Totals(t.Context())
	require.NoError(t, err)
	require.Empty(t, totals)
	bad.Difficulty = 1
	require.NoError(t, s.AppendShares([]Share{bad}), "the miner row rolled back with the batch is made again")
}

func TestBlockLifecycle(t *testing.T) { onEachStore(t, testBlockLifecycle) }

func testBlockLifecycle(t *testing.T, place placer) {
	s := open(t, place(t))
	b := Block{Miner: alice, Height: 7, Hash: "aa", Parent: "bb", Template: 1 << 63, Difficulty: "340282366920938463463374607431768211455",
		Payload: "00ff", Found: someTime}
	id, err := s.AddBlock(t.Context(), b)
	require.NoError(t, err)
	b.ID, b.State, b.Scheme, b.Round = id, BlockFound, reward.PPLNS, 1
	got, err := s.Blocks(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, []Block{b}, got)

	require.NoError(t, s.SettleBlock(t.Context(), id, BlockRefused, "Block not accepted", someTime.Add(time.Second)))
	got, err = s.Blocks(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, BlockRefused, got[0].State)
	require.Equal(t, "Block not accepted", got[0].Detail)
	require.Equal(t, someTime.Add(time.Second), got[0].Settled)

	require.Error(t, s.SettleBlock(t.Context(), id+1, BlockAccepted, "", someTime))
	second, err := s.AddBlock(t.Context(), b)
	require.NoError(t, err)
	got, err = s.Blocks(t.Context(), 1)
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, second, got[0].ID, "newest first")
}

func TestExtranoncesNeverRepeat(t *testing.T) { onEachStore(t, testExtranoncesNeverRepeat) }

func testExtranoncesNeverRepeat(t *testing.T, place placer) {
	path := place(t)
	seen := make(map[string]map[uint64]bool)
	for range 3 {
		s, err := Open(t.Context(), path, someTime)
		require.NoError(t, err)
		for _, coin := range []string{"a", "b"} {
			if seen[coin] == nil {
				seen[coin] = make(map[uint64]bool)
			}
			for range 4 {
				first, err := s.ReserveExtranonces(t.Context(), coin, 3)
				require.NoError(t, err)
				for i := range uint64(3) {
					require.False(t, seen[coin][first+i], "%s %d handed out twice", coin, first+i)
					seen[coin][first+i] = true
				}
			}
		}
		require.NoError(t, s.Close())
	}
	require.True(t, seen["a"][0] && seen["a"][35], "values are consecutive from 0")
}

func TestEpochCountsOpenings(t *testing.T) { onEachStore(t, testEpochCountsOpenings) }

func testEpochCountsOpenings(t *testing.T, place placer) {
	path := place(t)
	for want := uint64(1); want <= 3; want++ {
		s, err := Open(t.Context(), path, someTime)
		require.NoError(t, err)
		require.Equal(t, want, s.Epoch())
		require.NoError(t, s.Close())
	}
}

func TestOpenRefusals(t *testing.T) {
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.db")
	require.NoError(t, os.WriteFile(garbage, []byte("this is surely not a database, whatever its name may say"), 0o600))

	t.Run("second writer", func(t *testing.T) {
		path := filepath.Join(dir, "held.db")
		open(t, path)
		_, err := Open(t.Context(), path, someTime)
		require.ErrorIs(t, err, ErrLocked)
		require.ErrorContains(t, err, path)
	})
	t.Run("not a database", func(t *testing.T) {
		_, err := Open(t.Context(), garbage, someTime)
		require.ErrorIs(t, err, ErrNotLedger)
		_, err = OpenReader(t.Context(), garbage)
		require.ErrorIs(t, err, ErrNotLedger)
	})
	t.Run("no such folder", func(t *testing.T) {
		_, err := Open(t.Context(), filepath.Join(dir, "nowhere", "l.db"), someTime)
		require.ErrorContains(t, err, "does not exist")
	})
	t.Run("nothing to read", func(t *testing.T) {
		_, err := OpenReader(t.Context(), filepath.Join(dir, "absent.db"))
		require.ErrorIs(t, err, ErrMissing)
		require.NoFileExists(t, filepath.Join(dir, "absent.db"))
	})
	t.Run("newer schema", func(t *testing.T) {
		path := filepath.Join(dir, "newer.db")
		s := open(t, path)
		_, err := s.db.Exec(`INSERT INTO schema_versions VALUES (999, 0)`)
		require.NoError(t, err)
		require.NoError(t, s.Close())
		var schema *SchemaError
		_, err = Open(t.Context(), path, someTime)
		require.ErrorAs(t, err, &schema)
		require.Equal(t, 999, schema.Have)
		require.ErrorContains(t, err, "newer")
		_, err = OpenReader(t.Context(), path)
		require.ErrorAs(t, err, &schema)
	})
	t.Run("after a refusal the lock is free", func(t *testing.T) {
		require.NoError(t, os.Remove(garbage))
		open(t, garbage)
	})
}

func TestFullDiskIsNamedAndRecovers(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "l.db"))
	require.NoError(t, s.AppendShares([]Share{someShare(1)}))
	_, err := s.db.Exec(`PRAGMA max_page_count = 1`) // sqlite takes the present size
	require.NoError(t, err)
	var failed error
	written := uint64(1)
	for i := range 1000 {
		if failed = s.AppendShares(manyShares(i, 100)); failed != nil {
			break
		}
		written += 100
	}
	require.ErrorIs(t, failed, ErrFull)
	_, err = s.db.Exec(`PRAGMA max_page_count = 1000000`)
	require.NoError(t, err)
	require.NoError(t, s.AppendShares([]Share{someShare(9)}))
	totals, err := s.Totals(context.Background())
	require.NoError(t, err)
	require.Equal(t, written+1, totals[0].Shares)
}

func manyShares(from, n int) (shares []Share) {
	for i := range n {
		shares = append(shares, someShare(uint64(from+i)))
	}
	return shares
}

// A copy of the files taken while the pool runs is what a crash leaves behind.
func TestCommittedSharesSurviveACrash(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "l.db")
	s := open(t, path)
	for i := range 20 {
		require.NoError(t, s.AppendShares([]Share{someShare(uint64(i))}))
	}
	_, err := s.ReserveExtranonces(t.Context(), "upx", 10)
	require.NoError(t, err)
	crashed := filepath.Join(dir, "crashed.db")
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(path + suffix)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(crashed+suffix, data, 0o600))
	}
	again := open(t, crashed)
	totals, err := again.Totals(t.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(20), totals[0].Shares)
	first, err := again.ReserveExtranonces(t.Context(), "upx", 1)
	require.NoError(t, err)
	require.Equal(t, uint64(10), first)
	require.Equal(t, uint64(2), again.Epoch())
}

func TestUseAfterClose(t *testing.T) { onEachStore(t, testUseAfterClose) }

func testUseAfterClose(t *testing.T, place placer) {
	s := open(t, place(t))
	require.NoError(t, s.Close())
	require.ErrorIs(t, s.AppendShares([]Share{someShare(1)}), ErrClosed)
	_, err := s.Totals(t.Context())
	require.ErrorIs(t, err, ErrClosed)
}

func TestKnownMinersAreBounded(t *testing.T) { onEachStore(t, testKnownMinersAreBounded) }

func testKnownMinersAreBounded(t *testing.T, place placer) {
	s := open(t, place(t))
	for i := range maxKnownMiners {
		s.miners[Miner{Login: fmt.Sprint(i)}] = int64(i)
	}
	require.NoError(t, s.AppendShares([]Share{someShare(1)}))
	require.Len(t, s.miners, 1)
	require.NoError(t, s.AppendShares([]Share{someShare(2)}))
	totals, err := s.Totals(t.Context())
	require.NoError(t, err)
	require.Len(t, totals, 1)
}

func TestSentinelLeavesOthersAlone(t *testing.T) {
	err := errors.New("something else")
	require.Equal(t, err, sentinel(err))
	require.NoError(t, sentinel(nil))
}
