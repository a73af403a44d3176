package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"
)

// rollStep is how many shares one transaction rolls up: few enough that new
// shares do not wait long.
const rollStep = 5000

// RollUp implements Accountant. It sums shares that are the same in round,
// height, miner, fee and difficulty, which is all that dividing a reward looks
// at. Where the height does not matter (PROP, SOLO, PPS already paid, PPLNS
// older than any window reaches) it is left out too.
func (s *DB) RollUp(ctx context.Context, before time.Time) error {
	for ctx.Err() == nil {
		more, err := s.rollSome(before)
		if err != nil {
			return fmt.Errorf("rolling up old shares: %w", err)
		}
		if !more {
			break
		}
	}
	if err := s.forgetHeights(ctx); err != nil {
		return fmt.Errorf("rolling up old shares: %w", err)
	}
	return ctx.Err()
}

// addSums ends a statement that inserts into share_sums.
const addSums = ` ON CONFLICT (round, height, miner, fee, difficulty) DO UPDATE SET shares = share_sums.shares + excluded.shares,
	blocks = share_sums.blocks + excluded.blocks,
	last_at = CASE WHEN share_sums.last_at < excluded.last_at THEN excluded.last_at ELSE share_sums.last_at END`

// rollSome rolls up the oldest shares. They are taken in the order in which
// they were written, up to the first that is too young.
func (s *DB) rollSome(before time.Time) (more bool, err error) {
	err = s.write(func(w *writing) error {
		var last, count int64
		const oldest = `SELECT COALESCE(MAX(id), 0), COUNT(*) FROM (SELECT id, at FROM shares ORDER BY id LIMIT ?) AS oldest WHERE at < ?`
		if err := w.QueryRow(oldest, rollStep, before.UnixMilli()).Scan(&last, &count); err != nil || count == 0 {
			return err
		}
		more = count == rollStep
		_, err := w.Exec(`INSERT INTO share_sums (round, height, miner, fee, difficulty, shares, blocks, last_at)
			SELECT s.round, CASE WHEN r.scheme IN ('prop', 'solo') OR r.block = 0 THEN 0 ELSE s.height END AS h,
				s.miner, s.fee, s.difficulty, COUNT(*), SUM(s.block), MAX(s.at)
			FROM shares s JOIN rounds r ON r.id = s.round WHERE s.id <= ? GROUP BY s.round, h, s.miner, s.fee, s.difficulty`+addSums, last)
		if err != nil {
			return err
		}
		_, err = w.Exec(`DELETE FROM shares WHERE id <= ?`, last)
		return err
	})
	return more, err
}

// forgetHeights sums PPLNS shares over the heights that no window reaches any
// more: windows of blocks up to WindowHeights back can still be asked for, and
// those of blocks whose fate is open always.
func (s *DB) forgetHeights(ctx context.Context) error {
	coins, err := collect(ctx, s.q(), func(rows *sql.Rows) (coin string, err error) {
		return coin, rows.Scan(&coin)
	}, `SELECT DISTINCT coin FROM rounds WHERE scheme = 'pplns'`)
	if err != nil {
		return err
	}
	for _, coin := range coins {
		if err := s.write(func(w *writing) error { return flatten(w, coin) }); err != nil {
			return err
		}
	}
	return nil
}

// unreachable selects the rows of a coin that lie below a height.
const unreachable = ` FROM share_sums WHERE round IN (SELECT id FROM rounds WHERE coin = ? AND scheme = 'pplns') AND height > 0 AND height < ?`

func flatten(w *writing, coin string) error {
	var top, open int64
	const heights = `SELECT COALESCE(MAX(b.height), 0), COALESCE(MIN(CASE WHEN b.state IN ('found', 'accepted', 'unsure') THEN b.height END), ?)
		FROM blocks b JOIN miners m ON m.id = b.miner WHERE m.coin = ?`
	if err := w.QueryRow(heights, math.MaxInt64, coin).Scan(&top, &open); err != nil {
		return err
	}
	floor := min(top-WindowHeights, open) - WindowHeights
	if floor <= 0 {
		return nil
	}
	_, err := w.Exec(`INSERT INTO share_sums (round, height, miner, fee, difficulty, shares, blocks, last_at)
		SELECT round, 0, miner, fee, difficulty, SUM(shares), SUM(blocks), MAX(last_at)`+unreachable+`
		GROUP BY round, miner, fee, difficulty`+addSums, coin, floor)
	if err != nil {
		return err
	}
	_, err = w.Exec(`DELETE`+unreachable, coin, floor)
	return err
}
