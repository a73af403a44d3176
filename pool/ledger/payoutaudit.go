package ledger

import (
	"database/sql"
	"fmt"
)

// payouts checks that what is in flight belongs to open payouts, and that what
// is paid was confirmed, each to the unit.
func (a *auditor) payouts() error {
	err := a.check(
		rule{"inflight", "account", "it has %s in flight, its open payouts have %s",
			`SELECT a.id, a.balance, COALESCE(o.amount, 0) FROM accounts a LEFT JOIN (
				SELECT p.coin, e.login, SUM(e.amount) AS amount FROM payouts p JOIN payout_entries e ON e.payout = p.id
				WHERE ` + openPayout + ` GROUP BY p.coin, e.login) o ON o.coin = a.coin AND o.login = a.login
			WHERE a.kind = 'inflight' AND a.balance <> COALESCE(o.amount, 0)`},
		rule{"payout", "payout", "it is %s and has no transaction hash%s",
			`SELECT p.id, p.state, '' FROM payouts p WHERE p.tx_hash = '' AND p.state IN ('prepared', 'sending', 'sent', 'confirmed')`},
		rule{"payout", "transaction", "it is of kind payout, but of no payout%s%s",
			`SELECT t.id, '', '' FROM transactions t WHERE t.kind = 'payout'
			AND NOT EXISTS (SELECT 1 FROM payout_transactions x WHERE x.tx = t.id)`},
		rule{"payout", "payout", "its step %s is booked in a transaction of another kind or coin, %s",
			`SELECT x.payout, x.step, t.id FROM payout_transactions x JOIN transactions t ON t.id = x.tx JOIN payouts p ON p.id = x.payout
			WHERE t.kind <> 'payout' OR t.coin <> p.coin`},
	)
	if err != nil {
		return err
	}
	list, err := queryPayouts(a.ctx, a.q, `ORDER BY p.id`)
	if err != nil {
		return err
	}
	for i := range list {
		if err := a.payout(&list[i]); err != nil {
			return err
		}
	}
	return nil
}

// payout compares the steps of one payout with its state, and their entries
// with its own.
func (a *auditor) payout(p *Payout) error {
	where := fmt.Sprintf("payout %d", p.ID)
	steps := make(map[string]int64)
	_, err := collect(a.ctx, a.q, func(rows *sql.Rows) (none struct{}, err error) {
		var tx int64
		var step string
		err = rows.Scan(&tx, &step)
		steps[step] = tx
		return none, err
	}, `SELECT tx, step FROM payout_transactions WHERE payout = ?`, p.ID)
	if err != nil {
		return err
	}
	for step, due := range map[string]bool{"intent": true, "paid": p.State == PayoutConfirmed, "returned": p.State == PayoutReturned} {
		tx, booked := steps[step]
		switch {
		case booked != due:
			a.add("payout", where, "it is %s; that its step %q is booked is %t", p.State, step, booked)
		case booked:
			if err := a.payoutStep(p, where, step, tx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *auditor) payoutStep(p *Payout, where, step string, tx int64) error {
	var want []posting
	var err error
	switch step {
	case "intent":
		want, err = intentPostings(p.Entries)
	case "returned":
		want, err = returnPostings(p.Entries)
	default:
		want, err = paidPostings(p.Entries, p.Fee)
	}
	if err != nil {
		return err
	}
	entries, err := a.entries(`WHERE e.tx = ? ORDER BY e.account`, tx)
	if err != nil {
		return err
	}
	a.compare("payout", where, entries, want)
	return nil
}
