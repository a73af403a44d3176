package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Restore fills a new ledger from a backup, which it audits first, and
// upgrades where an older adit wrote it; the backup itself stays as it is. A
// ledger that has been used is refused with ErrExists, a backup whose accounts
// are not right with an *UnsoundError.
//
// A backup of either database can be restored to the other.
func Restore(ctx context.Context, source, address string, now time.Time) error {
	if _, err := os.Stat(source); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("restoring from %s: there is no such file", source)
	}
	if IsURL(address) {
		return restorePostgres(ctx, source, address, now)
	}
	return restoreSQLite(ctx, source, address, now)
}

// restoreSQLite puts a copy in the ledger's place.
func restoreSQLite(ctx context.Context, source, path string, now time.Time) error {
	lock, err := LockFile(path + ".lock")
	if err != nil {
		return fmt.Errorf("restoring ledger %s: %w", path, err)
	}
	defer lock.Close()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("restoring ledger %s: %w", path, errors.Join(err, ErrExists))
	}
	part := path + ".part"
	defer removeLedger(part)
	removeLedger(part)
	if err := upgradedCopy(ctx, source, part, now); err != nil {
		return err
	}
	return place(ctx, part, path, source)
}

// upgradedCopy copies a backup and brings the copy to the newest schema.
func upgradedCopy(ctx context.Context, source, file string, now time.Time) error {
	old, err := sql.Open("sqlite", dsn(source, "ro", "query_only(1)"))
	if err != nil {
		return fmt.Errorf("reading backup %s: %w", source, err)
	}
	defer old.Close()
	have, err := schemaVersion(ctx, session{old, sqliteDialect{}})
	if err != nil {
		return fmt.Errorf("reading backup %s: %w", source, err)
	}
	steps, err := migrations()
	if err != nil {
		return err
	}
	if have > len(steps) {
		return &SchemaError{Path: source, Have: have, Wants: len(steps)}
	}
	if err := vacuumInto(ctx, source, file); err != nil {
		return fmt.Errorf("copying backup %s: %w", source, sentinel(err))
	}
	db, err := sql.Open("sqlite", dsn(file, "rw", "foreign_keys(1)"))
	if err != nil {
		return err
	}
	defer db.Close()
	return migrate(ctx, db, sqliteDialect{}, file, now)
}

// restorePostgres writes the rows of a backup to a database, in one
// transaction.
func restorePostgres(ctx context.Context, source, address string, now time.Time) error {
	db, err := openPostgres(address)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := migrate(ctx, db, postgresDialect{}, redacted(address), now); err != nil {
		return err
	}
	if err := unused(ctx, session{db, postgresDialect{}}); err != nil { // said early
		return fmt.Errorf("restoring ledger %s: %w", redacted(address), err)
	}
	dir, err := os.MkdirTemp("", "adit-restore")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	whole := filepath.Join(dir, "ledger.db")
	if err := upgradedCopy(ctx, source, whole, now); err != nil {
		return err
	}
	if err := sound(ctx, whole, source); err != nil {
		return err
	}
	from, err := openReader(whole)
	if err != nil {
		return err
	}
	defer from.db.Close()
	err = alone(ctx, db, postgresDialect{}, func(tx session) error { return load(ctx, from, tx) })
	if err != nil {
		return fmt.Errorf("restoring ledger %s: %w", redacted(address), sentinel(err))
	}
	return nil
}

// unused reports with ErrExists that a ledger has been used.
func unused(ctx context.Context, q querier) error {
	var epochs int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM epochs`).Scan(&epochs)
	if err == nil && epochs > 0 {
		return ErrExists
	}
	return sentinel(err)
}

// load copies a ledger's rows to a new database.
func load(ctx context.Context, from *reader, tx session) error {
	if err := unused(ctx, tx); err != nil {
		return err
	}
	tables, err := ledgerTables(ctx, from.q())
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `SET CONSTRAINTS ALL DEFERRED`); err != nil {
		return err
	}
	if err := copyTables(ctx, from.q(), tx, tables); err != nil {
		return err
	}
	return continueNumbers(ctx, tx)
}

// continueNumbers lets new rows be numbered after those that were copied.
func continueNumbers(ctx context.Context, tx session) error {
	type column struct{ table, name string }
	columns, err := collect(ctx, tx, func(rows *sql.Rows) (c column, err error) {
		return c, rows.Scan(&c.table, &c.name)
	}, `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema() AND is_identity = 'YES'`)
	if err != nil {
		return err
	}
	for _, c := range columns {
		next := fmt.Sprintf(`SELECT setval(pg_get_serial_sequence('%[1]s', '%[2]s'), (SELECT COALESCE(MAX(%[2]s), 0) + 1 FROM %[1]s), false)`, c.table, c.name)
		if _, err := tx.ExecContext(ctx, next); err != nil {
			return err
		}
	}
	return nil
}
