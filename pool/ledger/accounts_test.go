package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"math/big"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/reward"
)

// books is a ledger and a clock that ticks with every event.
type books struct {
	*DB
	t     *testing.T
	ticks int
}

func openBooks(t *testing.T, place placer) *books {
	b := &books{DB: open(t, place(t)), t: t}
	if !b.shared() {
		_, err := b.db.Exec(`PRAGMA synchronous = OFF`) // nothing is to survive a test
		require.NoError(t, err)
	}
	return b
}

// tamper changes the ledger as its rules and keys forbid.
func (b *books) tamper(statement string) {
	b.t.Helper()
	conn, err := b.db.Conn(b.t.Context())
	require.NoError(b.t, err)
	defer conn.Close()
	off, on := `PRAGMA foreign_keys = 0`, `PRAGMA foreign_keys = 1`
	if b.shared() {
		off, on = `SET session_replication_role = replica`, `SET session_replication_role = origin`
	}
	for _, text := range []string{off, statement, on} {
		_, err := conn.ExecContext(b.t.Context(), text)
		require.NoError(b.t, err, text)
	}
}

func (b *books) now() time.Time {
	b.ticks++
	return someTime.Add(time.Duration(b.ticks) * time.Second)
}

func (b *books) share(login string, scheme reward.Scheme, height, difficulty uint64) {
	b.t.Helper()
	sh := Share{Miner: Miner{Coin: "c", Login: login}, Height: height, Difficulty: difficulty, Time: b.now(), Terms: Terms{scheme, 100}}
	require.NoError(b.t, b.AppendShares([]Share{sh}))
}

// found adds a block whose finder has a share of difficulty 10 with it.
func (b *books) found(login string, scheme reward.Scheme, height uint64) int64 {
	b.t.Helper()
	m, terms := Miner{Coin: "c", Login: login}, Terms{scheme, 100}
	id, err := b.AddBlock(b.t.Context(), Block{Miner: m, Height: height, Hash: fmt.Sprintf("%d-%d", height, b.ticks), Difficulty: "100", Found: b.now(), Terms: terms,
		Share: &Share{Miner: m, Height: height, Difficulty: 10, Time: b.now(), Block: true, Terms: terms}})
	require.NoError(b.t, err)
	return id
}

func (b *books) unlock(id int64, amount uint64) {
	b.t.Helper()
	require.NoError(b.t, b.UnlockBlock(b.t.Context(), id, Unlock{Reward: amount, Depth: 60, Window: big.NewInt(200), At: b.now()}))
}

// owed is what the accounts of one kind hold.
func (b *books) owed(kind AccountKind) map[string]int64 {
	b.t.Helper()
	list, err := b.Balances(b.t.Context())
	require.NoError(b.t, err)
	got := make(map[string]int64)
	for _, x := range list {
		if x.Kind == kind {
			got[x.Login] = x.Amount
		}
	}
	return got
}

func (b *books) clean() {
	b.t.Helper()
	found, err := b.Audit(context.Background())
	require.NoError(b.t, err)
	require.Empty(b.t, found)
}

func TestSoloBlocksTouchNobodyElse(t *testing.T) { onEachStore(t, testSoloBlocksTouchNobodyElse) }

func testSoloBlocksTouchNobodyElse(t *testing.T, place placer) {
	b := openBooks(t, place)
	b.share("alice", reward.PROP, 1, 90)
	b.share("bob", reward.PPLNS, 1, 90)
	b.unlock(b.found("carol", reward.SOLO, 1), 1000)
	require.Equal(t, map[string]int64{"carol": 990}, b.owed(Owed))
	require.Equal(t, map[string]int64{"": 10}, b.owed(Fees))
	b.unlock(b.found("dave", reward.PROP, 2), 1000)
	require.Equal(t, map[string]int64{"carol": 990, "alice": 891, "dave": 99}, b.owed(Owed), "the round of PROP went on")
	b.clean()
}

