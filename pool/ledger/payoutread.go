package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Payouts implements PayoutReader.
func (r *reader) Payouts(ctx context.Context, q PayoutQuery) ([]Payout, error) {
	rest, args := q.sql()
	list, err := queryPayouts(ctx, r.q(), rest, args...)
	if err != nil {
		return nil, fmt.Errorf("listing the ledger's payouts: %w", err)
	}
	return list, nil
}

// sql is the part of a query that selects.
func (q PayoutQuery) sql() (rest string, args []any) {
	var where []string
	add := func(condition string, arg any) {
		where, args = append(where, condition), append(args, arg)
	}
	if q.Coin != "" {
		add(`p.coin = ?`, q.Coin)
	}
	if q.Login != "" {
		add(`p.id IN (SELECT payout FROM payout_entries WHERE login = ?)`, q.Login)
	}
	if q.State != "" {
		add(`p.state = ?`, string(q.State))
	}
	order := ` ORDER BY p.id DESC`
	if q.Open {
		where, order = append(where, openPayout), ` ORDER BY p.id`
	}
	if len(where) > 0 {
		rest = `WHERE ` + strings.Join(where, ` AND `)
	}
	rest += order
	if q.Limit > 0 {
		rest += ` LIMIT ?`
		args = append(args, q.Limit)
	}
	return rest, args
}

// openPayout selects payouts whose money is in flight.
const openPayout = `p.state NOT IN ('confirmed', 'returned')`

// PayoutByID implements PayoutReader.
func (r *reader) PayoutByID(ctx context.Context, id int64) (Payout, error) {
	return payoutByID(ctx, r.q(), id)
}

func payoutByID(ctx context.Context, q querier, id int64) (Payout, error) {
	list, err := queryPayouts(ctx, q, `WHERE p.id = ?`, id)
	if err == nil && len(list) == 0 {
		err = ErrNoPayout
	}
	if err != nil {
		return Payout{}, fmt.Errorf("reading payout %d: %w", id, err)
	}
	return list[0], nil
}

// queryPayouts reads the payouts that the rest of a query selects, and their
// entries.
func queryPayouts(ctx context.Context, q querier, rest string, args ...any) ([]Payout, error) {
	list, err := collect(ctx, q, scanPayout, `SELECT p.id, p.coin, p.state, p.created_at, p.changed_at, p.tried_at, p.attempts,
		p.detail, p.tx_hash, p.metadata, p.fee FROM payouts p `+rest, args...)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Entries, err = payoutEntries(ctx, q, list[i].ID); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func scanPayout(rows *sql.Rows) (p Payout, err error) {
	var created, changed, tried, fee int64
	err = rows.Scan(&p.ID, &p.Coin, &p.State, &created, &changed, &tried, &p.Attempts, &p.Detail, &p.TxHash, &p.Metadata, &fee)
	p.Created, p.Changed, p.Tried = time.UnixMilli(created), time.UnixMilli(changed), time.UnixMilli(tried)
	p.Fee = uint64(fee)
	return p, err
}

func payoutEntries(ctx context.Context, q querier, id int64) ([]PayoutEntry, error) {
	list, err := collect(ctx, q, func(rows *sql.Rows) (e PayoutEntry, err error) {
		var amount, withheld int64
		err = rows.Scan(&e.Login, &amount, &withheld)
		e.Amount, e.Withheld = uint64(amount), uint64(withheld)
		return e, err
	}, `SELECT login, amount, withheld FROM payout_entries WHERE payout = ?`, id)
	slices.SortFunc(list, func(a, b PayoutEntry) int { return cmp.Compare(a.Login, b.Login) })
	return list, err
}

// PayoutCounts implements PayoutReader.
func (r *reader) PayoutCounts(ctx context.Context) ([]PayoutCount, error) {
	list, err := collect(ctx, r.q(), func(rows *sql.Rows) (c PayoutCount, err error) {
		var amount int64
		err = rows.Scan(&c.Coin, &c.State, &c.Count, &amount)
		c.Amount = uint64(amount)
		return c, err
	}, `SELECT p.coin, p.state, COUNT(DISTINCT p.id), CAST(SUM(e.amount) AS BIGINT)
		FROM payouts p JOIN payout_entries e ON e.payout = p.id GROUP BY p.coin, p.state`)
	if err != nil {
		return nil, fmt.Errorf("counting the ledger's payouts: %w", err)
	}
	states := PayoutStates()
	slices.SortFunc(list, func(a, b PayoutCount) int {
		return cmp.Or(cmp.Compare(a.Coin, b.Coin), slices.Index(states, a.State)-slices.Index(states, b.State))
	})
	return list, nil
}

// Payables implements PayoutReader.
func (r *reader) Payables(ctx context.Context, coin string) ([]Payable, error) {
	list, err := collect(ctx, r.q(), func(rows *sql.Rows) (p Payable, err error) {
		var owed, threshold int64
		err = rows.Scan(&p.Login, &owed, &threshold)
		p.Owed, p.Threshold = uint64(owed), uint64(threshold)
		return p, err
	}, `SELECT a.login, a.balance, COALESCE(t.amount, 0) FROM accounts a
		LEFT JOIN payout_thresholds t ON t.coin = a.coin AND t.login = a.login
		WHERE a.coin = ? AND a.kind = 'miner' AND a.balance > 0`, coin)
	if err != nil {
		return nil, fmt.Errorf("reading what miners of %s are owed: %w", coin, err)
	}
	slices.SortFunc(list, func(a, b Payable) int { return cmp.Compare(a.Login, b.Login) })
	return list, nil
}

// PayoutPauses implements PayoutReader.
func (r *reader) PayoutPauses(ctx context.Context) ([]Pause, error) {
	list, err := collect(ctx, r.q(), func(rows *sql.Rows) (p Pause, err error) {
		var at int64
		err = rows.Scan(&p.Coin, &p.Reason, &at)
		p.At = time.UnixMilli(at)
		return p, err
	}, `SELECT coin, reason, at FROM payout_pauses`)
	if err != nil {
		return nil, fmt.Errorf("reading which payouts are paused: %w", err)
	}
	slices.SortFunc(list, func(a, b Pause) int { return cmp.Compare(a.Coin, b.Coin) })
	return list, nil
}
