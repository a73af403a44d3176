package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"math/big"
	"slices"

	"github.com/aditmine/adit/pool/reward"
)

// Violation is an invariant of the ledger that does not hold: a mistake of
// this program, or a change made by other hands.
type Violation struct {
	Rule  string // in a word or two, such as "transaction sum"
	Where string // the rows: "block 5", "transaction 17"
	Text  string
}

// String is one line.
func (v Violation) String() string { return v.Rule + ": " + v.Where + ": " + v.Text }

// Audit implements Reader. It looks at one moment of the ledger.
//
// What it checks: every transaction sums to zero; every balance is the sum of
// its entries, and no miner's is negative; every unlocked block has one
// transaction, whose credits and fees are its reward, and are what its scheme
// makes of the work kept with it; that work is what the shares say, where they
// are still told apart; no other block has one; every share belongs to a round
// of its coin, and every round and its block to each other; no round is paid
// by two blocks, but for those that a restored block shares; every settlement
// paid what its shares are worth; what is in flight is what open payouts have,
// and every payout's steps are booked as its state says.
func (r *reader) Audit(ctx context.Context) ([]Violation, error) {
	conn, err := r.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("auditing the ledger: %w", sentinel(err))
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, r.snapshot()); err != nil {
		return nil, fmt.Errorf("auditing the ledger: %w", sentinel(err))
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
	a := &auditor{ctx: ctx, q: session{conn, r.dialect}}
	for _, check := range []func() error{a.journal, a.blocks, a.rounds, a.shares, a.settlements, a.payouts} {
		if err := check(); err != nil {
			return nil, fmt.Errorf("auditing the ledger: %w", err)
		}
	}
	return a.found, nil
}

type auditor struct {
	ctx   context.Context
	q     querier
	found []Violation
}

func (a *auditor) add(rule, where, format string, args ...any) {
	a.found = append(a.found, Violation{rule, where, fmt.Sprintf(format, args...)})
}

type entryRow struct {
	tx, account, amount int64
	txCoin, coin        string
	kind                AccountKind
	login               string
}

func (a *auditor) entries(where string, args ...any) ([]entryRow, error) {
	return collect(a.ctx, a.q, func(rows *sql.Rows) (e entryRow, err error) {
		return e, rows.Scan(&e.tx, &e.account, &e.amount, &e.txCoin, &e.coin, &e.kind, &e.login)
	}, `SELECT e.tx, e.account, e.amount, t.coin, a.coin, a.kind, a.login FROM entries e
		JOIN transactions t ON t.id = e.tx JOIN accounts a ON a.id = e.account `+where, args...)
}

// journal checks sums and balances.
func (a *auditor) journal() error {
	entries, err := a.entries(`ORDER BY e.tx`)
	if err != nil {
		return err
	}
	sums, held := make(map[int64]*big.Int), make(map[int64]*big.Int)
	for _, e := range entries {
		addTo(sums, e.tx, e.amount)
		addTo(held, e.account, e.amount)
		if e.coin != e.txCoin {
			a.add("coin", fmt.Sprintf("transaction %d", e.tx), "it is of %s, its account %d of %s", e.txCoin, e.account, e.coin)
		}
	}
	for _, tx := range sorted(sums) {
		if sums[tx].Sign() != 0 {
			a.add("transaction sum", fmt.Sprintf("transaction %d", tx), "its entries sum to %s, not to zero", sums[tx])
		}
	}
	return a.balances(held)
}

func addTo(sums map[int64]*big.Int, key, amount int64) {
	if sums[key] == nil {
		sums[key] = new(big.Int)
	}
	sums[key].Add(sums[key], big.NewInt(amount))
}