func TestAnOrphanedBlockGivesItsSharesBack(t *testing.T) {
	onEachStore(t, testAnOrphanedBlockGivesItsSharesBack)
}

func testAnOrphanedBlockGivesItsSharesBack(t *testing.T, place placer) {
	b := openBooks(t, place)
	b.share("alice", reward.PROP, 1, 90)
	lost := b.found("bob", reward.PROP, 1)
	b.share("carol", reward.PROP, 2, 90)
	require.NoError(t, b.SettleBlock(t.Context(), lost, BlockAccepted, "", b.now()))
	require.NoError(t, b.OrphanBlock(t.Context(), lost, "another block", b.now()))
	b.clean()
	b.unlock(b.found("dave", reward.PROP, 2), 2000)
	require.Equal(t, map[string]int64{"alice": 891, "bob": 99, "carol": 891, "dave": 99}, b.owed(Owed))
	b.clean()
	require.NoError(t, b.UnlockBlock(t.Context(), lost+1, Unlock{Reward: 5, Window: big.NewInt(1), At: b.now()}), "no second time")
	require.ErrorIs(t, b.SettleBlock(t.Context(), lost+1, BlockRefused, "", b.now()), ErrSettled)
	require.ErrorIs(t, b.OrphanBlock(t.Context(), lost+1, "", b.now()), ErrSettled)
	require.Equal(t, int64(891), b.owed(Owed)["alice"])

	t.Run("and is not lost for good when it comes back", func(t *testing.T) {
		require.NoError(t, b.NoteDepth(t.Context(), lost, 3, b.now()))
		blocks, err := b.Candidates(t.Context(), "c", 0)
		require.NoError(t, err)
		require.Len(t, blocks, 1)
		require.Equal(t, BlockAccepted, blocks[0].State)
		require.True(t, blocks[0].Restored)
		require.NoError(t, b.OrphanBlock(t.Context(), lost, "again", b.now()))
		b.clean()
		require.NoError(t, b.NoteDepth(t.Context(), lost, 3, b.now()))
		b.unlock(lost, 1000)
		require.Equal(t, map[string]int64{"alice": 891 * 2, "bob": 99 * 2, "carol": 891, "dave": 99}, b.owed(Owed))
		b.clean()
	})
}

func TestARefusedBlockThatWonKeepsItsRound(t *testing.T) {
	onEachStore(t, testARefusedBlockThatWonKeepsItsRound)
}

func testARefusedBlockThatWonKeepsItsRound(t *testing.T, place placer) {
	b := openBooks(t, place)
	b.share("alice", reward.PROP, 1, 90)
	id := b.found("bob", reward.PROP, 1)
	require.NoError(t, b.SettleBlock(t.Context(), id, BlockRefused, "another was first", b.now()))
	b.clean()
	b.unlock(id, 1000)
	require.Equal(t, map[string]int64{"alice": 891, "bob": 99}, b.owed(Owed))
	b.unlock(b.found("carol", reward.PROP, 2), 1000)
	require.Equal(t, map[string]int64{"alice": 891, "bob": 99, "carol": 990}, b.owed(Owed))
	b.clean()
}

func TestPPLNSWindowReachesAcrossBlocks(t *testing.T) {
	onEachStore(t, testPPLNSWindowReachesAcrossBlocks)
}

func testPPLNSWindowReachesAcrossBlocks(t *testing.T, place placer) {
	b := openBooks(t, place)
	b.share("old", reward.PPLNS, 1, 1000)
	b.share("alice", reward.PPLNS, 2, 120)
	b.unlock(b.found("bob", reward.PPLNS, 3), 2000) // 10 bob, 120 alice, 70 of old
	require.Equal(t, map[string]int64{"bob": 99, "alice": 1188, "old": 693}, b.owed(Owed))
	b.share("carol", reward.PPLNS, 4, 1000)
	b.unlock(b.found("carol", reward.PPLNS, 5), 1000)
	require.Equal(t, map[string]int64{"bob": 99, "alice": 1188, "old": 693, "carol": 990}, b.owed(Owed))
	b.clean()
}

