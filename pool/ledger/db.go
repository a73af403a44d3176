package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"
	"time"
)

// DB is a Store in a SQL database. Its methods may be called by many
// goroutines.
//
// A SQLite file has one process at a time that writes, and any number of
// readers (OpenReader). In a PostgreSQL database several processes may write:
// what they remember between transactions is only what never changes.
type DB struct {
	reader
	epoch uint64
	lock  *os.File // of a SQLite file

	mu     sync.Mutex // guards what follows; a SQLite file's one writer holds it
	miners map[Miner]int64
	rounds map[roundKey]int64 // live ones, where no other process ends them
}

var _ Store = (*DB)(nil)

// maxKnownMiners bounds the cache of miner rows.
const maxKnownMiners = 1 << 16

// Open opens a ledger for writing, creating or upgrading it where needed, and
// counts a new epoch. The address is a SQLite file's name, or the URL of a
// PostgreSQL database (postgres://user:password@host:port/database). Errors
// name it, without a password; ErrLocked, ErrNotLedger, ErrFull and
// *SchemaError can be told apart.
func Open(ctx context.Context, address string, now time.Time) (*DB, error) {
	s := &DB{miners: make(map[Miner]int64), rounds: make(map[roundKey]int64)}
	s.name = redacted(address)
	var err error
	if IsURL(address) {
		s.dialect = postgresDialect{}
		s.db, err = openPostgres(address)
	} else {
		s.dialect = sqliteDialect{}
		s.db, s.lock, err = openSQLite(address)
	}
	if err != nil {
		return nil, err
	}
	if err := s.start(ctx, now); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *DB) start(ctx context.Context, now time.Time) error {
	if err := migrate(ctx, s.db, s.dialect, s.name, now); err != nil {
		return err
	}
	const insert = `INSERT INTO epochs (opened_at) VALUES (?) RETURNING epoch`
	if err := s.q().QueryRowContext(ctx, insert, now.UnixMilli()).Scan(&s.epoch); err != nil {
		return fmt.Errorf("writing to ledger %s: %w", s.name, sentinel(err))
	}
	return nil
}

// Epoch implements Store.
func (s *DB) Epoch() uint64 { return s.epoch }

// Close ends all use of the ledger.
func (s *DB) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.db.Close()
	if s.lock == nil {
		return err
	}
	return errors.Join(err, s.lock.Close())
}

// writing is one transaction, and what it learned: that is remembered only if
// it commits.
type writing struct {
	session
	ctx    context.Context
	miners map[Miner]int64
	rounds map[roundKey]int64
}

// Exec runs a statement.
func (w *writing) Exec(query string, args ...any) (sql.Result, error) {
	return w.ExecContext(w.ctx, query, args...)
}

// QueryRow asks for one row.
func (w *writing) QueryRow(query string, args ...any) *sql.Row {
	return w.QueryRowContext(w.ctx, query, args...)
}

// write runs f in one durable transaction that nothing else runs beside.
func (s *DB) write(f func(w *writing) error) error { return s.transact(lockRules, f) }

// transact runs f in one durable transaction.
func (s *DB) transact(l lock, f func(w *writing) error) error {
	if !s.shared() {
		s.mu.Lock()
		defer s.mu.Unlock()
	}
	// A write that has begun is not given up because its caller has gone: what
	// it is about has happened. But a database that is away must not hold it.
	ctx := context.Background()
	if limit := s.patience(); limit > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	w := &writing{ctx: ctx, miners: make(map[Miner]int64), rounds: make(map[roundKey]int64)}
	if err := s.run(w, l, f); err != nil {
		return sentinel(err)
	}
	s.remember(w)
	return nil
}

func (s *DB) run(w *writing, l lock, f func(w *writing) error) error {
	tx, err := s.db.BeginTx(w.ctx, nil)
	if err != nil {
		return err
	}
	w.session = session{tx, s.dialect}
	defer tx.Rollback() // of no effect after a commit
	if err := s.dialect.lock(w.session, l); err != nil {
		return err
	}
	if err := f(w); err != nil {
		return err
	}
	return tx.Commit()
}

// remember keeps what a committed transaction learned.
func (s *DB) remember(w *writing) {
	if s.shared() {
		s.mu.Lock()
		defer s.mu.Unlock()
	} else {
		maps.Copy(s.rounds, w.rounds)
	}
	if len(s.miners)+len(w.miners) > maxKnownMiners {
		clear(s.miners)
	}
	maps.Copy(s.miners, w.miners)
}
