package ledger

import (
	"database/sql"
	"fmt"
	"math/big"

	"github.com/aditmine/adit/pool/reward"
)

// rule is an invariant that one query finds the violations of: it selects the
// row and up to two values for the text.
type rule struct {
	name, where, text, query string
}

func (a *auditor) check(rules ...rule) error {
	type finding struct {
		id   int64
		x, y string
	}
	for _, r := range rules {
		found, err := collect(a.ctx, a.q, func(rows *sql.Rows) (f finding, err error) {
			return f, rows.Scan(&f.id, &f.x, &f.y)
		}, r.query)
		if err != nil {
			return err
		}
		for _, f := range found {
			a.add(r.name, fmt.Sprintf("%s %d", r.where, f.id), r.text, f.x, f.y)
		}
	}
	return nil
}

// rounds checks that rounds and blocks belong to each other.
func (a *auditor) rounds() error {
	return a.check(
		rule{"round", "block", "it is of %s, its round of %s",
			`SELECT b.id, m.coin || ' ' || b.scheme, r.coin || ' ' || r.scheme FROM blocks b JOIN miners m ON m.id = b.miner
			JOIN rounds r ON r.id = b.round WHERE r.coin <> m.coin OR r.scheme <> b.scheme`},
		rule{"round", "block", "its round %s says that block %s ended it",
			`SELECT b.id, r.id, COALESCE(CAST(r.block AS TEXT), 'none') FROM blocks b JOIN rounds r ON r.id = b.round
			WHERE b.scheme <> 'pps' AND r.block IS DISTINCT FROM b.id`},
		rule{"round", "round", "block %s ended it, which has round %s",
			`SELECT r.id, r.block, COALESCE(CAST(b.round AS TEXT), 'none') FROM rounds r LEFT JOIN blocks b ON b.id = r.block
			WHERE r.block > 0 AND b.round IS DISTINCT FROM r.id`},
		rule{"heir", "round", "its block is %s, but it has the heir %s",
			`SELECT r.id, b.state, r.heir FROM rounds r JOIN blocks b ON b.id = r.block
			WHERE r.heir IS NOT NULL AND b.state NOT IN ('refused', 'orphaned')`},
		rule{"lost round", "round", "its block is %s, but its shares went nowhere%s",
			`SELECT r.id, b.state, '' FROM rounds r JOIN blocks b ON b.id = r.block
			WHERE r.scheme = 'prop' AND r.heir IS NULL AND b.state IN ('refused', 'orphaned')
			AND NOT EXISTS (SELECT 1 FROM block_rounds p WHERE p.round = r.id)`},
		rule{"paid twice", "round", "blocks %s and %s paid for it, and neither was taken for lost",
			`SELECT x.round, x.block, y.block FROM block_rounds x JOIN block_rounds y ON y.round = x.round AND y.block > x.block
			JOIN blocks bx ON bx.id = x.block JOIN blocks b ON b.id = y.block WHERE b.restored = 0 AND bx.restored = 0`},
		rule{"paid twice", "block", "its hash %s is that of another unlocked block, %s",
			`SELECT x.id, x.hash, y.id FROM blocks x JOIN blocks y ON y.hash = x.hash AND y.id < x.id
			WHERE x.state = 'unlocked' AND y.state = 'unlocked'`},
	)
}

// shares checks that every share belongs somewhere.
func (a *auditor) shares() error {
	const query = `SELECT %s, s.round, COALESCE(r.coin, 'no round') FROM %s s JOIN miners m ON m.id = s.miner
		LEFT JOIN rounds r ON r.id = s.round WHERE r.coin IS DISTINCT FROM m.coin`
	return a.check(
		rule{"share", "share", "its round %s is of %s, not of its coin", fmt.Sprintf(query, "s.id", "shares")},
		rule{"share", "rolled-up shares of miner", "their round %s is of %s, not of their coin", fmt.Sprintf(query, "s.miner", "share_sums")},
	)
}

// settlements checks what was paid for PPS shares.
func (a *auditor) settlements() error {
	type settlement struct {
		tx, round, reward int64
		difficulty        string
	}
	list, err := collect(a.ctx, a.q, func(rows *sql.Rows) (s settlement, err error) {
		return s, rows.Scan(&s.tx, &s.round, &s.reward, &s.difficulty)
	}, `SELECT tx, round, reward, difficulty FROM settlements ORDER BY tx`)
	if err != nil {
		return err
	}
	for _, s := range list {
		where := fmt.Sprintf("transaction %d", s.tx)
		work, err := workOfRounds(a.ctx, a.q, []int64{s.round})
		if err != nil {
			return err
		}
		difficulty, ok := new(big.Int).SetString(s.difficulty, 10)
		if !ok {
			a.add("settlement", where, "its difficulty %q is not a number", s.difficulty)
			continue
		}
		split, err := reward.PerShare(uint64(s.reward), difficulty, work)
		if err != nil {
			a.add("settlement", where, "its shares cannot be priced: %v", err)
			continue
		}
		want, err := splitPostings(Fund, split)
		if err != nil {
			return err
		}
		entries, err := a.entries(`WHERE e.tx = ? ORDER BY e.account`, s.tx)
		if err != nil {
			return err
		}
		a.compare("settlement", where, entries, want)
	}
	return a.check(rule{"settlement", "transaction", "it pays PPS shares without saying which%s%s",
		`SELECT t.id, '', '' FROM transactions t WHERE t.kind = 'pps' AND NOT EXISTS (SELECT 1 FROM settlements s WHERE s.tx = t.id)`})
}