func TestPPSPaysSharesAndKeepsBlocks(t *testing.T) { onEachStore(t, testPPSPaysSharesAndKeepsBlocks) }

func testPPSPaysSharesAndKeepsBlocks(t *testing.T, place placer) {
	b := openBooks(t, place)
	b.share("alice", reward.PPS, 7, 50)
	b.share("bob", reward.PPS, 8, 50)
	b.unlock(b.found("alice", reward.PPS, 8), 1000)
	require.Equal(t, map[string]int64{"": 1000}, b.owed(Fund))
	heights, err := b.PendingPPS(t.Context(), "c", 7)
	require.NoError(t, err)
	require.Equal(t, []uint64{7}, heights)
	price := PPSPrice{Coin: "c", Height: 7, Hash: "x", Reward: 1000, Difficulty: big.NewInt(100), At: b.now()}
	require.NoError(t, b.SettlePPS(t.Context(), price))
	require.NoError(t, b.SettlePPS(t.Context(), price), "nothing is left to pay")
	require.Equal(t, map[string]int64{"alice": 495}, b.owed(Owed))
	require.NoError(t, b.RollUp(t.Context(), b.now()))
	heights, err = b.PendingPPS(t.Context(), "c", 100)
	require.NoError(t, err)
	require.Equal(t, []uint64{8}, heights)
	price.Height, price.Difficulty = 8, big.NewInt(200)
	require.NoError(t, b.SettlePPS(t.Context(), price))
	require.Equal(t, map[string]int64{"alice": 495 + 50, "bob": 248}, b.owed(Owed))
	require.Equal(t, map[string]int64{"": 200}, b.owed(Fund), "500 and 300 have been paid for")
	b.clean()
}

func TestABlockWithoutSharesIsItsFinders(t *testing.T) {
	onEachStore(t, testABlockWithoutSharesIsItsFinders)
}

func testABlockWithoutSharesIsItsFinders(t *testing.T, place placer) {
	b := openBooks(t, place)
	id, err := b.AddBlock(t.Context(), Block{Miner: Miner{Coin: "c", Login: "late"}, Hash: "h", Difficulty: "1", Found: b.now(), Terms: Terms{reward.PROP, 0}})
	require.NoError(t, err)
	b.unlock(id, 7)
	require.Equal(t, map[string]int64{"late": 7}, b.owed(Owed))
	b.clean()
}

func TestUnbalancedTransactionsAreNotWritten(t *testing.T) {
	onEachStore(t, testUnbalancedTransactionsAreNotWritten)
}

func testUnbalancedTransactionsAreNotWritten(t *testing.T, place placer) {
	b := openBooks(t, place)
	err := b.write(func(w *writing) error {
		_, err := post(w, "c", "block", sql.NullInt64{}, someTime, []posting{{Rewards, "", -5}, {Fees, "", 4}})
		return err
	})
	require.ErrorIs(t, err, ErrUnbalanced)
	require.Empty(t, b.owed(Fees))
	require.Error(t, b.UnlockBlock(t.Context(), b.found("a", reward.SOLO, 1), Unlock{Reward: 1 << 63, Window: big.NewInt(1), At: b.now()}))
	b.clean()
}

func TestAuditFindsWhatOthersChanged(t *testing.T) { onEachStore(t, testAuditFindsWhatOthersChanged) }

