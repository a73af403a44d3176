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
// transaction, so an interrupted upgrade is taken up where it stopped.
func migrate(ctx context.Context, db *sql.DB, path string, now time.Time) error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	const table = `CREATE TABLE IF NOT EXISTS schema_versions (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)`
	if _, err := db.ExecContext(ctx, table); err != nil {
		return fmt.Errorf("preparing ledger %s: %w", path, sentinel(err))
	}
	have, err := schemaVersion(ctx, db)
	if err != nil {
		return fmt.Errorf("reading the schema of ledger %s: %w", path, err)
	}
	if have > len(steps) {
		return &SchemaError{Path: path, Have: have, Wants: len(steps)}
	}
	for version := have + 1; version <= len(steps); version++ {
		if err := applyStep(ctx, db, version, steps[version-1], now); err != nil {
			return fmt.Errorf("upgrading ledger %s to schema %d: %w", path, version, sentinel(err))
		}
	}
	return nil
}

func schemaVersion(ctx context.Context, db *sql.DB) (version int, err error) {
	err = db.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) FROM schema_versions`).Scan(&version)
	return version, sentinel(err)
}

func applyStep(ctx context.Context, db *sql.DB, version int, step string, now time.Time) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, step); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO schema_versions VALUES (?, ?)`, version, now.UnixMilli()); err != nil {
		return err
	}
	return tx.Commit()
}
