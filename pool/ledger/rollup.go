package ledger

import (
	"context"
	"fmt"
	"time"
)

// rollStep is how many shares one transaction rolls up: few enough that new
// shares do not wait long.
const rollStep = 5000

// RollUp implements Accountant. It sums shares that are the same in round,
// height, miner, fee and difficulty, which is all that dividing a reward looks
// at. Where the height does not matter (PROP, SOLO, PPS already paid, PPLNS
// older than any window reaches) it is left out too.
func (s *SQLite) RollUp(ctx context.Context, before time.Time) error {
	for ctx.Err() == nil {
		more, err := s.rollSome(before)
		if err != nil {
			return fmt.Errorf("rolling up old shares: %w", err)
		}
		if !more {
			break
		}
	}
	if err := s.forgetHeights(); err != nil {
		return fmt.Errorf("rolling up old shares: %w", err)
	}
	return ctx.Err()
}

// addSums ends a statement that inserts into share_sums.
const addSums = ` ON CONFLICT (round, height, miner, fee, difficulty) DO UPDATE SET shares = shares + excluded.shares,
	blocks = blocks + excluded.blocks, last_at = MAX(last_at, excluded.last_at)`

// rollSome rolls up the oldest shares. They are taken in the order in which
// they were written, up to the first that is too young.
func (s *SQLite) rollSome(before time.Time) (more bool, err error) {
	err = s.write(func(w *writing) error {
		var last, count int64
		const oldest = `SELECT COALESCE(MAX(id), 0), COUNT(*) FROM (SELECT id, at FROM shares ORDER BY id LIMIT ?) WHERE at < ?`
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

// forgetHeights sums what is kept apart by height without need.
func (s *SQLite) forgetHeights() error {
	return s.write(func(w *writing) error {
		// Windows of blocks up to WindowHeights back can still be asked for,
		// those of blocks whose fate is open always.
		const create = `CREATE TEMP TABLE IF NOT EXISTS flat (round INTEGER PRIMARY KEY, below INTEGER NOT NULL)`
		if _, err := w.Exec(create); err != nil {
			return err
		}
		if _, err := w.Exec(`DELETE FROM flat`); err != nil {
			return err
		}
		const choose = `INSERT INTO flat SELECT r.id, CASE WHEN r.scheme = 'pplns' THEN f.floor ELSE 9223372036854775807 END
			FROM rounds r JOIN (
				SELECT c.coin, MIN(COALESCE((SELECT MIN(b.height) FROM blocks b JOIN rounds x ON x.id = b.round
						WHERE x.coin = c.coin AND b.state IN ('found', 'accepted', 'unsure')), 9223372036854775807),
					COALESCE((SELECT MAX(b.height) FROM blocks b JOIN rounds x ON x.id = b.round WHERE x.coin = c.coin), 0) - ?1) - ?1 AS floor
				FROM (SELECT DISTINCT coin FROM rounds) c) f ON f.coin = r.coin
			WHERE r.scheme = 'pplns' AND f.floor > 0 OR r.scheme = 'pps' AND r.block = 0`
		if _, err := w.Exec(choose, WindowHeights); err != nil {
			return err
		}
		_, err := w.Exec(`INSERT INTO share_sums (round, height, miner, fee, difficulty, shares, blocks, last_at)
			SELECT s.round, 0, s.miner, s.fee, s.difficulty, SUM(s.shares), SUM(s.blocks), MAX(s.last_at)
			FROM flat f JOIN share_sums s ON s.round = f.round AND s.height > 0 AND s.height < f.below
			GROUP BY s.round, s.miner, s.fee, s.difficulty` + addSums)
		if err != nil {
			return err
		}
		_, err = w.Exec(`DELETE FROM share_sums WHERE height > 0 AND height < (SELECT below FROM flat WHERE round = share_sums.round)`)
		return err
	})
}