func testAuditFindsWhatOthersChanged(t *testing.T, place placer) {
	for statement, rule := range map[string]string{
		`UPDATE accounts SET balance = balance + 1 WHERE login = 'alice'`:                     "balance: account",
		`UPDATE entries SET amount = amount + 1 WHERE amount > 0`:                             "transaction sum: transaction 1",
		`UPDATE blocks SET reward = reward + 1 WHERE id = 1`:                                  "reward: block 1",
		`UPDATE blocks SET state = 'orphaned' WHERE id = 1`:                                   "unearned: block 1",
		`UPDATE blocks SET state = 'unlocked', reward = 5 WHERE id = 2`:                       "unpaid: block 2",
		`UPDATE block_work SET work = '1000' WHERE login = 'alice'`:                           "division: block 1",
		`DELETE FROM shares WHERE id = 1`:                                                     "work: block 1",
		`UPDATE shares SET round = 99 WHERE id = 1`:                                           "share: share 1",
		`UPDATE rounds SET heir = 2 WHERE id = 1`:                                             "heir: round 1",
		`INSERT INTO block_rounds VALUES (2, 1)`:                                              "paid twice: round 1",
		`UPDATE settlements SET reward = reward * 2`:                                          "settlement",
		`UPDATE blocks SET scheme = 'solo' WHERE id = 2`:                                      "round: block 2",
		`UPDATE accounts SET balance = -balance WHERE kind = 'miner'`:                         "sign: account",
		`DELETE FROM settlements`:                                                             "settlement: transaction 2",
		`UPDATE accounts SET coin = 'd' WHERE kind = 'fees'`:                                  "coin: transaction 1",
		`UPDATE blocks SET hash = (SELECT hash FROM blocks WHERE id = 1), state = 'unlocked'`: "paid twice: block 2",
	} {
		b := openBooks(t, place)
		b.share("alice", reward.PROP, 1, 30)
		b.unlock(b.found("bob", reward.PROP, 1), 1000)
		b.found("bob", reward.PROP, 2)
		b.share("alice", reward.PPS, 1, 30)
		require.NoError(t, b.SettlePPS(t.Context(), PPSPrice{Coin: "c", Height: 1, Reward: 1000, Difficulty: big.NewInt(100), At: b.now()}))
		b.clean()
		b.tamper(statement)
		found, err := b.Audit(t.Context())
		require.NoError(t, err)
		text := ""
		for _, v := range found {
			text += v.String() + "\n"
		}
		require.Contains(t, text, rule, statement)
	}
}

func TestHeightsAreForgottenOutsideOfWindows(t *testing.T) {
	onEachStore(t, testHeightsAreForgottenOutsideOfWindows)
}

func testHeightsAreForgottenOutsideOfWindows(t *testing.T, place placer) {
	b := openBooks(t, place)
	for h := range uint64(10) {
		b.share("alice", reward.PPLNS, 1+h, 5)
	}
	b.unlock(b.found("bob", reward.PPLNS, 12), 1000)
	require.NoError(t, b.RollUp(t.Context(), b.now()))
	rows := func() (n int) {
		require.NoError(t, b.db.QueryRow(`SELECT COUNT(*) FROM share_sums`).Scan(&n))
		return n
	}
	require.Equal(t, 11, rows())
	far := b.found("bob", reward.PPLNS, 12+3*WindowHeights)
	require.NoError(t, b.RollUp(t.Context(), b.now()))
	require.Equal(t, 3, rows(), "alice, bob and the new share")
	b.unlock(far, 1000)
	require.Equal(t, int64(166+990), b.owed(Owed)["bob"], "the second window begins after all of that")
	b.clean()
	totals, err := b.Totals(t.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(10), totals[0].Shares)
}

