package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// SQLite is a Store in one SQLite file, in WAL mode with every commit synced
// to disk. One process at a time may have it open; readers are welcome
// meanwhile (OpenReader). Its methods may be called by many goroutines.
type SQLite struct {
	sqliteReader
	epoch uint64
	lock  *os.File

	mu     sync.Mutex // one writer at a time; guards what follows
	miners map[Miner]int64
	rounds map[roundKey]int64 // live ones
}

var _ Store = (*SQLite)(nil)

// maxKnownMiners bounds the cache of miner rows.
const maxKnownMiners = 1 << 16

// Open opens the ledger at path for writing, creating or upgrading it where
// needed, and counts a new epoch. Its errors name the path; ErrLocked,
// ErrNotLedger, ErrFull and *SchemaError can be told apart.
func Open(ctx context.Context, path string, now time.Time) (*SQLite, error) {
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("opening ledger %s: the folder %s does not exist", path, filepath.Dir(path))
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("opening ledger %s: %w", path, err)
	}
	s, err := openLocked(ctx, path, now)
	if err != nil {
		lock.Close()
		return nil, err
	}
	s.lock = lock
	return s, nil
}

func openLocked(ctx context.Context, path string, now time.Time) (*SQLite, error) {
	db, err := sql.Open("sqlite", dsn(path, "rwc", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"))
	if err != nil {
		return nil, fmt.Errorf("opening ledger %s: %w", path, err)
	}
	// One connection: writers queue in Go, where waiting is fair and cheap.
	db.SetMaxOpenConns(1)
	s := &SQLite{sqliteReader: sqliteReader{db: db}, miners: make(map[Miner]int64), rounds: make(map[roundKey]int64)}
	if err := s.start(ctx, path, now); err != nil {
		db.Close()
		return nil, err
	}
	return s, nil
}

func (s *SQLite) start(ctx context.Context, path string, now time.Time) error {
	if err := migrate(ctx, s.db, path, now); err != nil {
		return err
	}
	const insert = `INSERT INTO epochs (opened_at) VALUES (?) RETURNING epoch`
	if err := s.db.QueryRowContext(ctx, insert, now.UnixMilli()).Scan(&s.epoch); err != nil {
		return fmt.Errorf("writing to ledger %s: %w", path, sentinel(err))
	}
	return nil
}

// dsn is the driver's address of a file opened in a mode, with pragmas.
func dsn(path, mode string, pragmas ...string) string {
	q := url.Values{"mode": {mode}, "_txlock": {"immediate"}, "_pragma": append(pragmas, "busy_timeout(5000)")}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: q.Encode()}).String()
}

// Epoch implements Store.
func (s *SQLite) Epoch() uint64 { return s.epoch }

// Close ends all use of the ledger.
func (s *SQLite) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.db.Close()
	return errors.Join(err, s.lock.Close())
}

// writing is one transaction, and what it learned: that is remembered only if
// it commits.
type writing struct {
	*sql.Tx
	miners map[Miner]int64
	rounds map[roundKey]int64
}

// write runs f in one immediate, durable transaction.
func (s *SQLite) write(f func(w *writing) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx, err := s.db.Begin()
	if err != nil {
		return sentinel(err)
	}
	w := &writing{tx, make(map[Miner]int64), make(map[roundKey]int64)}
	if err := f(w); err != nil {
		tx.Rollback()
		return sentinel(err)
	}
	if err := tx.Commit(); err != nil {
		tx.Rollback()
		return sentinel(err)
	}
	if len(s.miners)+len(w.miners) > maxKnownMiners {
		clear(s.miners)
	}
	maps.Copy(s.miners, w.miners)
	maps.Copy(s.rounds, w.rounds)
	return nil
}

// minerID finds or makes the row of m.
func (s *SQLite) minerID(w *writing, m Miner) (int64, error) {
	if id, ok := s.miners[m]; ok {
		return id, nil
	}
	if id, ok := w.miners[m]; ok {
		return id, nil
	}
	const upsert = `INSERT INTO miners (coin, login, worker, rig) VALUES (?, ?, ?, ?)
		ON CONFLICT (coin, login, worker, rig) DO UPDATE SET coin = excluded.coin RETURNING id`
	var id int64
	if err := w.QueryRow(upsert, m.Coin, m.Login, m.Worker, m.Rig).Scan(&id); err != nil {
		return 0, err
	}
	w.miners[m] = id
	return id, nil
}