func sorted[V any](m map[int64]V) []int64 {
	keys := make([]int64, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (a *auditor) balances(held map[int64]*big.Int) error {
	type account struct {
		id      int64
		kind    AccountKind
		balance int64
	}
	accounts, err := collect(a.ctx, a.q, func(rows *sql.Rows) (c account, err error) {
		return c, rows.Scan(&c.id, &c.kind, &c.balance)
	}, `SELECT id, kind, balance FROM accounts ORDER BY id`)
	if err != nil {
		return err
	}
	for _, c := range accounts {
		where, sum := fmt.Sprintf("account %d", c.id), held[c.id]
		if sum == nil {
			sum = new(big.Int)
		}
		if sum.Cmp(big.NewInt(c.balance)) != 0 {
			a.add("balance", where, "it says %d, its entries sum to %s", c.balance, sum)
		}
		if c.balance < 0 && c.kind != Rewards && c.kind != Fund && c.kind != Fees || c.balance > 0 && c.kind == Rewards {
			a.add("sign", where, "a balance of %d, which an account of kind %s cannot have", c.balance, c.kind)
		}
	}
	return nil
}

// blocks checks what was paid for each block.
func (a *auditor) blocks() error {
	blocks, err := queryBlocks(a.ctx, a.q, `ORDER BY b.id`)
	if err != nil {
		return err
	}
	top := make(map[string]uint64)
	for _, b := range blocks {
		top[b.Coin] = max(top[b.Coin], b.Height)
	}
	for _, b := range blocks {
		where := fmt.Sprintf("block %d", b.ID)
		txs, err := collect(a.ctx, a.q, scanInt, `SELECT id FROM transactions WHERE block = ? AND kind = 'block'`, b.ID)
		switch {
		case err != nil:
			return err
		case b.State != BlockUnlocked && len(txs) > 0:
			a.add("unearned", where, "it is %s, but transaction %d divides a reward", b.State, txs[0])
		case b.State == BlockUnlocked && len(txs) != 1:
			a.add("unpaid", where, "it is unlocked, but %d transactions divide its reward", len(txs))
		case b.State == BlockUnlocked:
			if err := a.paid(b, where, txs[0]); err != nil {
				return err
			}
			if b.Height+WindowHeights >= top[b.Coin] {
				if err := a.work(b, where); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// paid compares a block's entries with what its kept work makes of its reward.
func (a *auditor) paid(b Block, where string, tx int64) error {
	entries, err := a.entries(`WHERE e.tx = ? ORDER BY e.account`, tx)
	if err != nil {
		return err
	}
	work, err := keptWork(a.ctx, a.q, b.ID)
	if err != nil {
		return err
	}
	want, err := blockPostings(b, work)
	if err != nil {
		a.add("division", where, "its reward cannot be divided: %v", err)
		return nil
	}
	out := new(big.Int)
	for _, e := range entries {
		if e.kind != Rewards {
			out.Add(out, big.NewInt(e.amount))
		}
	}
	if out.Cmp(new(big.Int).SetUint64(b.Reward)) != 0 {
		a.add("reward", where, "credits and fees are %s, its reward is %d", out, b.Reward)
	}
	a.compare("division", where, entries, want)
	return nil
}

// compare looks for differences between entries and what they should be.
func (a *auditor) compare(rule, where string, entries []entryRow, want []posting) {
	type key struct {
		kind  AccountKind
		login string
	}
	missing := make(map[key]int64)
	for _, p := range want {
		missing[key{p.kind, p.login}] += p.amount
	}
	for _, e := range entries {
		k := key{e.kind, e.login}
		if e.amount != missing[k] {
			a.add(rule, where, "account %d got %d, not %d", e.account, e.amount, missing[k])
		}
		delete(missing, k)
	}
	for k, amount := range missing {
		if amount != 0 {
			a.add(rule, where, "%s %q got nothing, not %d", k.kind, k.login, amount)
		}
	}
}

// work compares the work kept with a block with its shares.
func (a *auditor) work(b Block, where string) error {
	kept, err := keptWork(a.ctx, a.q, b.ID)
	if err != nil {
		return err
	}
	var span string
	if err := a.q.QueryRowContext(a.ctx, `SELECT span FROM blocks WHERE id = ?`, b.ID).Scan(&span); err != nil {
		return err
	}
	window, _ := new(big.Int).SetString(span, 10)
	if b.Scheme == reward.PPLNS && (window == nil || window.Sign() <= 0) {
		a.add("work", where, "its PPLNS window is %q", span)
		return nil
	}
	var work []reward.Work
	if b.Scheme == reward.PROP {
		work, err = a.workOfKeptRounds(b)
	} else {
		work, _, err = blockWork(a.ctx, a.q, b, window)
	}
	if err != nil {
		return err
	}
	same := slices.EqualFunc(kept, work, func(x, y reward.Work) bool {
		return x.Login == y.Login && x.Fee == y.Fee && x.Done.Cmp(y.Done) == 0
	})
	if !same {
		a.add("work", where, "its reward was divided by work %s, the shares say %s", show(kept), show(work))
	}
	return nil
}

// workOfKeptRounds sums the rounds that a PROP block did pay for.
func (a *auditor) workOfKeptRounds(b Block) ([]reward.Work, error) {
	rounds, err := collect(a.ctx, a.q, scanInt, `SELECT round FROM block_rounds WHERE block = ?`, b.ID)
	if err != nil {
		return nil, err
	}
	work, err := workOfRounds(a.ctx, a.q, rounds)
	if len(work) == 0 {
		work = []reward.Work{{Login: b.Login, Fee: b.Fee, Done: big.NewInt(1)}}
	}
	return work, err
}

// show writes work for a person, not too much of it.
func show(work []reward.Work) string {
	text := ""
	for i, w := range work {
		if i == 5 {
			return text + fmt.Sprintf(" and %d more", len(work)-i)
		}
		text += fmt.Sprintf(" %s=%s", w.Login, w.Done)
	}
	return "[" + text + " ]"
}
