package ledger

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/reward"
)

// eventful is a ledger with something in every table that the rules fill.
func eventful(t *testing.T, place placer) *books {
	b := openBooks(t, place)
	b.share("alice", reward.PROP, 1, 90)
	lost := b.found("bob", reward.PROP, 1)
	b.share("carol", reward.PPLNS, 2, 50)
	require.NoError(t, b.OrphanBlock(t.Context(), lost, "another block", b.now()))
	b.unlock(b.found("dave", reward.PROP, 2), 2000)
	b.unlock(b.found("dave", reward.PPLNS, 3), 3000)
	require.NoError(t, b.RollUp(t.Context(), b.now()))
	many := make([]Share, 3000) // more than one statement copies
	for i := range many {
		many[i] = Share{Miner: Miner{Coin: "c", Login: "l\"'?"}, Session: math.MaxUint64, Height: 4, Difficulty: uint64(i + 1), Time: b.now()}
	}
	require.NoError(t, b.AppendShares(many))
	b.found("alice", reward.PROP, 4) // open, with a live round after it
	_, err := b.ReserveExtranonces(t.Context(), "c", 77)
	require.NoError(t, err)
	return b
}

func (b *books) picture() string {
	b.t.Helper()
	ctx := b.t.Context()
	totals, err := b.Totals(ctx)
	require.NoError(b.t, err)
	blocks, err := b.Blocks(ctx, 100)
	require.NoError(b.t, err)
	balances, err := b.Balances(ctx)
	require.NoError(b.t, err)
	return fmt.Sprint(totals, blocks, balances)
}

func TestBackupAndRestore(t *testing.T) {
	stores := map[string]placer{"sqlite": inSQLite, "postgres": inPostgres}
	for from, source := range stores {
		t.Run(from, func(t *testing.T) {
			address := source(t)
			b := eventful(t, func(*testing.T) string { return address })
			dest := filepath.Join(t.TempDir(), "backup.db")
			require.NoError(t, Backup(t.Context(), address, dest, someTime), "while it is open for writing")
			require.ErrorIs(t, Backup(t.Context(), address, dest, someTime), ErrExists)
			want := b.picture()
			b.share("late", reward.PROP, 9, 1)
			for to, place := range stores {
				t.Run("to "+to, func(t *testing.T) { restored(t, dest, place(t), want) })
			}
		})
	}
}

// restored restores a backup and goes on with it.
func restored(t *testing.T, source, address, want string) {
	require.NoError(t, Restore(t.Context(), source, address, someTime))
	b := &books{DB: open(t, address), t: t, ticks: 5000}
	require.Equal(t, want, b.picture())
	require.Equal(t, uint64(2), b.Epoch(), "epochs go on")
	next, err := b.ReserveExtranonces(t.Context(), "c", 1)
	require.NoError(t, err)
	require.EqualValues(t, 77, next)
	b.share("alice", reward.PROP, 5, 10)
	b.unlock(b.found("new", reward.PROP, 5), 1000)
	require.Equal(t, int64(495), b.owed(Owed)["new"])
	b.clean()
	require.ErrorIs(t, Restore(t.Context(), source, address, someTime), b.refusal())
}

// refusal is why a ledger that is open is not restored over.
func (b *books) refusal() error {
	if b.shared() {
		return ErrExists
	}
	return ErrLocked
}

func TestRestoreRefusals(t *testing.T) {
	dir := t.TempDir()
	b := eventful(t, inSQLite)
	b.tamper(`UPDATE accounts SET balance = balance + 1 WHERE login = 'dave'`)
	var unsound *UnsoundError
	require.ErrorAs(t, Backup(t.Context(), b.name, filepath.Join(dir, "x.db"), someTime), &unsound)
	require.FileExists(t, filepath.Join(dir, "x.db"), "a backup that cannot be restored is better than none")
	require.NoError(t, b.Close())
	for name, place := range map[string]placer{"sqlite": inSQLite, "postgres": inPostgres} {
		address := place(t)
		require.ErrorAs(t, Restore(t.Context(), b.name, address, someTime), &unsound, name)
		require.ErrorContains(t, unsound, "balance: account")
		require.ErrorContains(t, Restore(t.Context(), filepath.Join(dir, "absent"), address, someTime), "no such file")
		s := open(t, address) // nothing is in its place
		require.Equal(t, uint64(1), s.Epoch())
		s.Close()
		require.ErrorIs(t, Restore(t.Context(), b.name, address, someTime), ErrExists)
	}
	garbage := filepath.Join(dir, "garbage")
	require.NoError(t, os.WriteFile(garbage, []byte("this is no database at all, however long it may be"), 0o600))
	require.ErrorIs(t, Restore(t.Context(), garbage, filepath.Join(dir, "new.db"), someTime), ErrNotLedger)
	left, err := filepath.Glob(filepath.Join(dir, "*.part*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// A backup that the first adit could have made is upgraded as it is restored.
func TestRestoreFromTheFirstSchema(t *testing.T) {
	old := filepath.Join(t.TempDir(), "old.db")
	writeV1(t, old)
	onEachStore(t, func(t *testing.T, place placer) {
		address := place(t)
		require.NoError(t, Restore(t.Context(), old, address, someTime))
		b := &books{DB: open(t, address), t: t}
		blocks, err := b.Candidates(t.Context(), "c", 0)
		require.NoError(t, err)
		b.unlock(blocks[0].ID, 1000)
		require.Equal(t, map[string]int64{"alice": 750, "bob": 250}, b.owed(Owed))
		b.clean()
	})
}
