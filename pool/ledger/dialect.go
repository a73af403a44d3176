package ledger

import (
	"context"
	"database/sql"
	"time"
)

// dialect is what differs between the databases that a ledger may be in. The
// rules are written once, in the SQL that all of them read, with ? for values.
type dialect interface {
	// bind writes the ? of a statement in the database's own way.
	bind(query string) string
	// schema translates a migration, which is written for SQLite.
	schema(step string) string
	// snapshot begins a transaction that reads one moment.
	snapshot() string
	// lock makes a new transaction wait for those that it may not run beside.
	lock(tx session, l lock) error
	// insertShares writes rows.
	insertShares(tx session, rows []shareRow) error
	// shared tells whether other processes may write to the ledger too.
	shared() bool
	// patience bounds one write; 0 is no bound.
	patience() time.Duration
}

// lock is how a transaction shares the ledger with others, where several may
// be under way at once.
type lock int

const (
	// lockRules: nothing else may change anything.
	lockRules lock = iota
	// lockShares: others may add shares, too, and nothing else.
	lockShares
)

// runner is a database, a connection or a transaction.
type runner interface {
	querier
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// querier answers questions.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// session runs the statements of this package in a database's dialect.
type session struct {
	runner
	dialect
}

// ExecContext implements runner.
func (s session) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return s.runner.ExecContext(ctx, s.bind(query), args...)
}

// QueryContext implements runner.
func (s session) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return s.runner.QueryContext(ctx, s.bind(query), args...)
}

// QueryRowContext implements runner.
func (s session) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return s.runner.QueryRowContext(ctx, s.bind(query), args...)
}

// shareRow is a share as the table has it.
type shareRow struct {
	miner, session, template, height, difficulty, at, block, fee, round int64
}
