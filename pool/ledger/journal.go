package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"time"
)

// AccountKind says what an account is for.
type AccountKind string

// The kinds of account. Miner, Inflight and Paid are one for each login, the
// others one for each coin.
const (
	Owed     AccountKind = "miner"    // what a login is owed
	Fees     AccountKind = "fees"     // what the pool has kept, less network fees it has paid; may be below zero
	Fund     AccountKind = "fund"     // what PPS blocks brought, less what PPS shares cost; may be below zero
	Rewards  AccountKind = "rewards"  // where block rewards come from: minus their sum
	Inflight AccountKind = "inflight" // payouts on their way
	Paid     AccountKind = "paid"     // payouts that have arrived; without a login, network fees
)

// Balance is an account and what is in it, in atomic units.
type Balance struct {
	Coin   string
	Kind   AccountKind
	Login  string
	Amount int64
}

// posting is one side of a transaction to be written.
type posting struct {
	kind   AccountKind
	login  string
	amount int64
}

// post writes a transaction and moves the balances. It writes nothing unless
// the amounts sum to zero, and returns the transaction's number.
func post(w *writing, coin, kind string, block sql.NullInt64, at time.Time, postings []posting) (id int64, err error) {
	if err := balanced(postings); err != nil {
		return 0, err
	}
	const insert = `INSERT INTO transactions (coin, kind, block, at) VALUES (?, ?, ?, ?) RETURNING id`
	if err := w.QueryRow(insert, coin, kind, block, at.UnixMilli()).Scan(&id); err != nil {
		return 0, err
	}
	for _, p := range postings {
		if p.amount == 0 {
			continue
		}
		if err := enter(w, id, coin, p); err != nil {
			return 0, err
		}
	}
	// What was written counts, not what was meant.
	var sum int64
	if err := w.QueryRow(`SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM entries WHERE tx = ?`, id).Scan(&sum); err != nil {
		return 0, err
	}
	if sum != 0 {
		return 0, fmt.Errorf("%w but to %d", ErrUnbalanced, sum)
	}
	return id, nil
}

func balanced(postings []posting) error {
	sum := new(big.Int)
	for _, p := range postings {
		sum.Add(sum, big.NewInt(p.amount))
	}
	if sum.Sign() != 0 {
		return fmt.Errorf("%w but to %s", ErrUnbalanced, sum)
	}
	return nil
}

// enter writes one entry and moves its account's balance.
func enter(w *writing, tx int64, coin string, p posting) error {
	var account, balance int64
	const upsert = `INSERT INTO accounts (coin, kind, login, balance) VALUES (?, ?, ?, 0)
		ON CONFLICT (coin, kind, login) DO UPDATE SET coin = excluded.coin RETURNING id, balance`
	if err := w.QueryRow(upsert, coin, string(p.kind), p.login).Scan(&account, &balance); err != nil {
		return err
	}
	if p.amount > 0 && balance > math.MaxInt64-p.amount || p.amount < 0 && balance < math.MinInt64-p.amount {
		return fmt.Errorf("account %d cannot hold %d more: it is full", account, p.amount)
	}
	if _, err := w.Exec(`UPDATE accounts SET balance = ? WHERE id = ?`, balance+p.amount, account); err != nil {
		return err
	}
	_, err := w.Exec(`INSERT INTO entries (tx, account, amount) VALUES (?, ?, ?)`, tx, account, p.amount)
	return err
}

// Balances implements Reader.
func (r *reader) Balances(ctx context.Context) ([]Balance, error) {
	list, err := collect(ctx, r.q(), scanBalance, `SELECT coin, kind, login, balance FROM accounts WHERE balance <> 0`)
	if err != nil {
		return nil, fmt.Errorf("reading the ledger's accounts: %w", err)
	}
	slices.SortFunc(list, func(a, b Balance) int {
		return cmp.Or(cmp.Compare(a.Coin, b.Coin), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Login, b.Login))
	})
	return list, nil
}

func scanBalance(rows *sql.Rows) (b Balance, err error) {
	return b, rows.Scan(&b.Coin, &b.Kind, &b.Login, &b.Amount)
}

// signed is an amount as the journal holds it.
func signed(amount uint64) (int64, error) {
	if amount > math.MaxInt64 {
		return 0, errors.New("an amount of more than 63 bits")
	}
	return int64(amount), nil
}
