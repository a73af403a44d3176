package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"math/big"

	"github.com/aditmine/adit/pool/reward"
)

// WindowHeights is how far back a PPLNS window reaches at most, in blocks of
// the chain: what bounds how long shares are kept apart by height.
const WindowHeights = 50_000

// blockWork is the work that the reward of a block is divided by, and the
// rounds it comes from. When nobody has any, all is the finder's. PPS blocks
// have none: they belong to the fund.
func blockWork(ctx context.Context, q querier, b Block, window *big.Int) (work []reward.Work, rounds []int64, err error) {
	switch b.Scheme {
	case reward.PPS:
		return nil, nil, nil
	case reward.PROP:
		if rounds, err = roundsPaidBy(ctx, q, b.Round); err == nil {
			work, err = workOfRounds(ctx, q, rounds)
		}
	case reward.PPLNS:
		work, err = workOfWindow(ctx, q, b, window)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("summing the work for block %d: %w", b.ID, err)
	}
	if len(work) == 0 {
		work = []reward.Work{{Login: b.Login, Fee: b.Fee, Done: big.NewInt(1)}}
	}
	return work, rounds, nil
}

// workRow is a sum of shares of one difficulty.
type workRow struct {
	height int64
	reward.Work
}

// sumRound sums the shares of a round from a height on, newest height first.
func sumRound(ctx context.Context, q querier, round, from int64) ([]workRow, error) {
	return collect(ctx, q, scanWork, `SELECT s.height, m.login, s.fee, s.difficulty, CAST(SUM(s.shares) AS BIGINT)
		FROM all_shares s JOIN miners m ON m.id = s.miner WHERE s.round = ? AND s.height >= ?
		GROUP BY s.height, m.login, s.fee, s.difficulty ORDER BY s.height DESC`, round, from)
}

func scanWork(rows *sql.Rows) (r workRow, err error) {
	var difficulty, shares int64
	err = rows.Scan(&r.height, &r.Login, &r.Fee, &difficulty, &shares)
	r.Done = new(big.Int).Mul(big.NewInt(difficulty), big.NewInt(shares))
	return r, err
}

// workOfRounds sums the shares of whole rounds.
func workOfRounds(ctx context.Context, q querier, rounds []int64) (work []reward.Work, err error) {
	all := reward.NewTally()
	for _, round := range rounds {
		rows, err := sumRound(ctx, q, round, math.MinInt64)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			all.Add(r.Work)
		}
	}
	return all.Work(), nil
}

// workOfWindow takes shares of the block's round and those before, newest
// first, a slice for each height of a round, until the window is full.
func workOfWindow(ctx context.Context, q querier, b Block, size *big.Int) ([]reward.Work, error) {
	if size == nil || size.Sign() <= 0 {
		return nil, errors.New("a PPLNS window without a size")
	}
	rounds, err := collect(ctx, q, scanInt, `SELECT id FROM rounds WHERE coin = ? AND scheme = 'pplns' AND id <= ? ORDER BY id DESC`, b.Coin, b.Round)
	if err != nil {
		return nil, err
	}
	window, from := reward.NewWindow(size), max(int64(b.Height)-WindowHeights, 1)
	for _, round := range rounds {
		rows, err := sumRound(ctx, q, round, from)
		if err != nil {
			return nil, err
		}
		if err := fill(window, rows); err != nil || window.Full() {
			return window.Work(), err
		}
	}
	return window.Work(), nil
}

// fill adds the rows of a round to a window, one height after the other.
func fill(window *reward.Window, rows []workRow) error {
	for len(rows) > 0 && !window.Full() {
		slice, height := reward.NewTally(), rows[0].height
		for len(rows) > 0 && rows[0].height == height {
			slice.Add(rows[0].Work)
			rows = rows[1:]
		}
		if err := window.Add(slice.Work()); err != nil {
			return err
		}
	}
	return nil
}
