package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// sqliteDialect is that of SQLite: one file, in WAL mode, with every commit
// synced to disk. One process at a time may write; readers are welcome
// meanwhile.
type sqliteDialect struct{}

// openSQLite opens a file for writing, creating it where needed. The lock file
// that comes back is to be closed last.
func openSQLite(path string) (*sql.DB, *os.File, error) {
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return nil, nil, fmt.Errorf("opening ledger %s: the folder %s does not exist", path, filepath.Dir(path))
	}
	lock, err := LockFile(path + ".lock")
	if err != nil {
		return nil, nil, fmt.Errorf("opening ledger %s: %w", path, err)
	}
	db, err := sql.Open("sqlite", dsn(path, "rwc", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"))
	if err != nil {
		lock.Close()
		return nil, nil, fmt.Errorf("opening ledger %s: %w", path, err)
	}
	// One connection: writers queue in Go, where waiting is fair and cheap.
	db.SetMaxOpenConns(1)
	return db, lock, nil
}

// dsn is the driver's address of a file opened in a mode, with pragmas.
func dsn(path, mode string, pragmas ...string) string {
	q := url.Values{"mode": {mode}, "_txlock": {"immediate"}, "_pragma": append(pragmas, "busy_timeout(5000)")}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: q.Encode()}).String()
}

func (sqliteDialect) bind(query string) string { return query }

func (sqliteDialect) schema(step string) string { return step }

func (sqliteDialect) snapshot() string { return `BEGIN DEFERRED` }

// lock has nothing to do: every transaction takes the file's write lock as it
// begins.
func (sqliteDialect) lock(session, lock) error { return nil }

func (sqliteDialect) shared() bool { return false }

func (sqliteDialect) patience() time.Duration { return 0 }

// insertShares prepares the statement once: a row costs microseconds then.
func (sqliteDialect) insertShares(tx session, rows []shareRow) error {
	ctx := context.Background()
	insert, err := tx.runner.(*sql.Tx).PrepareContext(ctx,
		`INSERT INTO shares (miner, session, template, height, difficulty, at, block, fee, round) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, r := range rows {
		if _, err := insert.ExecContext(ctx, r.miner, r.session, r.template, r.height, r.difficulty, r.at, r.block, r.fee, r.round); err != nil {
			return err
		}
	}
	return nil
}
