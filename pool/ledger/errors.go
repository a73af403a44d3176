package ledger

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sentinel gives the drivers' errors the names of this package.
func sentinel(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrConnDone), errors.Is(err, fs.ErrClosed), err.Error() == "sql: database is closed":
		return ErrClosed
	}
	if lite := new(sqlite.Error); errors.As(err, &lite) {
		return sqliteSentinel(lite.Code(), err)
	}
	if server := new(pgconn.PgError); errors.As(err, &server) {
		return postgresSentinel(server.Code, err)
	}
	return err
}

func sqliteSentinel(code int, err error) error {
	switch code & 0xff {
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w (%w)", ErrFull, err)
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("%w (%w)", ErrNotLedger, err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("%w (%w)", ErrLocked, err)
	}
	return err
}

// postgresSentinel goes by SQLSTATE (PostgreSQL manual, appendix A).
func postgresSentinel(code string, err error) error {
	switch {
	case code == "53100": // disk_full
		return fmt.Errorf("%w (%w)", ErrFull, err)
	case code == "XX001", code == "XX002": // data_corrupted, index_corrupted
		return fmt.Errorf("%w (%w)", ErrNotLedger, err)
	case code == "42P01": // undefined_table: no pool has opened the database yet
		return fmt.Errorf("%w (%w)", ErrMissing, err)
	case code == "55P03": // lock_not_available
		return fmt.Errorf("%w (%w)", ErrLocked, err)
	}
	return err
}

// Refused reports whether the database understood a statement and said no to
// what was in it, so that trying again is of no use. Every other error may
// pass: the database is away, full, or busy.
func Refused(err error) bool {
	if server := new(pgconn.PgError); errors.As(err, &server) {
		// Data exceptions and violated constraints.
		return strings.HasPrefix(server.Code, "22") || strings.HasPrefix(server.Code, "23")
	}
	if lite := new(sqlite.Error); errors.As(err, &lite) {
		return lite.Code()&0xff == sqlite3.SQLITE_CONSTRAINT
	}
	return errors.Is(err, ErrUnbalanced) || errors.Is(err, ErrSettled) || errors.Is(err, ErrBadShare) || errors.Is(err, ErrNoBlock)
}
