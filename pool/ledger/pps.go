package ledger

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/aditmine/adit/pool/reward"
)

// PendingPPS implements Accountant.
func (s *DB) PendingPPS(ctx context.Context, coin string, upTo uint64) ([]uint64, error) {
	heights, err := collect(ctx, s.q(), scanInt, `SELECT DISTINCT s.height FROM all_shares s
		WHERE s.round = (SELECT id FROM rounds WHERE coin = ? AND scheme = 'pps' AND block IS NULL) AND s.height <= ?
		ORDER BY s.height`, coin, int64(upTo))
	if err != nil {
		return nil, fmt.Errorf("listing the unpaid PPS shares of %s: %w", coin, err)
	}
	list := make([]uint64, len(heights))
	for i, h := range heights {
		list[i] = uint64(h)
	}
	return list, nil
}

// SettlePPS implements Accountant. The shares move into a round of their own,
// so that none is paid twice.
func (s *DB) SettlePPS(ctx context.Context, p PPSPrice) error {
	err := s.write(func(w *writing) error {
		live, err := s.liveRound(w, roundKey{p.Coin, reward.PPS}, p.At)
		if err != nil {
			return err
		}
		round, err := moveHeight(w, p, live)
		if err != nil {
			return err
		}
		work, err := workOfRounds(ctx, w, []int64{round})
		if err != nil || len(work) == 0 {
			return err
		}
		split, err := reward.PerShare(p.Reward, p.Difficulty, work)
		if err != nil {
			return err
		}
		price, err := signed(p.Reward)
		if err != nil {
			return err
		}
		postings, err := splitPostings(Fund, split)
		if err != nil {
			return err
		}
		tx, err := post(w, p.Coin, "pps", sql.NullInt64{}, p.At, postings)
		if err != nil {
			return err
		}
		_, err = w.Exec(`INSERT INTO settlements (tx, round, height, hash, reward, difficulty) VALUES (?, ?, ?, ?, ?, ?)`,
			tx, round, int64(p.Height), p.Hash, price, p.Difficulty.String())
		return err
	})
	if err != nil {
		return fmt.Errorf("paying the PPS shares of %s at height %d: %w", p.Coin, p.Height, err)
	}
	return nil
}

// moveHeight moves the shares of a height into a new round.
//
// What is rolled up loses its height, which made its price and is of no more
// use; what is not will, when it is.
func moveHeight(w *writing, p PPSPrice, live int64) (round int64, err error) {
	const insert = `INSERT INTO rounds (coin, scheme, opened_at, block) VALUES (?, 'pps', ?, 0) RETURNING id`
	if err := w.QueryRow(insert, p.Coin, p.At.UnixMilli()).Scan(&round); err != nil {
		return 0, err
	}
	if _, err := w.Exec(`UPDATE shares SET round = ? WHERE round = ? AND height = ?`, round, live, int64(p.Height)); err != nil {
		return 0, err
	}
	_, err = w.Exec(`UPDATE share_sums SET round = ?, height = 0 WHERE round = ? AND height = ?`, round, live, int64(p.Height))
	return round, err
}
