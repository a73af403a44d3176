package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/aditmine/adit/pool/reward"
)

// Candidates implements Accountant.
func (s *DB) Candidates(ctx context.Context, coin string, lostFrom uint64) ([]Block, error) {
	blocks, err := queryBlocks(ctx, s.q(), `WHERE m.coin = ? AND (b.state IN ('found', 'accepted', 'unsure')
		OR b.state IN ('refused', 'orphaned') AND b.height >= ?) ORDER BY b.id`, coin, int64(lostFrom))
	if err != nil {
		return nil, fmt.Errorf("listing the block candidates of %s: %w", coin, err)
	}
	return blocks, nil
}

// MarkResubmitted implements Accountant.
func (s *DB) MarkResubmitted(_ context.Context, id int64) error {
	err := s.write(func(w *writing) error {
		_, err := w.Exec(`UPDATE blocks SET resubmitted = 1 WHERE id = ?`, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("noting that block %d is handed in again: %w", id, err)
	}
	return nil
}

// NoteDepth implements Accountant.
func (s *DB) NoteDepth(_ context.Context, id int64, depth uint64, at time.Time) error {
	err := s.write(func(w *writing) error {
		b, err := blockByID(w, id)
		if err != nil || b.State == BlockUnlocked || b.State == BlockAccepted && b.Depth == depth {
			return err
		}
		if err := regainRound(w, b); err != nil {
			return err
		}
		_, err = w.Exec(`UPDATE blocks SET state = 'accepted', depth = ?, settled_at = COALESCE(settled_at, ?) WHERE id = ?`,
			int64(depth), at.UnixMilli(), id)
		return err
	})
	if err != nil {
		return fmt.Errorf("recording the depth of block %d: %w", id, err)
	}
	return nil
}

// OrphanBlock implements Accountant.
func (s *DB) OrphanBlock(_ context.Context, id int64, detail string, at time.Time) error {
	err := s.write(func(w *writing) error {
		b, err := blockByID(w, id)
		switch {
		case err != nil || b.State == BlockOrphaned:
			return err
		case b.State == BlockUnlocked:
			return ErrSettled
		}
		if err := s.loseRound(w, b, at); err != nil {
			return err
		}
		_, err = w.Exec(`UPDATE blocks SET state = 'orphaned', detail = ?, settled_at = ? WHERE id = ?`, plain(detail), at.UnixMilli(), id)
		return err
	})
	if err != nil {
		return fmt.Errorf("recording that block %d is orphaned: %w", id, err)
	}
	return nil
}

// UnlockBlock implements Accountant.
func (s *DB) UnlockBlock(ctx context.Context, id int64, u Unlock) error {
	err := s.write(func(w *writing) error {
		b, err := blockByID(w, id)
		if err != nil || b.State == BlockUnlocked {
			return err
		}
		if err := regainRound(w, b); err != nil {
			return err
		}
		work, rounds, err := blockWork(ctx, w, b, u.Window)
		if err != nil {
			return err
		}
		b.Reward = u.Reward
		postings, err := blockPostings(b, work)
		if err != nil {
			return err
		}
		if _, err := post(w, b.Coin, "block", sql.NullInt64{Int64: id, Valid: true}, u.At, postings); err != nil {
			return err
		}
		if err := keepWork(w, id, work, rounds); err != nil {
			return err
		}
		span := ""
		if b.Scheme == reward.PPLNS {
			span = u.Window.String()
		}
		_, err = w.Exec(`UPDATE blocks SET state = 'unlocked', detail = '', reward = ?, depth = ?, span = ?, settled_at = ? WHERE id = ?`,
			int64(u.Reward), int64(u.Depth), span, u.At.UnixMilli(), id)
		return err
	})
	if err != nil {
		return fmt.Errorf("dividing the reward of block %d: %w", id, err)
	}
	return nil
}

// blockPostings are the entries of a block's reward.
func blockPostings(b Block, work []reward.Work) ([]posting, error) {
	if b.Scheme == reward.PPS {
		amount, err := signed(b.Reward)
		return []posting{{Rewards, "", -amount}, {Fund, "", amount}}, err
	}
	split, err := splitBlock(b, work)
	if err != nil {
		return nil, err
	}
	return splitPostings(Rewards, split)
}

// splitBlock divides a block's reward by its scheme.
func splitBlock(b Block, work []reward.Work) (reward.Split, error) {
	if b.Scheme == reward.SOLO {
		return reward.Solo(b.Reward, b.Login, b.Fee)
	}
	return reward.Proportional(b.Reward, work)
}

// splitPostings pays a split from an account. That credits and fees are all of
// it, and no more, is what makes the transaction balance.
func splitPostings(from AccountKind, split reward.Split) ([]posting, error) {
	total, err := signed(split.Total())
	if err != nil {
		return nil, err
	}
	fees, err := signed(split.Fees)
	if err != nil {
		return nil, err
	}
	list := []posting{{from, "", -total}, {Fees, "", fees}}
	for _, c := range split.Credits {
		amount, err := signed(c.Amount)
		if err != nil {
			return nil, err
		}
		list = append(list, posting{Owed, c.Login, amount})
	}
	return list, nil
}

// keepWork writes down what a reward was divided by.
func keepWork(w *writing, id int64, work []reward.Work, rounds []int64) error {
	for _, r := range rounds {
		if _, err := w.Exec(`INSERT INTO block_rounds (block, round) VALUES (?, ?)`, id, r); err != nil {
			return err
		}
	}
	for _, k := range work {
		if _, err := w.Exec(`INSERT INTO block_work (block, login, fee, work) VALUES (?, ?, ?, ?)`, id, k.Login, k.Fee, k.Done.String()); err != nil {
			return err
		}
	}
	return nil
}

// keptWork reads what keepWork wrote.
func keptWork(ctx context.Context, q querier, id int64) ([]reward.Work, error) {
	list, err := collect(ctx, q, func(rows *sql.Rows) (k reward.Work, err error) {
		var text string
		if err := rows.Scan(&k.Login, &k.Fee, &text); err != nil {
			return k, err
		}
		done, ok := new(big.Int).SetString(text, 10)
		if !ok {
			return k, errors.New("the work of block " + fmt.Sprint(id) + " is not a number")
		}
		k.Done = done
		return k, nil
	}, `SELECT login, fee, work FROM block_work WHERE block = ?`, id)
	// Databases do not agree on the order of text.
	slices.SortFunc(list, func(a, b reward.Work) int { return cmp.Or(cmp.Compare(a.Login, b.Login), a.Fee-b.Fee) })
	return list, err
}
