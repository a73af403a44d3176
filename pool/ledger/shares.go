package ledger

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// ErrBadShare: a share that no ledger can hold. Nothing of its batch is written.
var ErrBadShare = errors.New("the share cannot be written down")

// AppendShares implements ShareStore.
func (s *DB) AppendShares(shares []Share) error {
	if err := s.transact(lockShares, func(w *writing) error { return s.insertShares(w, shares) }); err != nil {
		return fmt.Errorf("writing %d shares to the ledger: %w", len(shares), err)
	}
	return nil
}

// Check reports with ErrBadShare what no ledger would take.
func (sh *Share) Check() error {
	if sh.Difficulty == 0 || sh.Difficulty > math.MaxInt64 {
		return fmt.Errorf("%w: its difficulty is %d, not 1 to 2^63-1", ErrBadShare, sh.Difficulty)
	}
	return nil
}

func (s *DB) insertShares(w *writing, shares []Share) error {
	if len(shares) == 0 {
		return nil
	}
	for i := range shares {
		if err := shares[i].Check(); err != nil {
			return err
		}
	}
	miners, err := s.minerIDs(w, shares)
	if err != nil {
		return err
	}
	rounds, err := s.liveRounds(w, shares)
	if err != nil {
		return err
	}
	rows := make([]shareRow, len(shares))
	for i, sh := range shares {
		rows[i] = shareRow{
			miner: miners[sh.Miner], round: rounds[roundKey{sh.Coin, sh.scheme()}], fee: int64(sh.Fee),
			session: int64(sh.Session), template: int64(sh.Template), height: int64(sh.Height), difficulty: int64(sh.Difficulty),
			at: sh.Time.UnixMilli(), block: oneIf(sh.Block),
		}
	}
	return s.dialect.insertShares(w.session, rows)
}

func oneIf(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// minerIDs finds or makes the rows of the shares' miners. New ones are made in
// one order, so that two writers do not wait for each other.
func (s *DB) minerIDs(w *writing, shares []Share) (map[Miner]int64, error) {
	ids := make(map[Miner]int64)
	for i := range shares {
		ids[shares[i].Miner] = 0
	}
	for _, m := range slices.SortedFunc(maps.Keys(ids), compareMiners) {
		id, err := s.minerID(w, m)
		if err != nil {
			return nil, err
		}
		ids[m] = id
	}
	return ids, nil
}

func compareMiners(a, b Miner) int {
	return cmp.Or(cmp.Compare(a.Coin, b.Coin), cmp.Compare(a.Login, b.Login), cmp.Compare(a.Worker, b.Worker), cmp.Compare(a.Rig, b.Rig))
}

// knownMiner looks m up among those of earlier transactions.
func (s *DB) knownMiner(m Miner) (id int64, ok bool) {
	if s.shared() {
		s.mu.Lock()
		defer s.mu.Unlock()
	}
	id, ok = s.miners[m]
	return id, ok
}

// minerID finds or makes the row of m.
func (s *DB) minerID(w *writing, m Miner) (int64, error) {
	if id, ok := s.knownMiner(m); ok {
		return id, nil
	}
	if id, ok := w.miners[m]; ok {
		return id, nil
	}
	const (
		add  = `INSERT INTO miners (coin, login, worker, rig) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`
		find = `SELECT id FROM miners WHERE coin = ? AND login = ? AND worker = ? AND rig = ?`
	)
	name := []any{plain(m.Coin), plain(m.Login), plain(m.Worker), plain(m.Rig)}
	id, err := addOrFind(w, add, name, find, name)
	if err != nil {
		return 0, err
	}
	w.miners[m] = id
	return id, nil
}

// addOrFind adds a row, or finds the one that is there already, and returns its
// id. That one is not locked: in PostgreSQL, two writers whose shares belong to
// each other's miners would wait for each other for ever.
func addOrFind(w *writing, add string, values []any, find string, key []any) (id int64, err error) {
	err = w.QueryRow(add, values...).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = w.QueryRow(find, key...).Scan(&id)
	}
	return id, err
}

// plain is text that every database takes: PostgreSQL has neither zero bytes
// nor what is not UTF-8, and one such name would refuse everybody's shares.
func plain(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// liveRounds finds or opens the rounds of shares, in one order.
func (s *DB) liveRounds(w *writing, shares []Share) (map[roundKey]int64, error) {
	first := make(map[roundKey]*Share)
	for i := range shares {
		key := roundKey{shares[i].Coin, shares[i].scheme()}
		if first[key] == nil {
			first[key] = &shares[i]
		}
	}
	ids := make(map[roundKey]int64, len(first))
	for _, key := range slices.SortedFunc(maps.Keys(first), compareRounds) {
		id, err := s.liveRound(w, key, first[key].Time)
		if err != nil {
			return nil, err
		}
		ids[key] = id
	}
	return ids, nil
}
