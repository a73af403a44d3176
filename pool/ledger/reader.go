package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"slices"
	"strings"
	"time"
)

// sqliteReader answers questions from a SQLite ledger.
type sqliteReader struct {
	db *sql.DB
}

// OpenReader opens the ledger at path for reading, also while a pool writes
// to it. A ledger of another schema is refused with a *SchemaError.
func OpenReader(ctx context.Context, path string) (Reader, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("opening ledger %s: %w", path, ErrMissing)
	}
	db, err := sql.Open("sqlite", dsn(path, "rw", "query_only(1)"))
	if err != nil {
		return nil, fmt.Errorf("opening ledger %s: %w", path, err)
	}
	if err := checkSchema(ctx, db, path); err != nil {
		db.Close()
		return nil, err
	}
	return &sqliteReader{db: db}, nil
}

func checkSchema(ctx context.Context, db *sql.DB, path string) error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	have, err := schemaVersion(ctx, db)
	if err != nil {
		return fmt.Errorf("reading the schema of ledger %s: %w", path, err)
	}
	if have != len(steps) {
		return &SchemaError{Path: path, Have: have, Wants: len(steps)}
	}
	return nil
}

// Close ends the use of the ledger.
func (r *sqliteReader) Close() error { return r.db.Close() }

// Totals implements Reader. Sums are exact: they may exceed 64 bits.
func (r *sqliteReader) Totals(ctx context.Context) ([]Total, error) {
	const query = `SELECT m.coin, m.login, m.worker, m.rig, s.difficulty, COUNT(*), SUM(s.block), MAX(s.at)
		FROM shares s JOIN miners m ON m.id = s.miner GROUP BY s.miner, s.difficulty`
	rows, err := r.db.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("summing the ledger's shares: %w", sentinel(err))
	}
	defer rows.Close()
	totals := make(map[Miner]*Total)
	for rows.Next() {
		var (
			m                                Miner
			difficulty, shares, blocks, last int64
		)
		if err := rows.Scan(&m.Coin, &m.Login, &m.Worker, &m.Rig, &difficulty, &shares, &blocks, &last); err != nil {
			return nil, fmt.Errorf("summing the ledger's shares: %w", sentinel(err))
		}
		t := totals[m]
		if t == nil {
			t = &Total{Miner: m, Difficulty: new(big.Int)}
			totals[m] = t
		}
		t.add(difficulty, shares, blocks, last)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("summing the ledger's shares: %w", sentinel(err))
	}
	return sortTotals(totals), nil
}

func (t *Total) add(difficulty, shares, blocks, last int64) {
	t.Shares += uint64(shares)
	t.Blocks += uint64(blocks)
	t.Difficulty.Add(t.Difficulty, new(big.Int).Mul(big.NewInt(difficulty), big.NewInt(shares)))
	if at := time.UnixMilli(last); at.After(t.Last) {
		t.Last = at
	}
}

func sortTotals(totals map[Miner]*Total) []Total {
	list := make([]Total, 0, len(totals))
	for _, t := range totals {
		list = append(list, *t)
	}
	key := func(m Miner) string { return strings.Join([]string{m.Coin, m.Login, m.Worker, m.Rig}, "\x00") }
	slices.SortFunc(list, func(a, b Total) int { return strings.Compare(key(a.Miner), key(b.Miner)) })
	return list
}

// Blocks implements Reader.
func (r *sqliteReader) Blocks(ctx context.Context, limit int) ([]Block, error) {
	const query = `SELECT b.id, m.coin, m.login, m.worker, m.rig, b.height, b.hash, b.parent, b.template, b.difficulty,
		b.payload, b.found_at, b.state, b.detail, b.settled_at
		FROM blocks b JOIN miners m ON m.id = b.miner ORDER BY b.id DESC LIMIT ?`
	rows, err := r.db.QueryContext(ctx, query, limit)
	if err != nil {
		return nil, fmt.Errorf("listing the ledger's blocks: %w", sentinel(err))
	}
	defer rows.Close()
	var blocks []Block
	for rows.Next() {
		b, err := scanBlock(rows)
		if err != nil {
			return nil, fmt.Errorf("listing the ledger's blocks: %w", sentinel(err))
		}
		blocks = append(blocks, b)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing the ledger's blocks: %w", sentinel(err))
	}
	return blocks, nil
}

func scanBlock(rows *sql.Rows) (b Block, err error) {
	var (
		height, template, found int64
		settled                 sql.NullInt64
		state                   string
	)
	err = rows.Scan(&b.ID, &b.Coin, &b.Login, &b.Worker, &b.Rig, &height, &b.Hash, &b.Parent, &template, &b.Difficulty,
		&b.Payload, &found, &state, &b.Detail, &settled)
	b.Height, b.Template = uint64(height), uint64(template)
	b.Found, b.State = time.UnixMilli(found), BlockState(state)
	if settled.Valid {
		b.Settled = time.UnixMilli(settled.Int64)
	}
	return b, err
}