// AppendShares implements ShareStore.
func (s *SQLite) AppendShares(shares []Share) error {
	if err := s.write(func(w *writing) error { return s.insertShares(w, shares) }); err != nil {
		return fmt.Errorf("writing %d shares to the ledger: %w", len(shares), err)
	}
	return nil
}

func (s *SQLite) insertShares(w *writing, shares []Share) error {
	insert, err := w.Prepare(`INSERT INTO shares (miner, session, template, height, difficulty, at, block, fee, round) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, sh := range shares {
		miner, err := s.minerID(w, sh.Miner)
		if err != nil {
			return err
		}
		round, err := s.liveRound(w, roundKey{sh.Coin, sh.scheme()}, sh.Time)
		if err != nil {
			return err
		}
		_, err = insert.Exec(miner, int64(sh.Session), int64(sh.Template), int64(sh.Height), int64(sh.Difficulty), sh.Time.UnixMilli(), sh.Block, sh.Fee, round)
		if err != nil {
			return err
		}
	}
	return nil
}

// AddBlock implements BlockStore.
func (s *SQLite) AddBlock(_ context.Context, b Block) (id int64, err error) {
	err = s.write(func(w *writing) error {
		id, err = s.insertBlock(w, b)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("writing block candidate %s to the ledger: %w", b.Hash, err)
	}
	return id, nil
}

func (s *SQLite) insertBlock(w *writing, b Block) (id int64, err error) {
	miner, err := s.minerID(w, b.Miner)
	if err != nil {
		return 0, err
	}
	key := roundKey{b.Coin, b.scheme()}
	round, err := s.liveRound(w, key, b.Found)
	if err != nil {
		return 0, err
	}
	if b.Share != nil {
		if err := s.insertShares(w, []Share{*b.Share}); err != nil {
			return 0, err
		}
	}
	const insert = `INSERT INTO blocks (miner, height, hash, parent, template, difficulty, payload, found_at, state, detail, scheme, fee, round)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?) RETURNING id`
	err = w.QueryRow(insert, miner, int64(b.Height), b.Hash, b.Parent, int64(b.Template), b.Difficulty, b.Payload,
		b.Found.UnixMilli(), string(BlockFound), string(key.scheme), b.Fee, round).Scan(&id)
	if err != nil {
		return 0, err
	}
	return id, endRound(w, key, round, id, b.Found)
}

// SettleBlock implements BlockStore.
func (s *SQLite) SettleBlock(_ context.Context, id int64, state BlockState, detail string, at time.Time) error {
	err := s.write(func(w *writing) error {
		b, err := blockByID(w, id)
		switch {
		case err != nil:
			return err
		case b.State == BlockUnlocked:
			return ErrSettled
		case state == BlockRefused:
			err = s.loseRound(w, b, at)
		default:
			err = regainRound(w, b)
		}
		if err != nil {
			return err
		}
		_, err = w.Exec(`UPDATE blocks SET state = ?, detail = ?, settled_at = ? WHERE id = ?`, string(state), detail, at.UnixMilli(), id)
		return err
	})
	if err != nil {
		return fmt.Errorf("recording the outcome of block candidate %d: %w", id, err)
	}
	return nil
}

// ReserveExtranonces implements NonceStore.
func (s *SQLite) ReserveExtranonces(_ context.Context, coin string, count uint64) (first uint64, err error) {
	var next int64
	err = s.write(func(w *writing) error {
		const upsert = `INSERT INTO extranonces (coin, next) VALUES (?1, ?2)
			ON CONFLICT (coin) DO UPDATE SET next = next + ?2 RETURNING next`
		return w.QueryRow(upsert, coin, int64(count)).Scan(&next)
	})
	if err != nil {
		return 0, fmt.Errorf("reserving extra nonces of %s in the ledger: %w", coin, err)
	}
	return uint64(next) - count, nil
}

// sentinel gives the driver's errors the names of this package.
func sentinel(err error) error {
	var driver *sqlite.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrConnDone), errors.Is(err, fs.ErrClosed), err.Error() == "sql: database is closed":
		return ErrClosed
	case !errors.As(err, &driver):
		return err
	}
	switch driver.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w (%w)", ErrFull, err)
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("%w (%w)", ErrNotLedger, err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("%w (%w)", ErrLocked, err)
	}
	return err
}
