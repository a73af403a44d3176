package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// CreatePayout implements PayoutStore.
func (s *DB) CreatePayout(_ context.Context, coin string, entries []PayoutEntry, at time.Time) (p Payout, err error) {
	if len(entries) == 0 {
		return Payout{}, errors.New("a payout to nobody")
	}
	err = s.write(func(w *writing) error {
		id, err := insertPayout(w, coin, entries, at)
		if err != nil {
			return err
		}
		p, err = payoutByID(w.ctx, w, id)
		return err
	})
	if err != nil {
		return Payout{}, fmt.Errorf("setting money of %s aside for a payout: %w", coin, err)
	}
	return p, nil
}

func insertPayout(w *writing, coin string, entries []PayoutEntry, at time.Time) (id int64, err error) {
	var paused int
	if err := w.QueryRow(`SELECT COUNT(*) FROM payout_pauses WHERE coin = ?`, coin).Scan(&paused); err != nil {
		return 0, err
	}
	if paused > 0 {
		return 0, ErrPaused
	}
	const insert = `INSERT INTO payouts (coin, state, created_at, changed_at, tried_at) VALUES (?, 'created', ?, ?, ?) RETURNING id`
	if err := w.QueryRow(insert, coin, at.UnixMilli(), at.UnixMilli(), at.UnixMilli()).Scan(&id); err != nil {
		return 0, err
	}
	for _, e := range entries {
		if err := insertEntry(w, id, coin, e); err != nil {
			return 0, fmt.Errorf("%q: %w", e.Login, err)
		}
	}
	postings, err := intentPostings(entries)
	if err != nil {
		return 0, err
	}
	return id, postPayout(w, id, coin, "intent", at, postings)
}

// insertEntry writes an entry that the login's balance covers.
func insertEntry(w *writing, id int64, coin string, e PayoutEntry) error {
	amount, err := signed(e.Amount)
	if err != nil {
		return err
	}
	var owed int64
	err = w.QueryRow(`SELECT balance FROM accounts WHERE coin = ? AND kind = 'miner' AND login = ?`, coin, e.Login).Scan(&owed)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if e.Login == "" || amount == 0 || owed < amount {
		return fmt.Errorf("%w: %d of %d", ErrShort, amount, owed)
	}
	_, err = w.Exec(`INSERT INTO payout_entries (payout, login, amount) VALUES (?, ?, ?)`, id, e.Login, amount)
	return err
}

// postPayout books a step of a payout.
func postPayout(w *writing, id int64, coin, step string, at time.Time, postings []posting) error {
	tx, err := post(w, coin, "payout", sql.NullInt64{}, at, postings)
	if err != nil {
		return err
	}
	_, err = w.Exec(`INSERT INTO payout_transactions (tx, payout, step) VALUES (?, ?, ?)`, tx, id, step)
	return err
}

// intentPostings set money aside.
func intentPostings(entries []PayoutEntry) (list []posting, err error) {
	for _, e := range entries {
		amount, err := signed(e.Amount)
		if err != nil {
			return nil, err
		}
		list = append(list, posting{Owed, e.Login, -amount}, posting{Inflight, e.Login, amount})
	}
	return list, nil
}

// returnPostings give it back.
func returnPostings(entries []PayoutEntry) ([]posting, error) {
	list, err := intentPostings(entries)
	for i := range list {
		list[i].amount = -list[i].amount
	}
	return list, err
}

// paidPostings book a payout that has arrived. What the network took is paid
// to nobody, the account of kind Paid without a login; the pool's fees bear it,
// and get what was withheld from the miners for it.
func paidPostings(entries []PayoutEntry, fee uint64) (list []posting, err error) {
	network, err := signed(fee)
	if err != nil {
		return nil, err
	}
	pool := -network
	for _, e := range entries {
		amount, err := signed(e.Amount)
		if err != nil {
			return nil, err
		}
		withheld, err := signed(e.Withheld)
		if err != nil {
			return nil, err
		}
		list = append(list, posting{Inflight, e.Login, -amount}, posting{Paid, e.Login, amount - withheld})
		pool += withheld
	}
	return append(list, posting{Paid, "", network}, posting{Fees, "", pool}), nil
}

