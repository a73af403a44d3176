package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"github.com/aditmine/adit/pool/reward"
)

// HistoryPoint is how a coin's pool did at one moment: a point of the charts.
type HistoryPoint struct {
	Coin       string
	At         time.Time
	Hashrate   uint64 // hashes a second
	Miners     int    // logins with an open session
	Workers    int    // open sessions
	Difficulty uint64 // of the network, at most 63 bits
}

// RoundWork is the work of all shares of a round, as far as a float tells.
type RoundWork struct {
	Round  int64
	Coin   string
	Scheme reward.Scheme
	Live   bool // no block has ended it yet
	Shares uint64
	Work   float64
}

// BlockCount is how many candidates of a coin and scheme are in a state.
type BlockCount struct {
	Coin   string
	Scheme reward.Scheme
	State  BlockState
	Count  int
}

// AddHistory keeps points, and forgets those of their coins from before a
// moment. A point that is there already stays as it is.
func (s *DB) AddHistory(_ context.Context, points []HistoryPoint, before time.Time) error {
	err := s.transact(lockShares, func(w *writing) error {
		for _, p := range points {
			const insert = `INSERT INTO history (coin, at, hashrate, miners, workers, difficulty) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
			_, err := w.Exec(insert, p.Coin, p.At.UnixMilli(), int64(min(p.Hashrate, math.MaxInt64)), p.Miners, p.Workers, int64(min(p.Difficulty, math.MaxInt64)))
			if err != nil {
				return err
			}
			if _, err := w.Exec(`DELETE FROM history WHERE coin = ? AND at < ?`, p.Coin, before.UnixMilli()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("adding to the ledger's history: %w", err)
	}
	return nil
}

// History implements Reader.
func (r *reader) History(ctx context.Context, since time.Time) ([]HistoryPoint, error) {
	list, err := collect(ctx, r.q(), func(rows *sql.Rows) (p HistoryPoint, err error) {
		var at, rate, difficulty int64
		err = rows.Scan(&p.Coin, &at, &rate, &p.Miners, &p.Workers, &difficulty)
		p.At, p.Hashrate, p.Difficulty = time.UnixMilli(at), uint64(rate), uint64(difficulty)
		return p, err
	}, `SELECT coin, at, hashrate, miners, workers, difficulty FROM history WHERE at >= ? ORDER BY at`, since.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("reading the ledger's history: %w", err)
	}
	return list, nil
}

// RoundWork implements Reader.
func (r *reader) RoundWork(ctx context.Context, newest int) ([]RoundWork, error) {
	list, err := collect(ctx, r.q(), func(rows *sql.Rows) (w RoundWork, err error) {
		var live, shares int64
		err = rows.Scan(&w.Round, &w.Coin, &w.Scheme, &live, &shares, &w.Work)
		w.Live, w.Shares = live == 1, uint64(shares)
		return w, err
	}, `SELECT r.id, r.coin, r.scheme, CASE WHEN r.block IS NULL THEN 1 ELSE 0 END,
			CAST(SUM(s.shares) AS BIGINT), SUM(CAST(s.difficulty AS DOUBLE PRECISION) * s.shares)
		FROM rounds r JOIN all_shares s ON s.round = r.id
		WHERE r.block IS NULL OR (r.block > 0 AND r.id > (SELECT MAX(id) FROM rounds) - ?)
		GROUP BY r.id, r.coin, r.scheme, r.block ORDER BY r.id DESC`, newest)
	if err != nil {
		return nil, fmt.Errorf("summing the work of the ledger's rounds: %w", err)
	}
	return list, nil
}

// BlocksBefore implements Reader.
func (r *reader) BlocksBefore(ctx context.Context, coin string, id int64, limit int) ([]Block, error) {
	if id <= 0 {
		id = math.MaxInt64
	}
	rest, args := `WHERE b.id < ? ORDER BY b.id DESC LIMIT ?`, []any{id, limit}
	if coin != "" {
		rest, args = `WHERE m.coin = ? AND b.id < ? ORDER BY b.id DESC LIMIT ?`, []any{coin, id, limit}
	}
	blocks, err := selectBlocks(ctx, r.q(), `''`, rest, args...)
	if err != nil {
		return nil, fmt.Errorf("listing the ledger's blocks: %w", err)
	}
	return blocks, nil
}

// BlockCounts implements Reader.
func (r *reader) BlockCounts(ctx context.Context) ([]BlockCount, error) {
	list, err := collect(ctx, r.q(), func(rows *sql.Rows) (c BlockCount, err error) {
		return c, rows.Scan(&c.Coin, &c.Scheme, &c.State, &c.Count)
	}, `SELECT m.coin, b.scheme, b.state, COUNT(*) FROM blocks b JOIN miners m ON m.id = b.miner
		GROUP BY m.coin, b.scheme, b.state ORDER BY m.coin, b.scheme, b.state`)
	if err != nil {
		return nil, fmt.Errorf("counting the ledger's blocks: %w", err)
	}
	return list, nil
}
