package ledger

import (
	"context"
	"fmt"
	"time"
)

// AddBlock implements BlockStore.
func (s *DB) AddBlock(_ context.Context, b Block) (id int64, err error) {
	err = s.write(func(w *writing) error {
		id, err = s.insertBlock(w, b)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("writing block candidate %s to the ledger: %w", b.Hash, err)
	}
	return id, nil
}

func (s *DB) insertBlock(w *writing, b Block) (id int64, err error) {
	miner, err := s.minerID(w, b.Miner)
	if err != nil {
		return 0, err
	}
	key := roundKey{b.Coin, b.scheme()}
	round, err := s.liveRound(w, key, b.Found)
	if err != nil {
		return 0, err
	}
	if b.Share != nil {
		if err := s.insertShares(w, []Share{*b.Share}); err != nil {
			return 0, err
		}
	}
	const insert = `INSERT INTO blocks (miner, height, hash, parent, template, difficulty, payload, found_at, state, detail, scheme, fee, round)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?) RETURNING id`
	err = w.QueryRow(insert, miner, int64(b.Height), b.Hash, b.Parent, int64(b.Template), b.Difficulty, b.Payload,
		b.Found.UnixMilli(), string(BlockFound), string(key.scheme), b.Fee, round).Scan(&id)
	if err != nil {
		return 0, err
	}
	return id, endRound(w, key, round, id, b.Found)
}

// SettleBlock implements BlockStore.
func (s *DB) SettleBlock(_ context.Context, id int64, state BlockState, detail string, at time.Time) error {
	v := Verdict{ID: id, State: state, Detail: detail, At: at}
	err := s.write(func(w *writing) error { return s.settle(w, v) })
	if err != nil {
		return fmt.Errorf("recording the outcome of block candidate %d: %w", id, err)
	}
	return nil
}

func (s *DB) settle(w *writing, v Verdict) error {
	b, err := blockByID(w, v.ID)
	switch {
	case err != nil:
		return err
	case b.State == BlockUnlocked:
		return ErrSettled
	case v.State == BlockRefused:
		err = s.loseRound(w, b, v.At)
	default:
		err = regainRound(w, b)
	}
	if err != nil {
		return err
	}
	_, err = w.Exec(`UPDATE blocks SET state = ?, detail = ?, settled_at = ? WHERE id = ?`, string(v.State), plain(v.Detail), v.At.UnixMilli(), b.ID)
	return err
}

// ReserveExtranonces implements NonceStore.
func (s *DB) ReserveExtranonces(_ context.Context, coin string, count uint64) (first uint64, err error) {
	var next int64
	err = s.write(func(w *writing) error {
		const upsert = `INSERT INTO extranonces (coin, next) VALUES (?, ?)
			ON CONFLICT (coin) DO UPDATE SET next = extranonces.next + excluded.next RETURNING next`
		return w.QueryRow(upsert, coin, int64(count)).Scan(&next)
	})
	if err != nil {
		return 0, fmt.Errorf("reserving extra nonces of %s in the ledger: %w", coin, err)
	}
	return uint64(next) - count, nil
}
