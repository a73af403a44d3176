package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/aditmine/adit/pool/reward"
)

// roundKey is whose live round is meant.
type roundKey struct {
	coin   string
	scheme reward.Scheme
}

func compareRounds(a, b roundKey) int {
	return cmp.Or(cmp.Compare(a.coin, b.coin), cmp.Compare(a.scheme, b.scheme))
}

// liveRound finds or opens the round that new shares belong to.
func (s *DB) liveRound(w *writing, key roundKey, at time.Time) (id int64, err error) {
	if id, ok := w.rounds[key]; ok {
		return id, nil
	}
	if !s.shared() {
		if id, ok := s.rounds[key]; ok {
			return id, nil
		}
	}
	err = w.QueryRow(findRound, key.coin, string(key.scheme)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return openRound(w, key, at)
	}
	w.rounds[key] = id
	return id, err
}

// findRound finds the live round of a coin and scheme.
const findRound = `SELECT id FROM rounds WHERE coin = ? AND scheme = ? AND block IS NULL`

// openRound opens a round, unless another process does so in this moment.
func openRound(w *writing, key roundKey, at time.Time) (id int64, err error) {
	const add = `INSERT INTO rounds (coin, scheme, opened_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`
	id, err = addOrFind(w, add, []any{key.coin, string(key.scheme), at.UnixMilli()}, findRound, []any{key.coin, string(key.scheme)})
	w.rounds[key] = id
	return id, err
}

// endRound closes a round by a block and opens the next. PPS has one round
// that no block ends: its shares are paid for by settlements.
func endRound(w *writing, key roundKey, round, block int64, at time.Time) error {
	if key.scheme == reward.PPS {
		return nil
	}
	if _, err := w.Exec(`UPDATE rounds SET block = ? WHERE id = ?`, block, round); err != nil {
		return err
	}
	_, err := openRound(w, key, at)
	return err
}

// loseRound gives the shares of a lost PROP block to the live round. The other
// schemes do not need that: a PPLNS window reaches across lost blocks, a SOLO
// round has no worth of its own, and PPS shares are paid anyway. Nor does a round
// that has been paid already, by the block that inherited it for a while.
func (s *DB) loseRound(w *writing, b Block, at time.Time) error {
	if b.Scheme != reward.PROP {
		return nil
	}
	live, err := s.liveRound(w, roundKey{b.Coin, b.Scheme}, at)
	if err != nil {
		return err
	}
	_, err = w.Exec(`UPDATE rounds SET heir = ? WHERE id = ? AND heir IS NULL
		AND NOT EXISTS (SELECT 1 FROM block_rounds WHERE round = rounds.id)`, live, b.Round)
	return err
}

// regainRound takes back what loseRound did, when a lost block turns out to
// be in the chain after all, and marks it. If the heir's block has been
// unlocked meanwhile it keeps what it paid: the shares are then paid by both
// blocks.
func regainRound(w *writing, b Block) error {
	if b.State != BlockRefused && b.State != BlockOrphaned {
		return nil
	}
	if _, err := w.Exec(`UPDATE rounds SET heir = NULL WHERE id = ?`, b.Round); err != nil {
		return err
	}
	_, err := w.Exec(`UPDATE blocks SET restored = 1 WHERE id = ?`, b.ID)
	return err
}

// roundsPaidBy lists the rounds whose shares a PROP block of a round pays for:
// that one, and those that it inherited.
func roundsPaidBy(ctx context.Context, q querier, round int64) ([]int64, error) {
	list, err := collect(ctx, q, scanInt, `WITH RECURSIVE part (id) AS (
		VALUES (CAST(? AS BIGINT)) UNION SELECT r.id FROM rounds r JOIN part ON r.heir = part.id) SELECT id FROM part ORDER BY id`, round)
	if err != nil {
		return nil, fmt.Errorf("following rounds: %w", err)
	}
	return list, nil
}

func scanInt(rows *sql.Rows) (n int64, err error) { return n, rows.Scan(&n) }