// MovePayout implements PayoutStore.
func (s *DB) MovePayout(_ context.Context, id int64, m PayoutMove) error {
	err := s.write(func(w *writing) error {
		p, err := payoutByID(w.ctx, w, id)
		switch {
		case err != nil:
			return err
		case p.State != m.From:
			return fmt.Errorf("%w: it is %s, not %s", ErrMoved, p.State, m.From)
		case !m.From.leadsTo(m.To):
			return fmt.Errorf("a payout that is %s cannot become %s", m.From, m.To)
		}
		return movePayout(w, p, m)
	})
	if err != nil {
		return fmt.Errorf("recording that payout %d is %s: %w", id, m.To, err)
	}
	return nil
}

func movePayout(w *writing, p Payout, m PayoutMove) error {
	at := m.At.UnixMilli()
	if m.From == m.To {
		_, err := w.Exec(`UPDATE payouts SET attempts = attempts + 1, detail = ?, tried_at = ? WHERE id = ?`, plain(m.Detail), at, p.ID)
		return err
	}
	if err := moveMoney(w, p, m); err != nil {
		return err
	}
	_, err := w.Exec(`UPDATE payouts SET state = ?, attempts = 0, detail = ?, changed_at = ?, tried_at = ? WHERE id = ?`,
		string(m.To), plain(m.Detail), at, at, p.ID)
	return err
}

// moveMoney does what a change of state is about.
func moveMoney(w *writing, p Payout, m PayoutMove) error {
	switch m.To {
	case PayoutPrepared:
		return keepDraft(w, p, m.Draft)
	case PayoutCreated:
		return keepDraft(w, p, &PayoutDraft{})
	case PayoutConfirmed:
		postings, err := paidPostings(p.Entries, p.Fee)
		if err != nil {
			return err
		}
		return postPayout(w, p.ID, p.Coin, "paid", m.At, postings)
	case PayoutReturned:
		postings, err := returnPostings(p.Entries)
		if err != nil {
			return err
		}
		return postPayout(w, p.ID, p.Coin, "returned", m.At, postings)
	}
	return nil
}

// keepDraft writes down what the wallet has signed; an empty draft forgets it.
func keepDraft(w *writing, p Payout, d *PayoutDraft) error {
	if d == nil || d.Withheld != nil && len(d.Withheld) != len(p.Entries) {
		return errors.New("its draft is missing, or is another payout's")
	}
	fee, err := signed(d.Fee)
	if err != nil {
		return err
	}
	_, err = w.Exec(`UPDATE payouts SET tx_hash = ?, metadata = ?, fee = ? WHERE id = ?`, plain(d.TxHash), plain(d.Metadata), fee, p.ID)
	if err != nil {
		return err
	}
	for i, e := range p.Entries {
		var withheld uint64
		if d.Withheld != nil {
			withheld = d.Withheld[i]
		}
		if withheld >= e.Amount {
			return fmt.Errorf("%q would get nothing of %d", e.Login, e.Amount)
		}
		_, err := w.Exec(`UPDATE payout_entries SET withheld = ? WHERE payout = ? AND login = ?`, int64(withheld), p.ID, e.Login)
		if err != nil {
			return err
		}
	}
	return nil
}

// PausePayouts implements PayoutStore.
func (s *DB) PausePayouts(_ context.Context, coin, reason string, at time.Time) error {
	return s.change("pausing payouts of "+coin, `INSERT INTO payout_pauses (coin, at, reason) VALUES (?, ?, ?)
		ON CONFLICT (coin) DO UPDATE SET at = excluded.at, reason = excluded.reason`, coin, at.UnixMilli(), plain(reason))
}

// ResumePayouts implements PayoutStore.
func (s *DB) ResumePayouts(_ context.Context, coin string) error {
	return s.change("resuming payouts of "+coin, `DELETE FROM payout_pauses WHERE coin = ?`, coin)
}

// SetPayoutThreshold implements PayoutStore.
func (s *DB) SetPayoutThreshold(_ context.Context, coin, login string, amount uint64) error {
	what := fmt.Sprintf("keeping the payout threshold of %q", login)
	if amount == 0 {
		return s.change(what, `DELETE FROM payout_thresholds WHERE coin = ? AND login = ?`, coin, login)
	}
	threshold, err := signed(amount)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return s.change(what, `INSERT INTO payout_thresholds (coin, login, amount) VALUES (?, ?, ?)
		ON CONFLICT (coin, login) DO UPDATE SET amount = excluded.amount`, coin, login, threshold)
}

// change runs one statement.
func (s *DB) change(what, statement string, args ...any) error {
	err := s.write(func(w *writing) error {
		_, err := w.Exec(statement, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
