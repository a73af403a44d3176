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

// reader answers questions from a ledger.
type reader struct {
	db *sql.DB
	dialect
	name string // its address, for people
}

// q is where questions outside of transactions go.
func (r *reader) q() session { return session{r.db, r.dialect} }

// OpenReader opens a ledger for reading, also while a pool writes to it. The
// address is as for Open. A ledger of another schema is refused with a
// *SchemaError.
func OpenReader(ctx context.Context, address string) (Reader, error) {
	r, err := openReader(address)
	if err != nil {
		return nil, err
	}
	if err := r.checkSchema(ctx); err != nil {
		r.db.Close()
		return nil, err
	}
	return r, nil
}

func openReader(address string) (*reader, error) {
	if IsURL(address) {
		db, err := openPostgres(address)
		return &reader{db, postgresDialect{}, redacted(address)}, err
	}
	if _, err := os.Stat(address); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("opening ledger %s: %w", address, ErrMissing)
	}
	db, err := sql.Open("sqlite", dsn(address, "rw", "query_only(1)"))
	if err != nil {
		return nil, fmt.Errorf("opening ledger %s: %w", address, err)
	}
	return &reader{db, sqliteDialect{}, address}, nil
}

func (r *reader) checkSchema(ctx context.Context) error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	have, err := schemaVersion(ctx, r.q())
	if err != nil {
		return fmt.Errorf("reading the schema of ledger %s: %w", r.name, err)
	}
	if have != len(steps) {
		return &SchemaError{Path: r.name, Have: have, Wants: len(steps)}
	}
	return nil
}

// Close ends the use of the ledger.
func (r *reader) Close() error { return r.db.Close() }

// Totals implements Reader. Sums are exact: they may exceed 64 bits.
func (r *reader) Totals(ctx context.Context) ([]Total, error) {
	const query = `SELECT m.coin, m.login, m.worker, m.rig, s.difficulty, CAST(SUM(s.shares) AS BIGINT), CAST(SUM(s.blocks) AS BIGINT), MAX(s.last_at)
		FROM all_shares s JOIN miners m ON m.id = s.miner GROUP BY m.coin, m.login, m.worker, m.rig, s.difficulty`
	rows, err := r.q().QueryContext(ctx, query)
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
func (r *reader) Blocks(ctx context.Context, limit int) ([]Block, error) {
	blocks, err := queryBlocks(ctx, r.q(), `ORDER BY b.id DESC LIMIT ?`, limit)
	if err != nil {
		return nil, fmt.Errorf("listing the ledger's blocks: %w", err)
	}
	return blocks, nil
}

// collect runs a query and reads all its rows.
func collect[T any](ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, sentinel(err)
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, sentinel(err)
		}
		list = append(list, item)
	}
	return list, sentinel(rows.Err())
}

// queryBlocks reads the blocks that the rest of a query selects.
func queryBlocks(ctx context.Context, q querier, rest string, args ...any) ([]Block, error) {
	return selectBlocks(ctx, q, `b.payload`, rest, args...)
}

// selectBlocks reads blocks with what is given as their payload.
func selectBlocks(ctx context.Context, q querier, payload, rest string, args ...any) ([]Block, error) {
	return collect(ctx, q, scanBlock, `SELECT b.id, m.coin, m.login, m.worker, m.rig, b.height, b.hash, b.parent, b.template, b.difficulty,
		`+payload+`, b.found_at, b.state, b.detail, b.settled_at, b.scheme, b.fee, b.round, b.depth, COALESCE(b.reward, 0), b.resubmitted, b.restored
		FROM blocks b JOIN miners m ON m.id = b.miner `+rest, args...)
}

// blockByID reads one block.
func blockByID(w *writing, id int64) (Block, error) {
	blocks, err := queryBlocks(w.ctx, w, `WHERE b.id = ?`, id)
	if err == nil && len(blocks) == 0 {
		err = fmt.Errorf("%w %d", ErrNoBlock, id)
	}
	if err != nil {
		return Block{}, err
	}
	return blocks[0], nil
}

func scanBlock(rows *sql.Rows) (b Block, err error) {
	var (
		height, template, found int64
		settled                 sql.NullInt64
		depth, reward           int64
		state                   string
	)
	err = rows.Scan(&b.ID, &b.Coin, &b.Login, &b.Worker, &b.Rig, &height, &b.Hash, &b.Parent, &template, &b.Difficulty,
		&b.Payload, &found, &state, &b.Detail, &settled, &b.Scheme, &b.Fee, &b.Round, &depth, &reward, &b.Resubmitted, &b.Restored)
	b.Depth, b.Reward = uint64(depth), uint64(reward)
	b.Height, b.Template = uint64(height), uint64(template)
	b.Found, b.State = time.UnixMilli(found), BlockState(state)
	if settled.Valid {
		b.Settled = time.UnixMilli(settled.Int64)
	}
	return b, err
}
