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

// ErrExists: there is something where a backup or a restored ledger is to go.
var ErrExists = errors.New("it exists already, and is not overwritten")

// UnsoundError says that the accounts of a ledger or backup are not right, so
// that it is not restored.
type UnsoundError struct {
	Name       string
	Violations []Violation
}

// Error names the first violation.
func (e *UnsoundError) Error() string {
	return fmt.Sprintf("the accounts of %s do not hold (%d violations, the first: %s)", e.Name, len(e.Violations), e.Violations[0])
}

// Backup writes a ledger as it is at one moment to a new SQLite file, also
// while pools write to it. A backup is a ledger itself: it can be audited,
// asked for statistics, and used. The file appears when it is whole and synced
// to disk. An *UnsoundError says that it was written, and what is wrong with the
// ledger: Restore will not take it.
func Backup(ctx context.Context, address, dest string, now time.Time) error {
	if _, err := os.Lstat(dest); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("writing backup %s: %w", dest, errors.Join(err, ErrExists))
	}
	r, err := openReader(address)
	if err != nil {
		return err
	}
	defer r.db.Close()
	if err := r.checkSchema(ctx); err != nil {
		return err
	}
	part := dest + ".part"
	defer removeLedger(part)
	removeLedger(part) // of a backup that was interrupted
	if r.shared() {
		err = r.dump(ctx, part, now)
	} else {
		err = vacuumInto(ctx, address, part)
	}
	if err != nil {
		return fmt.Errorf("writing backup %s: %w", dest, sentinel(err))
	}
	found := sound(ctx, part, r.name)
	if unsound := new(UnsoundError); found != nil && !errors.As(found, &unsound) {
		return found
	}
	return errors.Join(put(part, dest), found)
}

// vacuumInto copies a SQLite ledger, at one moment, to a new file.
// query_only would forbid it, though it changes nothing of the source.
func vacuumInto(ctx context.Context, source, file string) error {
	db, err := sql.Open("sqlite", dsn(source, "rw"))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, file)
	return err
}

// dump copies the rows of a ledger in PostgreSQL, at one moment, to a new
// SQLite file.
func (r *reader) dump(ctx context.Context, file string, now time.Time) error {
	conn, err := r.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, r.snapshot()); err != nil {
		return err
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
	db, err := sql.Open("sqlite", dsn(file, "rwc", "synchronous(OFF)", "foreign_keys(1)"))
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if err := migrate(ctx, db, sqliteDialect{}, file, now); err != nil {
		return err
	}
	tables, err := ledgerTables(ctx, session{db, sqliteDialect{}})
	if err != nil {
		return err
	}
	return alone(ctx, db, sqliteDialect{}, func(tx session) error {
		if _, err := tx.ExecContext(ctx, `PRAGMA defer_foreign_keys = 1`); err != nil {
			return err
		}
		return copyTables(ctx, session{conn, r.dialect}, tx, tables)
	})
}

// place puts a finished file, a copy of what is named, if it is sound.
func place(ctx context.Context, part, dest, of string) error {
	if err := sound(ctx, part, of); err != nil {
		return err
	}
	return put(part, dest)
}

// put syncs a finished file to disk and gives it its name.
func put(part, dest string) error {
	return errors.Join(syncFile(part), os.Rename(part, dest), syncFile(filepath.Dir(dest)))
}

// sound audits a copy of what is named.
func sound(ctx context.Context, file, of string) error {
	r, err := OpenReader(ctx, file)
	if err != nil {
		return err
	}
	found, err := r.Audit(ctx)
	if err := errors.Join(err, r.Close()); err != nil {
		return err
	}
	if len(found) > 0 {
		return &UnsoundError{of, found}
	}
	return nil
}

func syncFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// removeLedger removes a SQLite file and what the driver leaves beside it.
func removeLedger(file string) {
	for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
		os.Remove(file + suffix)
	}
}
