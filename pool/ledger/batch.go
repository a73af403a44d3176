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
	// WriteBatches writes batches of one instance, in one transaction, but for
	// those that are there already. It returns a number for each batch: its
	// block's id when it has a block, else 0. When the error is none that
	// Refused reports, they may have been written or not, and are to be tried
	// again.
	WriteBatches(ctx context.Context, list []Batch) (blocks []int64, err error)
}

// ErrNoBlock: the ledger has no such block candidate.
var ErrNoBlock = errors.New("there is no block candidate")

var _ BatchStore = (*DB)(nil)

// WriteBatches implements BatchStore.
func (s *DB) WriteBatches(_ context.Context, list []Batch) (blocks []int64, err error) {
	if len(list) == 0 {
		return nil, nil
	}
	l := lockShares
	for _, b := range list {
		if b.Block != nil || b.Verdict != nil {
			l = lockRules
		}
	}
	err = s.transact(l, func(w *writing) (err error) {
		blocks, err = s.writeOnce(w, list)
		return err
	})
	if err != nil {
		first := list[0]
		return nil, fmt.Errorf("writing %d batches of instance %d, from number %d, to the ledger: %w", len(list), first.Instance, first.Number, err)
	}
	return blocks, nil
}

func (s *DB) writeOnce(w *writing, list []Batch) (blocks []int64, err error) {
	through, err := advance(w, list[len(list)-1])
	if err != nil {
		return nil, err
	}
	blocks = make([]int64, len(list))
	var shares []Share // of batches in a row that have nothing else
	for i, b := range list {
		if b.Number > through {
			shares = append(shares, b.Shares...)
		}
		if b.Block == nil && b.Verdict == nil {
			continue
		}
		if err := s.insertShares(w, shares); err != nil {
			return nil, err
		}
		shares = nil
		if blocks[i], err = s.writeBlock(w, b, b.Number > through); err != nil {
			return nil, err
		}
	}
	return blocks, s.insertShares(w, shares)
}

// writeBlock writes what a batch says of a block; of one that is there already
// it finds out the id.
func (s *DB) writeBlock(w *writing, b Batch, fresh bool) (id int64, err error) {
	switch {
	case b.Block != nil && !fresh:
		id, err = blockByHash(w, b.Block.Coin, b.Block.Hash)
	case b.Block != nil:
		id, err = s.insertBlock(w, *b.Block)
	}
	if err == nil && fresh && b.Verdict != nil {
		err = s.heed(w, *b.Verdict)
	}
	return id, err
}

// advance notes that everything up to a batch is written, and returns how far
// that had come before.
func advance(w *writing, last Batch) (through uint64, err error) {
	const begin = `INSERT INTO spools (spool, through) VALUES (?, 0)
		ON CONFLICT (spool) DO UPDATE SET through = spools.through RETURNING through`
	spool := strconv.FormatUint(last.Instance, 10)
	var before int64
	if err := w.QueryRow(begin, spool).Scan(&before); err != nil {
		return 0, err
	}
	if through = uint64(before); last.Number <= through {
		return through, nil
	}
	_, err = w.Exec(`UPDATE spools SET through = ? WHERE spool = ?`, int64(last.Number), spool)
	return through, err
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
