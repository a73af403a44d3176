package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Batch is something to be written to the ledger once, however often it is
// tried: shares, a block candidate, or what became of one.
type Batch struct {
	// Instance is the epoch of the process it comes from, Number counts that
	// process's batches from 1. Batches are written in the order of their
	// numbers.
	Instance, Number uint64

	Shares  []Share  `json:",omitempty"`
	Block   *Block   `json:",omitempty"`
	Verdict *Verdict `json:",omitempty"`
}

// Verdict is what the node said of a block candidate; see SettleBlock. The
// candidate is told by its ID or, where that is 0, by coin and hash.
type Verdict struct {
	ID         int64
	Coin, Hash string
	State      BlockState
	Detail     string
	At         time.Time
}

// BatchStore writes batches.
type BatchStore interface {
	// WriteBatch writes a batch, unless it, or a later one of its instance, is
	// there already. It returns the block's id when there is a block. When the
	// error is none that Refused reports, it may have been written or not, and
	// is to be tried again.
	WriteBatch(ctx context.Context, b Batch) (block int64, err error)
}

// ErrNoBlock: the ledger has no such block candidate.
var ErrNoBlock = errors.New("there is no block candidate")

var _ BatchStore = (*DB)(nil)

// WriteBatch implements BatchStore.
func (s *DB) WriteBatch(_ context.Context, b Batch) (block int64, err error) {
	l := lockShares
	if b.Block != nil || b.Verdict != nil {
		l = lockRules
	}
	err = s.transact(l, func(w *writing) (err error) {
		block, err = s.writeOnce(w, b)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("writing batch %d of instance %d to the ledger: %w", b.Number, b.Instance, err)
	}
	return block, nil
}

func (s *DB) writeOnce(w *writing, b Batch) (block int64, err error) {
	fresh, err := advance(w, b)
	switch {
	case err != nil:
		return 0, err
	case !fresh && b.Block != nil:
		return blockByHash(w, b.Block.Coin, b.Block.Hash)
	case !fresh:
		return 0, nil
	}
	if len(b.Shares) > 0 {
		if err := s.insertShares(w, b.Shares); err != nil {
			return 0, err
		}
	}
	if b.Block != nil {
		if block, err = s.insertBlock(w, *b.Block); err != nil {
			return 0, err
		}
	}
	if b.Verdict != nil {
		return block, s.heed(w, *b.Verdict)
	}
	return block, nil
}

// advance marks a batch as written. It reports false when it was already.
func advance(w *writing, b Batch) (fresh bool, err error) {
	const upsert = `INSERT INTO spools (spool, through) VALUES (?, ?)
		ON CONFLICT (spool) DO UPDATE SET through = excluded.through WHERE spools.through < excluded.through RETURNING through`
	var through int64
	err = w.QueryRow(upsert, strconv.FormatUint(b.Instance, 10), int64(b.Number)).Scan(&through)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// heed records a verdict. What the chain has decided meanwhile stands.
func (s *DB) heed(w *writing, v Verdict) (err error) {
	if v.ID == 0 {
		if v.ID, err = blockByHash(w, v.Coin, v.Hash); err != nil {
			return err
		}
	}
	err = s.settle(w, v)
	if errors.Is(err, ErrSettled) {
		return nil
	}
	return err
}

// blockByHash finds the newest candidate of a coin with a block id.
func blockByHash(w *writing, coin, hash string) (id int64, err error) {
	const query = `SELECT b.id FROM blocks b JOIN miners m ON m.id = b.miner WHERE m.coin = ? AND b.hash = ? ORDER BY b.id DESC LIMIT 1`
	err = w.QueryRow(query, coin, hash).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("%w %s of %s", ErrNoBlock, hash, coin)
	}
	return id, err
}