// writeV1 makes a ledger as the first schema had it.
func writeV1(t *testing.T, path string) {
	t.Helper()
	steps, err := migrations()
	require.NoError(t, err)
	db, err := sql.Open("sqlite", dsn(path, "rwc", "journal_mode(WAL)", "foreign_keys(1)"))
	require.NoError(t, err)
	defer db.Close()
	for _, statement := range []string{
		`CREATE TABLE schema_versions (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)`, steps[0],
		`INSERT INTO schema_versions VALUES (1, 0)`, `INSERT INTO epochs (opened_at) VALUES (1)`,
		`INSERT INTO miners VALUES (1, 'c', 'alice', '', ''), (2, 'c', 'bob', '', ''), (3, 'other', 'zoe', '', '')`,
		`INSERT INTO shares (miner, session, template, height, difficulty, at, block) VALUES
			(1, 1, 1, 5, 30, 100, 0), (3, 1, 9, 5, 30, 100, 0), (2, 1, 1, 5, 10, 203, 1), (2, 1, 2, 6, 40, 300, 0), (1, 1, 3, 7, 50, 500, 0)`,
		`INSERT INTO blocks (miner, height, hash, parent, template, difficulty, payload, found_at, state, detail, settled_at) VALUES
			(2, 5, 'aa', 'p', 1, '100', 'ff', 200, 'accepted', '', 201), (1, 6, 'bb', 'p', 2, '100', 'ff', 400, 'found', '', NULL)`,
		`INSERT INTO extranonces VALUES ('c', 42)`,
	} {
		_, err := db.Exec(statement)
		require.NoError(t, err)
	}
}

// Whatever version a ledger was left at, by an older adit or by an upgrade that
// was interrupted, opening it brings it to the newest.
func TestUpgradeFromEverySchema(t *testing.T) {
	onEachStore(t, func(t *testing.T, place placer) {
		steps, err := migrations()
		require.NoError(t, err)
		for version := range len(steps) {
			address := place(t)
			leaveAt(t, address, steps[:version])
			b := &books{DB: open(t, address), t: t}
			b.share("alice", reward.PROP, 1, 30)
			b.unlock(b.found("bob", reward.PROP, 1), 1000)
			b.clean()
			have, err := schemaVersion(t.Context(), b.q())
			require.NoError(t, err)
			require.Equal(t, len(steps), have)
		}
	})
}

// leaveAt makes an empty ledger of an old schema.
func leaveAt(t *testing.T, address string, steps []string) {
	t.Helper()
	db, d := (*sql.DB)(nil), dialect(sqliteDialect{})
	var err error
	if IsURL(address) {
		d = postgresDialect{}
		db, err = openPostgres(address)
	} else {
		db, err = sql.Open("sqlite", dsn(address, "rwc", "foreign_keys(1)"))
	}
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec(d.schema(`CREATE TABLE schema_versions (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)`))
	require.NoError(t, err)
	for i, step := range steps {
		require.NoError(t, applyStep(t.Context(), db, d, i+1, step, someTime))
	}
}

func TestUpgradeFromTheFirstSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.db")
	writeV1(t, path)
	_, err := OpenReader(t.Context(), path)
	require.ErrorContains(t, err, "run the pool once to upgrade it")
	b := &books{DB: open(t, path), t: t}
	totals, err := b.Totals(t.Context())
	require.NoError(t, err)
	require.Len(t, totals, 3)
	require.Equal(t, "80", totals[0].Difficulty.String())
	next, err := b.ReserveExtranonces(t.Context(), "c", 1)
	require.NoError(t, err)
	require.Equal(t, uint64(42), next)
	require.Equal(t, uint64(2), b.Epoch())
	blocks, err := b.Candidates(t.Context(), "c", 0)
	require.NoError(t, err)
	require.Len(t, blocks, 2)
	require.Equal(t, BlockFound, blocks[1].State)
	b.clean()

	b.unlock(blocks[0].ID, 1000)
	require.Equal(t, map[string]int64{"alice": 750, "bob": 250}, b.owed(Owed), "the finder's share is in its round")
	b.share("alice", reward.PPLNS, 8, 1)
	b.unlock(blocks[1].ID, 800)
	require.Equal(t, map[string]int64{"alice": 750 + 300, "bob": 250 + 500}, b.owed(Owed), "30 and 10 of before, 40 since")
	b.clean()
}
