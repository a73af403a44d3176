package ledger

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"time"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrations returns the SQL of each schema version, in order: the first
// brings an empty database to version 1.
func migrations() ([]string, error) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	steps := make([]string, 0, len(names))
	for i, name := range names {
		var version int
		if _, err := fmt.Sscanf(name, "migrations/%04d_", &version); err != nil || version != i+1 {
			return nil, fmt.Errorf("migration %s is not number %d", name, i+1)
		}
		text, err := migrationFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		steps = append(steps, string(text))
	}
	return steps, nil
}

// migrate brings the database to the newest schema. Every step is one
// transaction, so an interrupted upgrade is taken up where it stopped; of
// several processes that begin at once, each finds what the others have done.
func migrate(ctx context.Context, db *sql.DB, d dialect, name string, now time.Time) error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	const table = `CREATE TABLE IF NOT EXISTS schema_versions (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)`
	err = alone(ctx, db, d, func(tx session) error {
		_, err := tx.ExecContext(ctx, d.schema(table))
		return err
	})
	if err != nil {
		return fmt.Errorf("preparing ledger %s: %w", name, sentinel(err))
	}
	for range len(steps) + 1 {
		have, err := schemaVersion(ctx, session{db, d})
		switch {
		case err != nil:
			return fmt.Errorf("reading the schema of ledger %s: %w", name, err)
		case have > len(steps):
			return &SchemaError{Path: name, Have: have, Wants: len(steps)}
		case have == len(steps):
			return nil
		}
		if err := applyStep(ctx, db, d, have+1, steps[have], now); err != nil {
			return fmt.Errorf("upgrading ledger %s to schema %d: %w", name, have+1, sentinel(err))
		}
	}
	return fmt.Errorf("upgrading ledger %s: the schema does not stay as it is made", name)
}

func schemaVersion(ctx context.Context, q querier) (version int, err error) {
	err = q.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) FROM schema_versions`).Scan(&version)
	return version, sentinel(err)
}

// applyStep brings the schema to a version, unless another process just did.
func applyStep(ctx context.Context, db *sql.DB, d dialect, version int, step string, now time.Time) error {
	return alone(ctx, db, d, func(tx session) error {
		have, err := schemaVersion(ctx, tx)
		if err != nil || have >= version {
			return err
		}
		if _, err := tx.runner.ExecContext(ctx, d.schema(step)); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO schema_versions VALUES (?, ?)`, version, now.UnixMilli())
		return err
	})
}

// alone runs f in a transaction that no other writer's runs beside.
func alone(ctx context.Context, db *sql.DB, d dialect, f func(tx session) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // of no effect after a commit
	s := session{tx, d}
	if err := d.lock(s, lockRules); err != nil {
		return err
	}
	if err := f(s); err != nil {
		return err
	}
	return tx.Commit()
}
